//! `wasm_runtime.h`: what goes beyond Wasmtime's API.

mod hooks;
mod module;
mod snapshot;
