//! `wasmtime/component/component.h`: components, compiled and loaded.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::component::{Component, ComponentExportIndex, types};
use wasm_runtime::{Engine, Error, Precompiled, Result, format_err};

use crate::border::{self, Out};
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::module::is_component;
use crate::vec::CBytes;

/// `wasmtime_component_t`.
#[derive(Clone)]
pub(super) struct CComponent(pub(super) Component);

/// Compiles a component. Whoever has something else is told what it is, and which function takes
/// it.
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component> {
    match Engine::detect_precompiled(bytes) {
        Some(Precompiled::Component) => Err(format_err!(
            "these bytes are a compiled component (an artifact), which wasmtime_component_new does \
             not load: use wasmtime_component_deserialize"
        )),
        Some(Precompiled::Module) => Err(format_err!(
            "these bytes are a compiled module (an artifact): use wasmtime_module_deserialize"
        )),
        _ if bytes.starts_with(b"\0asm") && !is_component(bytes) => Err(format_err!(
            "these bytes are a WebAssembly module, and no component: use wasmtime_module_new"
        )),
        _ => compiled(engine, bytes),
    }
}

#[cfg(feature = "jit")]
fn compiled(engine: &Engine, bytes: &[u8]) -> Result<Component> {
    Component::new(engine, bytes)
}

#[cfg(not(feature = "jit"))]
fn compiled(_engine: &Engine, _bytes: &[u8]) -> Result<Component> {
    Err(crate::missing::no_compiler("wasmtime_component_new"))
}

/// What bytes are that are no artifact, and which function takes them.
fn not_compiled(bytes: &[u8]) -> Option<Error> {
    (is_component(bytes) || bytes.trim_ascii_start().starts_with(b"(")).then(|| {
        format_err!(
            "these bytes are a component, not compiled: use wasmtime_component_new; deserializing \
             takes what wasmtime_component_serialize gives"
        )
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_new(
    engine: &CEngine,
    bytes: *const u8,
    len: usize,
    out: Out<'_, Box<CComponent>>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let bytes = unsafe { border::slice(bytes, len) };
    failure(compile(&engine.engine, bytes), |component| {
        out.write(Box::new(CComponent(component)));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_serialize(
    component: &CComponent,
    out: Out<'_, CBytes>,
) -> Failure {
    failure(component.0.serialize(), |bytes| {
        out.write(bytes.into());
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_deserialize(
    engine: &CEngine,
    bytes: *const u8,
    len: usize,
    out: Out<'_, Box<CComponent>>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let bytes = unsafe { border::slice(bytes, len) };
    let component = match not_compiled(bytes) {
        Some(error) => Err(error),
        // SAFETY: the header asks for bytes that come from this library.
        None => unsafe { Component::deserialize(&engine.engine, bytes) },
    };
    failure(component, |component| {
        out.write(Box::new(CComponent(component)));
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_deserialize_file(
    engine: &CEngine,
    path: *const c_char,
    out: Out<'_, Box<CComponent>>,
) -> Failure {
    // SAFETY: the header asks for a string that ends with a zero, and that the file was made by
    // this library and stays as it is while the component lives.
    let component = unsafe {
        border::string(path).and_then(|path| Component::deserialize_file(&engine.engine, path))
    };
    failure(component, |component| {
        out.write(Box::new(CComponent(component)));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_clone(component: &CComponent) -> Box<CComponent> {
    Box::new(component.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_delete(component: Option<Box<CComponent>>) {
    drop(component);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_type(component: &CComponent) -> Box<types::Component> {
    Box::new(component.0.component_type())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_get_export_index(
    component: &CComponent,
    instance: Option<&ComponentExportIndex>,
    name: *const u8,
    len: usize,
) -> Option<Box<ComponentExportIndex>> {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) }.ok()?;
    component.0.get_export_index(instance, name).map(Box::new)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_export_index_clone(
    index: &ComponentExportIndex,
) -> Box<ComponentExportIndex> {
    Box::new(*index)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_export_index_delete(index: Option<Box<ComponentExportIndex>>) {
    drop(index);
}
