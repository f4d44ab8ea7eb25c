//! Types as messages show them: where they refer to a type of a module, with the name that the
//! module's name section has for it.
//!
//! Equal types are one type, whatever modules they come from; the first name is kept.

use std::fmt::{self, Display, Formatter};

use wasm_types as wt;

use super::registry::TypeRegistry;

/// A type of an engine, to be shown.
pub(super) struct Named<'a, T>(pub(super) &'a TypeRegistry, pub(super) T);

/// The name of a type as in the text format.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "${}", wt::Escaped::new(self.0))
    }
}

impl Display for Named<'_, wt::ValType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let wt::ValType::Ref(ty) = self.1 else { return self.1.fmt(f) };
        let wt::HeapType::Concrete(id, _) = ty.heap else { return ty.fmt(f) };
        match (self.0.name(id.as_u32()), ty.nullable) {
            (None, _) => ty.fmt(f),
            (Some(name), true) => write!(f, "(ref null {})", Name(&name)),
            (Some(name), false) => write!(f, "(ref {})", Name(&name)),
        }
    }
}

impl Display for Named<'_, wt::FieldType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            wt::FieldType { storage: wt::StorageType::Val(ty), mutable: true } => {
                write!(f, "(mut {})", Named(self.0, ty))
            }
            wt::FieldType { storage: wt::StorageType::Val(ty), mutable: false } => {
                Named(self.0, ty).fmt(f)
            }
            packed => packed.fmt(f),
        }
    }
}

impl Display for Named<'_, &wt::FuncType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(func")?;
        for (keyword, list) in [("param", self.1.params()), ("result", self.1.results())] {
            if !list.is_empty() {
                write!(f, " ({keyword}")?;
                list.iter().try_for_each(|ty| write!(f, " {}", Named(self.0, *ty)))?;
                f.write_str(")")?;
            }
        }
        f.write_str(")")
    }
}

impl Display for Named<'_, &wt::StructType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(struct")?;
        let mut fields = self.1.fields.iter();
        fields.try_for_each(|field| write!(f, " (field {})", Named(self.0, *field)))?;
        f.write_str(")")
    }
}

impl Display for Named<'_, wt::ContType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.name(self.1.0.as_u32()) {
            Some(name) => write!(f, "(cont {})", Name(&name)),
            None => self.1.fmt(f),
        }
    }
}

impl Display for Named<'_, &wt::ArrayType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(array {})", Named(self.0, self.1.0))
    }
}
