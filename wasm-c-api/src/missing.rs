//! What is not there yet: functions that exist, so that bindings can be loaded, and say their name.
//!
//! Whoever writes one takes it off the list here.

#![allow(unsafe_code)]

use wasm_runtime::format_err;

use crate::border::abort;
use crate::error::{CError, Failure};

/// Functions that return an error, whatever their parameters are.
macro_rules! return_errors {
    ($($function:ident)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $function() -> Failure {
            let name = stringify!($function);
            Some(Box::new(CError(format_err!("{name} is not implemented in this runtime yet"))))
        }
    )*};
}

/// Functions without a way to fail: they end the program.
macro_rules! abort_all {
    ($($function:ident)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $function() {
            abort(stringify!($function), "not implemented in this runtime yet");
        }
    )*};
}

return_errors! {
    wasmtime_component_linker_add_wasi_http
    wasmtime_component_linker_add_wasi_http_async
}

abort_all! {
    wasmtime_component_future_type_clone
    wasmtime_component_future_type_delete
    wasmtime_component_future_type_equal
    wasmtime_component_future_type_ty
    wasmtime_component_stream_type_clone
    wasmtime_component_stream_type_delete
    wasmtime_component_stream_type_equal
    wasmtime_component_stream_type_ty
}
