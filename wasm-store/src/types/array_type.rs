//! The type of an array.

use std::fmt;
use std::sync::Arc;

use wasm_types as wt;

use super::Mutability;
use super::field_type::{FieldType, StorageType};
use super::finality::{Finality, check_supertype};
use super::identity::identity;
use super::named::{Name, Named};
use super::registry::Canonical;
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::Gate;
use crate::vm::ArrayTypeRecord;

/// The type of an array: what its elements are, and its place below its supertypes.
///
/// Array types belong to an engine, which keeps one record of each.
#[derive(Clone)]
pub struct ArrayType {
    engine: Engine,
    record: Arc<ArrayTypeRecord>,
}

impl ArrayType {
    /// The final type of an array with the given elements and no supertype.
    ///
    /// # Panics
    ///
    /// If the elements name a type of another engine.
    pub fn new(engine: &Engine, field_type: FieldType) -> Self {
        Self::with_finality_and_supertype(engine, Finality::Final, None, field_type)
            .expect("an engine has room for more types")
    }

    /// The type of an array with the given elements, and its place below its supertypes.
    ///
    /// # Errors
    ///
    /// If the supertype is final, its elements are not matched, or it is the 64th above the type.
    ///
    /// # Panics
    ///
    /// If the supertype, or a type that the elements name, is of another engine.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&Self>,
        field_type: FieldType,
    ) -> Result<Self> {
        engine.demand(&field_type);
        let array = wt::ArrayType(field_type.canonical());
        if let Some(supertype) = supertype {
            let matches = || field_type.matches(&supertype.field_type());
            check_supertype(engine, supertype, supertype.finality(), matches, &array)?;
        }
        let ty = wt::SubType {
            is_final: finality.is_final(),
            supertype: supertype.map(|supertype| wt::TypeIndex::new(supertype.id())),
            composite: wt::CompositeType::Array(array),
        };
        match engine.types().register_type(ty)? {
            Canonical::Array(record) => Ok(Self::from_record(engine, record)),
            _ => unreachable!("the type of an array was registered"),
        }
    }

    /// The engine that the type belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether it may have subtypes.
    pub fn finality(&self) -> Finality {
        Finality::of(self.record.head.is_final)
    }

    /// The supertype that it was declared with.
    pub fn supertype(&self) -> Option<Self> {
        match self.engine.types().get(self.record.head.supertype()?)? {
            Canonical::Array(record) => Some(Self::from_record(&self.engine, record)),
            _ => None,
        }
    }

    /// What the elements are, and whether they can be set.
    pub fn field_type(&self) -> FieldType {
        FieldType::from_canonical(&self.engine, self.record.ty.0)
    }

    /// Whether the elements can be set.
    pub fn mutability(&self) -> Mutability {
        self.field_type().mutability()
    }

    /// What the elements are.
    pub fn element_type(&self) -> StorageType {
        self.field_type().element_type().clone()
    }

    /// Whether the type is the other, or was declared as a subtype of it, directly or through other
    /// types.
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    pub fn matches(&self, other: &ArrayType) -> bool {
        self.engine.demand(other);
        self.record.head.is_subtype_of(&other.record.head)
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &ArrayType, b: &ArrayType) -> bool {
        a.engine.demand(b);
        a == b
    }

    pub(crate) fn from_record(engine: &Engine, record: Arc<ArrayTypeRecord>) -> Self {
        Self { engine: engine.clone(), record }
    }

    /// The engine's record of the type.
    pub(crate) fn record(&self) -> &Arc<ArrayTypeRecord> {
        &self.record
    }

    pub(super) fn id(&self) -> u32 {
        self.record.head.id
    }
}

identity!(ArrayType);

impl ArrayType {
    /// Writes the name of the type, or what it is if it has none.
    pub(super) fn fmt_short(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine.types().name(self.id()) {
            Some(name) => write!(f, "{}", Name(&name)),
            None => fmt::Display::fmt(self, f),
        }
    }
}

impl fmt::Display for ArrayType {
    /// Writes the type as in the text format: `(array (mut i8))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Named::new(self.engine.types(), &self.record.ty))
    }
}
