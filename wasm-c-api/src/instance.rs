//! `wasmtime/instance.h`: instances.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::{AsContextMut, Extern, Instance, InstancePre, Result};

use crate::border::{self, Out, guarded};
use crate::error::{Failure, call_result};
use crate::external::CExtern;
use crate::handles::InstanceHandle;
use crate::module::CModule;
use crate::object::Object;
use crate::store::{ContextMut, StoreData};

/// `wasmtime_instance_pre_t`.
pub(crate) struct CInstancePre(pub(crate) InstancePre<StoreData>);

/// The result of an instantiation, which can trap.
pub(crate) fn instantiated(
    result: Result<Instance>,
    out: Out<'_, InstanceHandle>,
    trap: Out<'_, Option<Box<Object>>>,
) -> Failure {
    call_result(result, trap, |instance| {
        out.write(instance.into());
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_instance_new(
    store: ContextMut<'_>,
    module: &CModule,
    imports: *const CExtern,
    count: usize,
    out: Out<'_, InstanceHandle>,
    trap: Out<'_, Option<Box<Object>>>,
) -> Failure {
    // SAFETY: the header asks for so many items.
    let imports = unsafe { border::slice(imports, count) };
    let imports: Vec<Extern> = imports.iter().map(|item| item.to_extern(&store)).collect();
    instantiated(guarded(|| Instance::new(store, &module.module, &imports)), out, trap)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_instance_export_get(
    mut store: ContextMut<'_>,
    instance: &InstanceHandle,
    name: *const u8,
    len: usize,
    out: Out<'_, CExtern>,
) -> bool {
    // SAFETY: the header asks for so many bytes.
    let Ok(name) = (unsafe { border::text(name, len) }) else { return false };
    let instance = instance.expect("wasmtime_instance_export_get");
    match instance.get_export(&mut store, name) {
        Some(item) => {
            out.write(CExtern::new(store, item));
            true
        }
        None => false,
    }
}

/// The name is that in the module, and lives as long as the store.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_instance_export_nth(
    mut store: ContextMut<'_>,
    instance: &InstanceHandle,
    index: usize,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
    out: Out<'_, CExtern>,
) -> bool {
    let instance = instance.expect("wasmtime_instance_export_nth");
    let Some(export) = instance.exports(store.as_context_mut()).nth(index) else { return false };
    let text = export.name();
    name.write(text.as_ptr().cast());
    len.write(text.len());
    let item = export.into_extern();
    out.write(CExtern::new(store, item));
    true
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_instance_pre_delete(pre: Option<Box<CInstancePre>>) {
    drop(pre);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_instance_pre_instantiate(
    pre: &CInstancePre,
    store: ContextMut<'_>,
    out: Out<'_, InstanceHandle>,
    trap: Out<'_, Option<Box<Object>>>,
) -> Failure {
    instantiated(guarded(|| pre.0.instantiate(store)), out, trap)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_instance_pre_module(pre: &CInstancePre) -> Box<CModule> {
    pre.0.module().clone().into()
}
