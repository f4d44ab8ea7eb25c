//! The types of tags.

use std::fmt;

use super::func_type::FuncType;
use crate::engine::Engine;

/// The type of a tag (Wasm 3.0, section 2.3.11): a function type, whose parameters are the types of
/// the values that exceptions of the tag carry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TagType {
    ty: FuncType,
}

impl TagType {
    /// The type of tags whose exceptions carry the parameters of a function type. Tags of a type
    /// with results exist, but no module can throw exceptions of them.
    pub fn new(ty: FuncType) -> Self {
        Self { ty }
    }

    /// The function type.
    pub fn ty(&self) -> &FuncType {
        &self.ty
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.ty.engine()
    }
}

/// As in the text format.
impl fmt::Display for TagType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(tag")?;
        if self.ty.params().len() > 0 {
            f.write_str(" (param")?;
            for ty in self.ty.params() {
                write!(f, " {ty}")?;
            }
            f.write_str(")")?;
        }
        f.write_str(")")
    }
}
