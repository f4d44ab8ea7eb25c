//! Stores of `wasm.h`, which live as long as an object in them.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::sync::{Arc, Weak};

use wasm_runtime::{AsContextMut, Store};

use crate::border::Foreign;
use crate::engine::CEngine;
use crate::store::{ContextMut, StoreData, lift_counts};

/// `wasm_store_t`: one of the owners of a store.
#[derive(Clone)]
pub(crate) struct StoreRef {
    store: Arc<StoreCell>,
}

pub(super) struct StoreCell(UnsafeCell<Store<StoreData>>);

// SAFETY: the header says that only one thread at a time uses a store and what is in it.
unsafe impl Send for StoreCell {}
// SAFETY: as above.
unsafe impl Sync for StoreCell {}

impl StoreRef {
    /// The store, as every function of the header has it: those of its objects have no other way to
    /// it, also within a host function, where the call that leads there has it, too.
    pub(crate) fn context(&self) -> ContextMut<'_> {
        // SAFETY: only one thread uses the store, as the header says, and each function has the
        // borrow for as long as it runs; what it calls in between is Wasm, which uses the store by
        // its address.
        unsafe { &mut *self.store.0.get() }.as_context_mut()
    }
}

impl StoreRef {
    /// The store, for what is in it and must not keep it.
    pub(super) fn downgrade(&self) -> Weak<StoreCell> {
        Arc::downgrade(&self.store)
    }

    /// The store, if somebody still keeps it.
    pub(super) fn upgrade(store: &Weak<StoreCell>) -> Option<Self> {
        store.upgrade().map(|store| Self { store })
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_store_new(engine: &CEngine) -> Box<StoreRef> {
    let data = StoreData::new(Foreign::new(std::ptr::null_mut(), None));
    let mut store = Store::new(&engine.engine, data);
    lift_counts(&mut store);
    Box::new(StoreRef { store: Arc::new(StoreCell(UnsafeCell::new(store))) })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_store_delete(store: Option<Box<StoreRef>>) {
    drop(store);
}
