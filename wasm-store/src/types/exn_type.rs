//! The types of exceptions.

use std::fmt;

use super::entity::Mutability;
use super::field_type::{FieldType, StorageType};
use super::func_type::FuncType;
use super::tag_type::TagType;
use super::value::ValType;
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::Gate;

/// The type of exceptions: that of the tags that they may have, whose parameters are the values
/// that they carry. Wasm has no names for such types: there all references to exceptions are of one
/// type, [`HeapType::Exn`](crate::HeapType::Exn).
///
/// ```
/// use wasm_store::{Engine, ExnType, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let ty = ExnType::new(&Engine::default(), [ValType::I32, ValType::I64])?;
/// assert_eq!(ty.fields().len(), 2);
/// assert_eq!(ExnType::from_tag_type(&ty.tag_type())?, ty);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ExnType {
    ty: FuncType,
}

impl ExnType {
    /// The type of exceptions with the given values.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If a value's type names a type of another engine.
    pub fn new(engine: &Engine, fields: impl IntoIterator<Item = ValType>) -> Result<Self> {
        Ok(Self { ty: FuncType::new(engine, fields, []) })
    }

    /// The type of the exceptions of tags.
    ///
    /// # Errors
    ///
    /// If the type of the tags has results: there are no such exceptions.
    pub fn from_tag_type(tag: &TagType) -> Result<Self> {
        crate::ensure!(
            tag.ty().results().len() == 0,
            "there are no exceptions of tags whose type has results: `{}`",
            tag.ty()
        );
        Ok(Self { ty: tag.ty().clone() })
    }

    /// The type of their tags.
    pub fn tag_type(&self) -> TagType {
        TagType::new(self.ty.clone())
    }

    /// The type of one of the values.
    pub fn field(&self, index: usize) -> Option<FieldType> {
        self.fields().nth(index)
    }

    /// The types of the values, as fields that don't change.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldType> + '_ {
        self.ty.params().map(|ty| FieldType::new(Mutability::Const, StorageType::ValType(ty)))
    }

    /// The engine that the type belongs to.
    pub fn engine(&self) -> &Engine {
        self.ty.engine()
    }

    /// Whether exceptions of this type are also of the other one: only if they are the same.
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    pub fn matches(&self, other: &ExnType) -> bool {
        self.engine().demand(other);
        self == other
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &ExnType, b: &ExnType) -> bool {
        a.matches(b)
    }

    /// The canonical id of the function type.
    pub(crate) fn id(&self) -> u32 {
        self.ty.id()
    }
}

/// As the text format writes a structure.
impl fmt::Display for ExnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(exn")?;
        for ty in self.ty.params() {
            write!(f, " (field {ty})")?;
        }
        f.write_str(")")
    }
}
