//! The type of a function.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use wasm_types as wt;

use super::value::ValType;
use crate::engine::Engine;
use crate::gate::Gate;
use crate::vm::FuncTypeRecord;

/// The type of a function: its parameters and its results.
///
/// Function types belong to an engine, which keeps one record of each. Two of them are compared by
/// comparing two numbers.
#[derive(Clone)]
pub struct FuncType {
    engine: Engine,
    record: Arc<FuncTypeRecord>,
}

impl FuncType {
    /// The function type with the given parameters and results.
    ///
    /// # Panics
    ///
    /// If one of them holds a type of another engine.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Self {
        let canonical = |ty: ValType| {
            engine.demand(&ty);
            ty.canonical()
        };
        let ty = wt::FuncType::new(
            params.into_iter().map(canonical),
            results.into_iter().map(canonical),
        );
        Self::from_record(engine, engine.types().register_func(ty))
    }

    /// The engine that the type belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
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

    /// Whether every function of this type also has the other type.
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    pub fn matches(&self, other: &FuncType) -> bool {
        self.engine.demand(other);
        self.engine.types().is_subtype(self.id(), other.id())
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
        self.record.id
    }

    #[inline]
    pub(crate) fn record(&self) -> &Arc<FuncTypeRecord> {
        &self.record
    }
}

impl PartialEq for FuncType {
    fn eq(&self, other: &Self) -> bool {
        self.engine.admits(other) && self.id() == other.id()
    }
}

impl Eq for FuncType {}

impl Hash for FuncType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Display for FuncType {
    /// Writes the type as in the text format: `(func (param i32 i32) (result i64))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.ty.fmt(f)
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
