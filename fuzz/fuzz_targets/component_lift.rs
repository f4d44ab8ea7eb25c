//! Fuzz target: see `wasm_runtime_fuzz::component_lift`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasm_runtime_fuzz::component_lift::check(data));
