//! The objects of `wasm.h`, which are all references of that header: what they are, which store
//! they keep, and the data that the embedder attaches to them.
//!
//! They are one structure, so that the header's conversions between kinds only look at what is in
//! it.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_runtime::{Error, Extern, Instance, Module, Trap, format_err};

use crate::border::{Finalizer, Foreign};
use crate::wasm::StoreRef;

/// `wasm_ref_t`, and everything that is one: `wasm_trap_t`, `wasm_func_t` and so on.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) thing: Thing,
    /// Kept alive by the objects that are in it.
    pub(crate) store: Option<StoreRef>,
    info: Arc<Mutex<Option<Foreign>>>,
}

/// What an object is.
#[derive(Clone)]
pub(crate) enum Thing {
    Trap(Arc<Error>),
    /// An object that is nothing but data of the embedder.
    Foreign(Arc<()>),
    Module(Module),
    Extern(Extern),
    Instance(Instance),
}

impl Object {
    pub(crate) fn new(thing: Thing, store: StoreRef) -> Self {
        Self { thing, store: Some(store), info: Arc::default() }
    }

    pub(crate) fn trap(error: Error) -> Self {
        Self { thing: Thing::Trap(Arc::new(error)), store: None, info: Arc::default() }
    }

    /// Whether both are the same object.
    pub(crate) fn same(&self, other: &Object) -> bool {
        match (&self.thing, &other.thing) {
            (Thing::Trap(a), Thing::Trap(b)) => Arc::ptr_eq(a, b),
            (Thing::Foreign(a), Thing::Foreign(b)) => Arc::ptr_eq(a, b),
            (Thing::Module(a), Thing::Module(b)) => Module::same(a, b),
            (Thing::Instance(a), Thing::Instance(b)) => a == b,
            (Thing::Extern(a), Thing::Extern(b)) => match (a, b) {
                (Extern::Func(a), Extern::Func(b)) => a == b,
                (Extern::Global(a), Extern::Global(b)) => a == b,
                (Extern::Table(a), Extern::Table(b)) => a == b,
                (Extern::Memory(a), Extern::Memory(b)) => a == b,
                _ => Arc::ptr_eq(&self.info, &other.info),
            },
            _ => false,
        }
    }

    /// The error of a trap.
    pub(crate) fn error(&self) -> Option<&Error> {
        match &self.thing {
            Thing::Trap(error) => Some(error),
            _ => None,
        }
    }

    /// The error of a trap that is given away. If there are copies of it, its message stays, and
    /// which trap it was.
    pub(crate) fn into_error(self) -> Error {
        let Thing::Trap(error) = self.thing else {
            return format_err!("the host function returned an object that is no trap");
        };
        Arc::try_unwrap(error).unwrap_or_else(|error| {
            let message = format!("{error:?}");
            match error.downcast_ref::<Trap>() {
                Some(trap) => Error::new(*trap).context(message),
                None => Error::msg(message),
            }
        })
    }

    fn info(&self) -> MutexGuard<'_, Option<Foreign>> {
        // Nothing panics while the lock is held.
        self.info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data that the embedder has attached, or null.
    pub(crate) fn host_info(&self) -> *mut c_void {
        self.info().as_ref().map_or(std::ptr::null_mut(), |info| info.data)
    }

    pub(crate) fn set_host_info(&self, data: *mut c_void, finalizer: Finalizer) {
        let before = self.info().replace(Foreign::new(data, finalizer));
        // The finalizer of what was there may ask for the data.
        drop(before);
    }
}
