//! Fuzz target: see `wasm_runtime_fuzz::continuations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasm_runtime_fuzz::continuations::check(data));
