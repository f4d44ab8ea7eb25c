//! The type of a function.

use std::fmt;
use std::sync::Arc;

use wasm_types as wt;

use super::finality::{Finality, check_supertype};
use super::identity::identity;
use super::matching;
use super::named::{Name, Named};
use super::registry::Canonical;
use super::value::ValType;
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::Gate;
use crate::vm::FuncTypeRecord;

/// The type of a function: its parameters and its results, and its place below its supertypes.
///
/// Function types belong to an engine, which keeps one record of each. Two of them are compared by
/// comparing two numbers.
#[derive(Clone)]
pub struct FuncType {
    engine: Engine,
    record: Arc<FuncTypeRecord>,
}

impl FuncType {
    /// The final function type with the given parameters and results, and no supertype.
    ///
    /// # Panics
    ///
    /// If one of them holds a type of another engine.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Self {
        let ty = demand_all(engine, params, results);
        Self::from_record(engine, engine.types().register_func(ty))
    }

    /// The function type with the given parameters and results, and its place below its supertypes.
    ///
    /// # Errors
    ///
    /// If the supertype is final, is not [matched](Self::matches), or is the 64th above the type.
    ///
    /// # Panics
    ///
    /// If the supertype, or a type that a parameter or result names, is of another engine.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&Self>,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Result<Self> {
        let ty = demand_all(engine, params, results);
        if let Some(supertype) = supertype {
            let matches = || matches(engine, &ty, &supertype.record.ty);
            check_supertype(engine, supertype, supertype.finality(), matches, &ty)?;
        }
        let ty = wt::SubType {
            is_final: finality.is_final(),
            supertype: supertype.map(|supertype| wt::TypeIndex::new(supertype.id())),
            composite: wt::CompositeType::Func(ty),
        };
        match engine.types().register_type(ty)? {
            Canonical::Func(record) => Ok(Self::from_record(engine, record)),
            _ => unreachable!("the type of a function was registered"),
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
            Canonical::Func(record) => Some(Self::from_record(&self.engine, record)),
            _ => None,
        }
    }

    /// A parameter by its place.
    pub fn param(&self, i: usize) -> Option<ValType> {
        self.record.ty.params().get(i).map(|ty| ValType::from_canonical(&self.engine, *ty))
    }

    /// The parameters, in order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.record.ty.params().iter().map(|ty| ValType::from_canonical(&self.engine, *ty))
    }

    /// A result by its place.
    pub fn result(&self, i: usize) -> Option<ValType> {
        self.record.ty.results().get(i).map(|ty| ValType::from_canonical(&self.engine, *ty))
    }

    /// The results, in order.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.record.ty.results().iter().map(|ty| ValType::from_canonical(&self.engine, *ty))
    }

    /// Whether a function of this type can be called as one of the other type: it takes at least
    /// what that takes, and returns at most what that returns. This looks at parameters and results
    /// alone; whether the type was *declared* as a subtype of the other, which is what decides for
    /// references, is told by [`HeapType::matches`](crate::HeapType::matches).
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    pub fn matches(&self, other: &FuncType) -> bool {
        self.engine.demand(other);
        self.id() == other.id() || matches(&self.engine, &self.record.ty, &other.record.ty)
    }

    /// Whether the type is the other, or was declared as a subtype of it.
    pub(super) fn is_subtype_of(&self, other: &FuncType) -> bool {
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
    pub fn eq(a: &FuncType, b: &FuncType) -> bool {
        a.engine.demand(b);
        a == b
    }

    pub(crate) fn from_record(engine: &Engine, record: Arc<FuncTypeRecord>) -> Self {
        Self { engine: engine.clone(), record }
    }

    #[inline]
    pub(crate) fn id(&self) -> u32 {
        self.record.id()
    }

    #[inline]
    pub(crate) fn record(&self) -> &Arc<FuncTypeRecord> {
        &self.record
    }
}

/// A function type whose types are all of the engine.
fn demand_all(
    engine: &Engine,
    params: impl IntoIterator<Item = ValType>,
    results: impl IntoIterator<Item = ValType>,
) -> wt::FuncType {
    let canonical = |ty: ValType| {
        engine.demand(&ty);
        ty.canonical()
    };
    wt::FuncType::new(params.into_iter().map(canonical), results.into_iter().map(canonical))
}

/// Whether parameters and results fit (Wasm 3.0, section 3.3.8).
fn matches(engine: &Engine, actual: &wt::FuncType, wanted: &wt::FuncType) -> bool {
    let fit = |actual: &[wt::ValType], wanted: &[wt::ValType]| {
        let mut pairs = actual.iter().zip(wanted);
        actual.len() == wanted.len()
            && pairs.all(|(a, b)| matching::val_matches(*a, *b, Some(engine.types())))
    };
    fit(wanted.params(), actual.params()) && fit(actual.results(), wanted.results())
}

identity!(FuncType);

impl FuncType {
    /// Writes the name of the type, or what it is if it has none.
    pub(super) fn fmt_short(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine.types().name(self.id()) {
            Some(name) => write!(f, "{}", Name(&name)),
            None => fmt::Display::fmt(self, f),
        }
    }
}

impl fmt::Display for FuncType {
    /// Writes the type as in the text format: `(func (param i32 i32) (result i64))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Named::new(self.engine.types(), &self.record.ty))
    }
}
