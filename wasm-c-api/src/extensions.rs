//! `wasm_runtime.h`: what goes beyond Wasmtime's API.

#[cfg(feature = "observe")]
mod hooks;
mod module;
#[cfg(feature = "snapshot")]
mod snapshot;
#[cfg(feature = "sign")]
mod trust;
