//! Fuzz target: see `wasm_runtime_fuzz::component_parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasm_runtime_fuzz::component_parse::check(data));
