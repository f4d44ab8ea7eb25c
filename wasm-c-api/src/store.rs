//! `wasmtime/store.h`: stores, and the contexts by which everything else uses them.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::{
    AsContextMut, Store, StoreContext, StoreContextMut, StoreLimits, StoreLimitsBuilder,
    UpdateDeadline, Val, format_err,
};

use crate::border::{Finalizer, Foreign, Out, guarded};
use crate::engine::CEngine;
use crate::error::{CError, Failure, failure};
use crate::func::numbers::Calls;
use crate::handles::Handles;
use crate::val::CVal;

/// `wasmtime_context_t *`: a borrow of a store, which is a pointer to it.
pub(crate) type ContextMut<'a> = StoreContextMut<'a, StoreData>;

/// `const wasmtime_context_t *`.
pub(crate) type Context<'a> = StoreContext<'a, StoreData>;

/// What each store has beside what Wasm has in it.
pub(crate) struct StoreData {
    foreign: Foreign,
    limits: StoreLimits,
    pub(crate) handles: Handles,
    #[cfg(feature = "component")]
    pub(crate) component_handles: crate::component::Handles,
    #[cfg(feature = "wasi")]
    pub(crate) wasi: crate::wasi::Wasi,
    /// Functions that were called.
    pub(crate) calls: Calls,
    /// Room for the values of a call, kept from one call to the next.
    pub(crate) values: Vec<Val>,
    /// As above, for calls of host functions.
    pub(crate) host_values: Vec<CVal>,
}

// SAFETY: what is not `Send` in it are the values for host functions, which are only there during
// a call.
unsafe impl Send for StoreData {}
// SAFETY: as above.
unsafe impl Sync for StoreData {}

impl StoreData {
    pub(crate) fn new(foreign: Foreign) -> Self {
        Self {
            foreign,
            limits: StoreLimits::default(),
            handles: Handles::new(),
            #[cfg(feature = "component")]
            component_handles: crate::component::Handles::default(),
            #[cfg(feature = "wasi")]
            wasi: crate::wasi::Wasi::default(),
            calls: Calls::default(),
            values: Vec::new(),
            host_values: Vec::new(),
        }
    }
}

/// Lets a store have any number of instances, tables and memories. Only `wasmtime.h` has a function
/// by which C could say how many; programs for `wasm.h` make as many as they like.
pub(crate) fn lift_counts(store: &mut Store<StoreData>) {
    let any = usize::MAX;
    store.data_mut().limits =
        StoreLimitsBuilder::new().instances(any).tables(any).memories(any).build();
    store.limiter(|data| &mut data.limits);
}

/// `wasmtime_store_t`.
pub(crate) struct CStore {
    pub(crate) store: Store<StoreData>,
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_store_new(
    engine: &CEngine,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Box<CStore> {
    let data = StoreData::new(Foreign::new(data, finalizer));
    Box::new(CStore { store: Store::new(&engine.engine, data) })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_store_delete(store: Option<Box<CStore>>) {
    drop(store);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_store_context(store: &mut CStore) -> ContextMut<'_> {
    store.store.as_context_mut()
}

/// A limit of C, where a negative number is none.
fn limit(value: i64) -> Option<usize> {
    usize::try_from(value).ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_store_limiter(
    store: &mut CStore,
    memory_size: i64,
    table_elements: i64,
    instances: i64,
    tables: i64,
    memories: i64,
) {
    let mut limits = StoreLimitsBuilder::new();
    if let Some(bytes) = limit(memory_size) {
        limits = limits.memory_size(bytes);
    }
    if let Some(elements) = limit(table_elements) {
        limits = limits.table_elements(elements);
    }
    if let Some(instances) = limit(instances) {
        limits = limits.instances(instances);
    }
    if let Some(tables) = limit(tables) {
        limits = limits.tables(tables);
    }
    if let Some(memories) = limit(memories) {
        limits = limits.memories(memories);
    }
    store.store.data_mut().limits = limits.build();
    store.store.limiter(|data| &mut data.limits);
}

/// `WASMTIME_UPDATE_DEADLINE_CONTINUE`.
const CONTINUE: u8 = 0;
/// `WASMTIME_UPDATE_DEADLINE_YIELD`.
const YIELD: u8 = 1;

type DeadlineCallback =
    extern "C" fn(ContextMut<'_>, *mut c_void, &mut u64, &mut u8) -> Option<Box<CError>>;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_store_epoch_deadline_callback(
    store: &mut CStore,
    callback: DeadlineCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) {
    let foreign = Foreign::new(data, finalizer);
    store.store.epoch_deadline_callback(move |mut store| {
        // All of it, so that it is freed with the callback.
        let foreign = &foreign;
        let (mut delta, mut kind) = (0, CONTINUE);
        if let Some(error) = callback(store.as_context_mut(), foreign.data, &mut delta, &mut kind) {
            return Err(error.0);
        }
        match kind {
            CONTINUE => Ok(UpdateDeadline::Continue(delta)),
            YIELD => Ok(UpdateDeadline::Yield(delta)),
            other => Err(format_err!("the callback returned kind {other}, which is no kind")),
        }
    });
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_get_data(store: Context<'_>) -> *mut c_void {
    store.data().foreign.data
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_set_data(mut store: ContextMut<'_>, data: *mut c_void) {
    store.data_mut().foreign.data = data;
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_gc(mut store: ContextMut<'_>) -> Failure {
    failure(guarded(|| store.gc(None)), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_set_fuel(mut store: ContextMut<'_>, fuel: u64) -> Failure {
    failure(store.set_fuel(fuel), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_get_fuel(store: Context<'_>, fuel: Out<'_, u64>) -> Failure {
    failure(store.get_fuel(), |left| {
        fuel.write(left);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_set_epoch_deadline(mut store: ContextMut<'_>, ticks: u64) {
    store.set_epoch_deadline(ticks);
}
