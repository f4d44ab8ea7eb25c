//! Types as messages show them: where they refer to a type of a module, with the name that the
//! module's name section has for it. One without a name is shown as what it is, but not with all
//! that it refers to in turn: that can be itself.
//!
//! Equal types are one type, whatever modules they come from; the first name is kept.

use std::fmt::{self, Display, Formatter};

use wasm_types as wt;

use super::registry::{Canonical, TypeRegistry};

/// A type of an engine, to be shown.
pub(crate) struct Named<'a, T> {
    types: &'a TypeRegistry,
    shown: T,
    /// Whether it stands for a type that has no name.
    in_place: bool,
}

impl<'a, T> Named<'a, T> {
    pub(crate) fn new(types: &'a TypeRegistry, shown: T) -> Self {
        Self { types, shown, in_place: false }
    }

    /// A part of the type.
    fn part<U>(&self, shown: U) -> Named<'a, U> {
        Named { types: self.types, shown, in_place: self.in_place }
    }
}

/// The name of a type as in the text format.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "${}", wt::Escaped::new(self.0))
    }
}

/// A type that another one refers to.
struct Referent(wt::TypeIndex, wt::TypeKind);

impl Display for Named<'_, Referent> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Referent(id, kind) = self.shown;
        if let Some(name) = self.types.name(id.as_u32()) {
            return Name(&name).fmt(f);
        }
        if self.in_place {
            return f.write_str(match kind {
                wt::TypeKind::Func => "(func …)",
                wt::TypeKind::Struct => "(struct …)",
                wt::TypeKind::Array => "(array …)",
                wt::TypeKind::Cont => "(cont …)",
            });
        }
        let (types, in_place) = (self.types, true);
        match types.get(id.as_u32()) {
            Some(Canonical::Func(it)) => Named { types, shown: &it.ty, in_place }.fmt(f),
            Some(Canonical::Struct(it)) => Named { types, shown: &it.ty, in_place }.fmt(f),
            Some(Canonical::Array(it)) => Named { types, shown: &it.ty, in_place }.fmt(f),
            Some(Canonical::Cont(it)) => Named { types, shown: it.ty, in_place }.fmt(f),
            None => id.fmt(f),
        }
    }
}

impl Display for Named<'_, wt::ValType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let wt::ValType::Ref(ty) = self.shown else { return self.shown.fmt(f) };
        let wt::HeapType::Concrete(id, kind) = ty.heap else { return ty.fmt(f) };
        let null = if ty.nullable { "null " } else { "" };
        write!(f, "(ref {null}{})", self.part(Referent(id, kind)))
    }
}

impl Display for Named<'_, wt::FieldType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.shown {
            wt::FieldType { storage: wt::StorageType::Val(ty), mutable: true } => {
                write!(f, "(mut {})", self.part(ty))
            }
            wt::FieldType { storage: wt::StorageType::Val(ty), mutable: false } => {
                self.part(ty).fmt(f)
            }
            packed => packed.fmt(f),
        }
    }
}

impl Display for Named<'_, &wt::FuncType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(func")?;
        for (keyword, list) in [("param", self.shown.params()), ("result", self.shown.results())] {
            if !list.is_empty() {
                write!(f, " ({keyword}")?;
                list.iter().try_for_each(|ty| write!(f, " {}", self.part(*ty)))?;
                f.write_str(")")?;
            }
        }
        f.write_str(")")
    }
}

impl Display for Named<'_, &wt::StructType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(struct")?;
        let mut fields = self.shown.fields.iter();
        fields.try_for_each(|field| write!(f, " (field {})", self.part(*field)))?;
        f.write_str(")")
    }
}

impl Display for Named<'_, wt::ContType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(cont {})", self.part(Referent(self.shown.0, wt::TypeKind::Func)))
    }
}

impl Display for Named<'_, &wt::ArrayType> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(array {})", self.part(self.shown.0))
    }
}
