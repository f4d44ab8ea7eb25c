//! `wasmtime/profiling.h`: a profiler that samples a guest.

#![allow(unsafe_code)]

use std::time::Duration;

use wasm_runtime::{GuestProfiler, Module};

use crate::border::{self, Out, abort};
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::module::CModule;
use crate::store::CStore;
use crate::vec::CBytes;

/// `wasmtime_guestprofiler_modules_t`.
#[repr(C)]
struct ProfiledModule<'a> {
    name: &'a CBytes,
    module: &'a CModule,
}

/// A name for people: bytes that are no UTF-8 are shown as such.
fn name(bytes: &CBytes) -> String {
    String::from_utf8_lossy(bytes.as_slice()).into_owned()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_guestprofiler_new(
    engine: &CEngine,
    module_name: &CBytes,
    interval_nanos: u64,
    modules: *const ProfiledModule<'_>,
    count: usize,
) -> Box<GuestProfiler> {
    // SAFETY: the header asks for so many modules.
    let modules = unsafe { border::slice(modules, count) };
    let modules: Vec<(String, Module)> =
        modules.iter().map(|module| (name(module.name), module.module.module.clone())).collect();
    let interval = Duration::from_nanos(interval_nanos);
    match GuestProfiler::new(&engine.engine, &name(module_name), interval, modules) {
        Ok(profiler) => Box::new(profiler),
        Err(error) => abort("wasmtime_guestprofiler_new", error),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_guestprofiler_delete(profiler: Option<Box<GuestProfiler>>) {
    drop(profiler);
}

/// Takes a sample of the stack of a store, in a call.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_guestprofiler_sample(
    profiler: &mut GuestProfiler,
    store: &CStore,
    delta_nanos: u64,
) {
    profiler.sample(&store.store, Duration::from_nanos(delta_nanos));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_guestprofiler_finish(
    profiler: Box<GuestProfiler>,
    out: Out<'_, CBytes>,
) -> Failure {
    let mut profile = Vec::new();
    failure(profiler.finish(&mut profile), |()| {
        out.write(profile.into());
    })
}
