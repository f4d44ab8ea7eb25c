//! What is not there: functions that exist, so that programs and bindings can be loaded, and only
//! report their name and the reason. [`wasm_runtime_missing_function`] lists them.
//!
//! Whoever writes one takes it off the list here. What a feature adds is in a list of its own, for
//! libraries without the feature.

#![allow(unsafe_code)]

#[cfg(not(feature = "async"))]
mod asynchronous;
#[cfg(all(feature = "component", not(feature = "async")))]
mod asynchronous_components;
#[cfg(not(feature = "component"))]
mod component;
#[cfg(not(feature = "gc"))]
mod gc;
#[cfg(not(feature = "observe"))]
mod observe;
#[cfg(not(feature = "sign"))]
mod sign;
#[cfg(not(feature = "snapshot"))]
mod snapshot;
#[cfg(not(feature = "wasi"))]
mod wasi;

use std::ffi::{CStr, c_char};

use wasm_runtime::format_err;

use crate::border::{Out, abort};
use crate::error::{CError, Failure};

/// Functions that are missing for the same reason.
pub(crate) struct Missing {
    /// Their names, each with a zero behind it.
    names: &'static str,
    /// Why, with a zero behind it.
    reason: &'static str,
}

impl Missing {
    fn names(&self) -> impl Iterator<Item = &'static CStr> + use<> {
        self.names.split_inclusive('\0').filter_map(c_string)
    }

    fn name(&self, index: usize) -> &'static str {
        self.names.split('\0').nth(index).unwrap_or_default()
    }

    fn reason(&self) -> &'static str {
        self.reason.trim_end_matches('\0')
    }

    /// What a function returns that can fail.
    #[cold]
    #[inline(never)]
    fn error(&self, index: usize) -> Failure {
        Some(Box::new(CError(format_err!("{}: {}", self.name(index), self.reason()))))
    }

    /// What others do.
    #[cold]
    #[inline(never)]
    fn abort(&self, index: usize) -> ! {
        abort(self.name(index), self.reason())
    }
}

/// A list of functions that are missing, with those functions: the first return an error, whatever
/// their parameters are, the second have no way to fail and end the program. The third say of what
/// can only be null that it is nothing that they ask for, and the fourth have nothing to free,
/// since nothing makes it. The fifth are elsewhere, and do nothing, or nothing but fail.
macro_rules! missing {
    (
        $reason:literal;
        errors { $($error:ident)* }
        aborts { $($abort:ident)* }
        refuses { $($refuse:ident)* }
        deletes { $($delete:ident)* }
        elsewhere { $($other:ident)* }
    ) => {
        /// The functions of this file.
        pub(super) const MISSING: $crate::missing::Missing = $crate::missing::Missing {
            names: concat!(
                $(stringify!($error), "\0",)*
                $(stringify!($abort), "\0",)*
                $(stringify!($refuse), "\0",)*
                $(stringify!($delete), "\0",)*
                $(stringify!($other), "\0",)*
            ),
            reason: concat!($reason, "\0"),
        };

        /// Their places in the list.
        #[allow(non_camel_case_types, dead_code, reason = "the names of functions of C")]
        enum Place { $($error,)* $($abort,)* $($refuse,)* $($delete,)* $($other,)* }

        $(
            #[unsafe(no_mangle)]
            extern "C" fn $error() -> $crate::error::Failure {
                MISSING.error(Place::$error as usize)
            }
        )*

        $(
            #[unsafe(no_mangle)]
            extern "C" fn $abort() {
                MISSING.abort(Place::$abort as usize)
            }
        )*

        $(
            #[unsafe(no_mangle)]
            extern "C" fn $refuse() -> bool {
                false
            }
        )*

        $(
            #[unsafe(no_mangle)]
            extern "C" fn $delete() {}
        )*
    };
}
use missing;

mod http {
    super::missing! {
        "this runtime does not have `wasi:http`: its interfaces can be defined in the linker, by \
         wasmtime_component_linker_add_instance";
        errors {
            wasmtime_component_linker_add_wasi_http
            wasmtime_component_linker_add_wasi_http_async
        }
        aborts {}
        refuses {}
        deletes {}
        elsewhere { wasmtime_context_set_wasi_http }
    }

    /// There is nothing to set: whoever adds it to a linker learns that it is not there.
    #[unsafe(no_mangle)]
    extern "C" fn wasmtime_context_set_wasi_http() {}
}

mod streams {
    super::missing! {
        "this runtime has no futures and streams of components, and compiles no component that \
         has such types";
        errors {}
        aborts {
            wasmtime_component_future_type_clone
            wasmtime_component_future_type_equal
            wasmtime_component_future_type_ty
            wasmtime_component_stream_type_clone
            wasmtime_component_stream_type_equal
            wasmtime_component_stream_type_ty
        }
        refuses {}
        deletes {
            wasmtime_component_future_type_delete
            wasmtime_component_stream_type_delete
        }
        elsewhere {}
    }
}

mod creators {
    super::missing! {
        "this runtime allocates memories and stacks itself: an engine of such a configuration is \
         not made";
        errors {}
        aborts {}
        refuses {}
        deletes {}
        elsewhere {
            wasmtime_config_host_memory_creator_set
            wasmtime_config_host_stack_creator_set
        }
    }
}

#[cfg(not(feature = "jit"))]
mod compiler {
    super::missing! {
        "this library has no compiler: it loads what `wasm-runtime compile` or \
         wasmtime_module_serialize of libwasm_runtime has made";
        errors {
            wasmtime_config_cache_config_load
            wasmtime_module_validate
            wasmtime_wat2wasm
        }
        aborts {}
        refuses {}
        deletes {}
        elsewhere {
            wasm_module_new
            wasm_module_validate
            wasmtime_module_new
        }
    }
}

/// The error of a function that has WebAssembly to compile.
#[cfg(not(feature = "jit"))]
pub(crate) fn no_compiler(function: &str) -> wasm_runtime::Error {
    format_err!("{function}: {}", compiler::MISSING.reason())
}

/// All lists.
const ALL: &[Missing] = &[
    http::MISSING,
    streams::MISSING,
    creators::MISSING,
    #[cfg(not(feature = "jit"))]
    compiler::MISSING,
    #[cfg(not(feature = "async"))]
    asynchronous::MISSING,
    #[cfg(all(feature = "component", not(feature = "async")))]
    asynchronous_components::MISSING,
    #[cfg(not(feature = "component"))]
    component::MISSING,
    #[cfg(not(feature = "gc"))]
    gc::MISSING,
    #[cfg(not(feature = "observe"))]
    observe::MISSING,
    #[cfg(not(feature = "sign"))]
    sign::MISSING,
    #[cfg(not(feature = "snapshot"))]
    snapshot::MISSING,
    #[cfg(not(feature = "wasi"))]
    wasi::MISSING,
];

fn c_string(text: &'static str) -> Option<&'static CStr> {
    CStr::from_bytes_with_nul(text.as_bytes()).ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_runtime_missing_function(
    index: usize,
    name: Out<'_, *const c_char>,
    reason: Option<Out<'_, *const c_char>>,
) -> bool {
    let mut functions = ALL.iter().flat_map(|list| list.names().map(move |name| (name, list)));
    let Some((found, list)) = functions.nth(index) else { return false };
    name.write(found.as_ptr());
    if let Some(reason) = reason {
        reason.write(list.reason.as_ptr().cast());
    }
    true
}
