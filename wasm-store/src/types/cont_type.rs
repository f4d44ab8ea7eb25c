//! The type of a continuation.

use std::fmt;
use std::sync::Arc;

use wasm_types as wt;

use super::func_type::FuncType;
use super::identity::identity;
use super::named::{Name, Named};
use super::registry::Canonical;
use crate::engine::Engine;
use crate::gate::Gate;
use crate::vm::ContTypeRecord;

/// The type of a continuation: that of the function that it is the rest of, which takes what the
/// continuation is resumed with and returns what it returns in the end.
///
/// Continuation types belong to an engine, which keeps one record of each.
///
/// ```
/// use wasm_store::{ContType, Engine, FuncType, HeapType, ValType};
///
/// let ty = ContType::new(FuncType::new(&Engine::default(), [ValType::I32], []));
/// assert_eq!(ty.func_type().params().len(), 1);
/// assert!(HeapType::from(ty).matches(&HeapType::Cont));
/// ```
#[derive(Clone)]
pub struct ContType {
    engine: Engine,
    record: Arc<ContTypeRecord>,
}

impl ContType {
    /// The type of the continuations of functions of a type.
    pub fn new(ty: FuncType) -> Self {
        let engine = ty.engine();
        let composite = wt::CompositeType::Cont(wt::ContType(wt::TypeIndex::new(ty.id())));
        let ty = wt::SubType { is_final: true, supertype: None, composite };
        match engine.types().register_type(ty).expect("an engine has room for more types") {
            Canonical::Cont(record) => Self::from_record(engine, record),
            _ => unreachable!("the type of a continuation was registered"),
        }
    }

    /// The engine that the type belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The type of the functions.
    pub fn func_type(&self) -> FuncType {
        match self.engine.types().get(self.record.ty.0.as_u32()) {
            Some(Canonical::Func(record)) => FuncType::from_record(&self.engine, record),
            _ => unreachable!("a continuation is that of a function"),
        }
    }

    /// Whether the type is the other, or was declared as a subtype of it, directly or through other
    /// types.
    ///
    /// # Panics
    ///
    /// If the types are of different engines.
    pub fn matches(&self, other: &ContType) -> bool {
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
    pub fn eq(a: &ContType, b: &ContType) -> bool {
        a.engine.demand(b);
        a == b
    }

    pub(crate) fn from_record(engine: &Engine, record: Arc<ContTypeRecord>) -> Self {
        Self { engine: engine.clone(), record }
    }

    pub(super) fn id(&self) -> u32 {
        self.record.head.id
    }
}

identity!(ContType);

impl ContType {
    /// Writes the name of the type, or what it is if it has none.
    pub(super) fn fmt_short(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine.types().name(self.id()) {
            Some(name) => write!(f, "{}", Name(&name)),
            None => fmt::Display::fmt(self, f),
        }
    }
}

impl fmt::Display for ContType {
    /// Writes the type as in the text format: `(cont 3)`, or with the name of the functions' type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Named::new(self.engine.types(), self.record.ty))
    }
}
