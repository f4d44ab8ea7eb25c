//! `wasmtime/module.h`: modules.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};

use wasm_runtime::{Engine, Error, Module, Precompiled, Result, format_err};

use crate::border::{self, Out};
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::types::{ExportTypes, ImportTypes};
use crate::vec::CBytes;

/// `wasmtime_module_t`.
#[derive(Clone)]
pub(crate) struct CModule {
    pub(crate) module: Module,
}

impl From<Module> for Box<CModule> {
    fn from(module: Module) -> Self {
        Box::new(CModule { module })
    }
}

/// Compiles WebAssembly. Whoever has something else is told what it is, and which function of this
/// API takes it.
pub(crate) fn compile(engine: &Engine, bytes: &[u8], function: &str) -> Result<Module> {
    match Engine::detect_precompiled(bytes) {
        Some(Precompiled::Module) => Err(format_err!(
            "these bytes are a compiled module (an artifact), which {function} does not load: use \
             wasmtime_module_deserialize, or wasm_runtime_module_open, which takes either kind"
        )),
        Some(Precompiled::Component) => Err(format_err!(
            "these bytes are a compiled component (an artifact), which {function} does not load: \
             use wasmtime_component_deserialize"
        )),
        _ if is_component(bytes) => Err(format_err!(
            "these bytes are a component in binary form, which {function} does not compile: use \
             wasmtime_component_new"
        )),
        _ => compiled(engine, bytes, function),
    }
}

#[cfg(feature = "jit")]
fn compiled(engine: &Engine, bytes: &[u8], _function: &str) -> Result<Module> {
    Module::new(engine, bytes)
}

#[cfg(not(feature = "jit"))]
fn compiled(_engine: &Engine, _bytes: &[u8], function: &str) -> Result<Module> {
    Err(crate::missing::no_compiler(function))
}

/// Whether bytes are a component in binary form: its layer is 1.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") && bytes.get(6..8) == Some(&[1, 0])
}

/// What bytes are that are no artifact, and which function takes them; `None` if they may be one.
pub(crate) fn not_compiled(bytes: &[u8]) -> Option<Error> {
    let text = || bytes.trim_ascii_start().starts_with(b"(");
    let (what, function) = if is_component(bytes) {
        ("a component in binary form", "wasmtime_component_new")
    } else if bytes.starts_with(b"\0asm") {
        ("a WebAssembly module in binary form", "wasmtime_module_new, or wasm_runtime_module_open")
    } else if text() {
        ("WebAssembly in the text format", "wasmtime_module_new, or wasm_runtime_module_open")
    } else {
        return None;
    };
    Some(format_err!(
        "these bytes are {what}, not compiled: use {function}; deserializing takes what \
         wasmtime_module_serialize gives"
    ))
}

/// Loads an artifact from memory.
///
/// # Safety
///
/// As for [`Module::deserialize`].
pub(crate) unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    match not_compiled(bytes) {
        Some(error) => Err(error),
        // SAFETY: as the caller promises.
        None => unsafe { Module::deserialize(engine, bytes) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_module_new(
    engine: &CEngine,
    wasm: *const u8,
    len: usize,
    out: Out<'_, Box<CModule>>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let wasm = unsafe { border::slice(wasm, len) };
    failure(compile(&engine.engine, wasm, "wasmtime_module_new"), |module| {
        out.write(module.into());
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_delete(module: Option<Box<CModule>>) {
    drop(module);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_clone(module: &CModule) -> Box<CModule> {
    Box::new(module.clone())
}

/// What a module imports.
pub(crate) fn imports(module: &Module) -> ImportTypes {
    module.imports().map(|import| Some(Box::new(import.into()))).collect::<Vec<_>>().into()
}

/// What a module exports.
pub(crate) fn exports(module: &Module) -> ExportTypes {
    module.exports().map(|export| Some(Box::new(export.into()))).collect::<Vec<_>>().into()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_imports(module: &CModule, out: Out<'_, ImportTypes>) {
    out.write(imports(&module.module));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_exports(module: &CModule, out: Out<'_, ExportTypes>) {
    out.write(exports(&module.module));
}

#[cfg(feature = "jit")]
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_module_validate(
    engine: &CEngine,
    wasm: *const u8,
    len: usize,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let wasm = unsafe { border::slice(wasm, len) };
    failure(Module::validate(&engine.engine, wasm), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_serialize(module: &CModule, out: Out<'_, CBytes>) -> Failure {
    failure(module.module.serialize(), |bytes| {
        out.write(bytes.into());
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_module_deserialize(
    engine: &CEngine,
    bytes: *const u8,
    len: usize,
    out: Out<'_, Box<CModule>>,
) -> Failure {
    // SAFETY: the header asks for so many bytes, and that they come from this library.
    let module = unsafe { deserialize(&engine.engine, border::slice(bytes, len)) };
    failure(module, |module| {
        out.write(module.into());
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_module_deserialize_file(
    engine: &CEngine,
    path: *const c_char,
    out: Out<'_, Box<CModule>>,
) -> Failure {
    // SAFETY: the header asks for a string that ends with a zero, and that the file was made by
    // this library and stays as it is while the module lives.
    let module = unsafe {
        border::string(path).and_then(|path| {
            let loaded = Module::deserialize_file(&engine.engine, path);
            loaded.map_err(|error| {
                match std::fs::read(path).ok().as_deref().and_then(not_compiled) {
                    Some(what) => what.context(format!("failed to load: {path}")),
                    None => error,
                }
            })
        })
    };
    failure(module, |module| {
        out.write(module.into());
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_image_range(
    module: &CModule,
    start: Out<'_, *const c_void>,
    end: Out<'_, *const c_void>,
) {
    let range = module.module.text().as_ptr_range();
    start.write(range.start.cast());
    end.write(range.end.cast());
}
