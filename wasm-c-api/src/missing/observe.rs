//! What the feature `observe` has.

#![allow(unsafe_code)]

super::missing! {
    "this library was built without the feature `observe`, which has it";
    errors {
        wasmtime_guestprofiler_finish
    }
    aborts {
        wasm_runtime_store_add_call_hook
        wasmtime_guestprofiler_new
        wasmtime_guestprofiler_sample
    }
    refuses {}
    deletes {
        wasmtime_guestprofiler_delete
    }
    elsewhere {}
}
