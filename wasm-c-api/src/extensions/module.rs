//! Modules of either kind.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::{Engine, Module, Precompiled};

use crate::border::{self, Out};
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::module::{CModule, compile};

#[unsafe(no_mangle)]
unsafe extern "C" fn wasm_runtime_module_open(
    engine: &CEngine,
    bytes: *const u8,
    len: usize,
    out: Out<'_, Box<CModule>>,
) -> Failure {
    let engine = &engine.engine;
    // SAFETY: the header asks for so many bytes.
    let bytes = unsafe { border::slice(bytes, len) };
    let module = match Engine::detect_precompiled(bytes) {
        // SAFETY: the header asks for bytes that come from this library, if they are compiled.
        Some(Precompiled::Module) => unsafe { Module::deserialize(engine, bytes) },
        _ => compile(engine, bytes, "wasm_runtime_module_open"),
    };
    failure(module, |module| {
        out.write(module.into());
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasm_runtime_module_open_file(
    engine: &CEngine,
    path: *const c_char,
    out: Out<'_, Box<CModule>>,
) -> Failure {
    // SAFETY: the header asks for a string that ends with a zero, and for a file that comes from
    // this library and stays as it is, if it is compiled.
    let module = unsafe {
        border::string(path).and_then(|path| Module::from_trusted_file(&engine.engine, path))
    };
    failure(module, |module| {
        out.write(module.into());
    })
}
