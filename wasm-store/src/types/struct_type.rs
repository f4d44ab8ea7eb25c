//! The type of a structure.

use std::fmt;
use std::sync::Arc;

use wasm_types as wt;

use super::field_type::FieldType;
use super::finality::{Finality, check_supertype};
use super::identity::identity;
use super::named::{Name, Named};
use super::registry::Canonical;
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::Gate;
use crate::vm::StructTypeRecord;

/// How many fields a structure may have, as in other engines.
const MAX_FIELDS: usize = 10_000;

/// The type of a structure: its fields, and its place below its supertypes.
///
/// Structure types belong to an engine, which keeps one record of each.
///
/// ```
/// use wasm_store::{Engine, FieldType, Finality, Mutability, StorageType, StructType, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let x = FieldType::new(Mutability::Var, StorageType::from(ValType::I32));
/// let open = Finality::NonFinal;
/// let point = StructType::with_finality_and_supertype(&engine, open, None, [x.clone()])?;
/// let y = FieldType::new(Mutability::Const, StorageType::I8);
/// let more = StructType::with_finality_and_supertype(
///     &engine, Finality::Final, Some(&point), [x, y],
/// )?;
/// assert!(more.matches(&point) && !point.matches(&more));
/// assert_eq!(more.to_string(), "(struct (field (mut i32)) (field i8))");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct StructType {
    engine: Engine,
    record: Arc<StructTypeRecord>,
}

impl StructType {
    /// The final type of a structure with the given fields and no supertype.
    ///
    /// # Errors
    ///
    /// If there are more than 10 000 fields.
    ///
    /// # Panics
    ///
    /// If a field names a type of another engine.
    pub fn new(engine: &Engine, fields: impl IntoIterator<Item = FieldType>) -> Result<Self> {
        Self::with_finality_and_supertype(engine, Finality::Final, None, fields)
    }

    /// The type of a structure with the given fields, and its place below its supertypes.
    ///
    /// # Errors
    ///
    /// If there are more than 10 000 fields. If the supertype is final, or one of its fields is not
    /// matched by the field at the same place, or it is the 64th above the type.
    ///
    /// # Panics
    ///
    /// If the supertype, or a type that a field names, is of another engine.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&Self>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<Self> {
        let fields: Vec<FieldType> = fields.into_iter().take(MAX_FIELDS + 1).collect();
        crate::ensure!(
            fields.len() <= MAX_FIELDS,
            "a structure may have {MAX_FIELDS} fields, and this one has more"
        );
        fields.iter().for_each(|field| engine.demand(field));
        if let Some(supertype) = supertype {
            let matches = || {
                engine.demand(supertype);
                fields.len() >= supertype.fields().len()
                    && fields.iter().zip(supertype.fields()).all(|(a, b)| a.matches(&b))
            };
            let found = Fields(&fields);
            check_supertype(engine, supertype, supertype.finality(), matches, &found)?;
        }
        let ty = wt::SubType {
            is_final: finality.is_final(),
            supertype: supertype.map(|supertype| wt::TypeIndex::new(supertype.id())),
            composite: wt::CompositeType::Struct(wt::StructType {
                fields: fields.iter().map(FieldType::canonical).collect(),
            }),
        };
        match engine.types().register_type(ty)? {
            Canonical::Struct(record) => Ok(Self::from_record(engine, record)),
            _ => unreachable!("the type of a structure was registered"),
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
            Canonical::Struct(record) => Some(Self::from_record(&self.engine, record)),
            _ => None,
        }
    }

    /// A field by its place.
    pub fn field(&self, i: usize) -> Option<FieldType> {
        let field = self.record.ty.fields.get(i)?;
        Some(FieldType::from_canonical(&self.engine, *field))
    }

    /// The fields, in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldType> + '_ {
        self.record.ty.fields.iter().map(|ty| FieldType::from_canonical(&self.engine, *ty))
    }

    /// Whether the type is the other, or was declared as a subtype of it, directly or through other
    /// types.
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    pub fn matches(&self, other: &StructType) -> bool {
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
    pub fn eq(a: &StructType, b: &StructType) -> bool {
        a.engine.demand(b);
        a == b
    }

    pub(crate) fn from_record(engine: &Engine, record: Arc<StructTypeRecord>) -> Self {
        Self { engine: engine.clone(), record }
    }

    /// The engine's record of the type.
    pub(crate) fn record(&self) -> &Arc<StructTypeRecord> {
        &self.record
    }

    pub(super) fn id(&self) -> u32 {
        self.record.head.id
    }
}

identity!(StructType);

impl StructType {
    /// Writes the name of the type, or what it is if it has none.
    pub(super) fn fmt_short(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine.types().name(self.id()) {
            Some(name) => write!(f, "{}", Name(&name)),
            None => fmt::Display::fmt(self, f),
        }
    }
}

impl fmt::Display for StructType {
    /// Writes the type as in the text format: `(struct (field i8) (field (mut i32)))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Named::new(self.engine.types(), &self.record.ty))
    }
}

/// Fields that have no type yet, for messages.
struct Fields<'a>(&'a [FieldType]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wt::StructType { fields: self.0.iter().map(FieldType::canonical).collect() }.fmt(f)
    }
}
