//! Fuzz target: see `wasm_runtime_fuzz::components`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasm_runtime_fuzz::components::check(data));
