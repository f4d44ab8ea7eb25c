//! Hooks that see calls with their names and values.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};

use wasm_runtime::{
    AsContextMut, CallDirection, CallFilter, CallHookContext, CallOutcome, Result, Val,
};

use crate::border::{Finalizer, Foreign};
use crate::error::Failure;
use crate::store::{CStore, ContextMut, StoreData};
use crate::val::CVal;

/// `wasm_runtime_call_t`.
#[repr(C)]
struct Call {
    event: u8,
    failed: bool,
    depth: usize,
    name: *const c_char,
    name_len: usize,
    module: *const c_char,
    module_len: usize,
    values: *const CVal,
    value_count: usize,
}

/// `wasm_runtime_call_hook_t`.
type Hook = extern "C" fn(*mut c_void, ContextMut<'_>, &Call) -> Failure;

/// `WASM_RUNTIME_CALLS_TO_WASM`.
const TO_WASM: u8 = 1;
/// `WASM_RUNTIME_CALLS_TO_HOST`.
const TO_HOST: u8 = 2;

/// Notifies a hook of C.
fn notify(hook: Hook, env: *mut c_void, mut call: CallHookContext<'_, StoreData>) -> Result<()> {
    let to_host = call.direction() == CallDirection::ToHost;
    let ends = call.outcome().is_some();
    let failed = ends && !matches!(call.outcome(), Some(CallOutcome::Returned));
    let depth = call.depth();
    let (module, name) = match call.import() {
        Some((module, name)) => (Some(module), Some(name)),
        None => (call.module_name(), call.function_name().or_else(|| call.export_name())),
    };
    // Copies, since the hook gets the store, and may do anything with it.
    let (module, name) = (module.map(str::to_owned), name.map(str::to_owned));
    let vals: Vec<Val> = call.args().or_else(|| call.results()).unwrap_or_default();
    let mut values = Vec::with_capacity(vals.len());
    let made: Result<()> = vals.into_iter().try_for_each(|val| {
        values.push(CVal::new(&mut call, val)?);
        Ok(())
    });
    let pointer =
        |text: &Option<String>| text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr().cast());
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let notified = made.and_then(|()| {
        let call_of_c = Call {
            event: u8::from(ends) + if to_host { 2 } else { 0 },
            failed,
            depth,
            name: pointer(&name),
            name_len: length(&name),
            module: pointer(&module),
            module_len: length(&module),
            values: values.as_ptr(),
            value_count: values.len(),
        };
        hook(env, call.as_context_mut(), &call_of_c).map_or(Ok(()), |error| Err(error.0))
    });
    values.iter_mut().for_each(CVal::unroot);
    notified
}

#[unsafe(no_mangle)]
extern "C" fn wasm_runtime_store_add_call_hook(
    store: &mut CStore,
    calls: u8,
    hook: Hook,
    env: *mut c_void,
    finalizer: Finalizer,
) {
    let foreign = Foreign::new(env, finalizer);
    let filter = match (calls & TO_WASM != 0, calls & TO_HOST != 0) {
        (true, true) => CallFilter::all(),
        (true, false) => CallFilter::to_wasm(),
        (false, true) => CallFilter::to_host(),
        (false, false) => CallFilter::none(),
    };
    store.store.add_call_hook(filter, move |call| {
        // All of it, so that it is freed with the hook.
        let foreign = &foreign;
        notify(hook, foreign.data, call)
    });
}
