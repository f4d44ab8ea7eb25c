//! `wasmtime/linker.h`: linkers.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::Linker;

use crate::border::{self, Finalizer, Foreign, Out, guarded};
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::external::CExtern;
use crate::func::numbers::{Numbers, numeric_function};
use crate::func::{FuncCallback, host_function};
use crate::handles::{FuncHandle, InstanceHandle};
use crate::instance::{CInstancePre, instantiated};
use crate::module::CModule;
use crate::object::Object;
use crate::store::{ContextMut, StoreData};
use crate::types::CExternType;

/// `wasmtime_linker_t`.
#[derive(Clone)]
pub(crate) struct CLinker {
    pub(crate) linker: Linker<StoreData>,
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_new(engine: &CEngine) -> Box<CLinker> {
    Box::new(CLinker { linker: Linker::new(&engine.engine) })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_clone(linker: &CLinker) -> Box<CLinker> {
    Box::new(linker.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_delete(linker: Option<Box<CLinker>>) {
    drop(linker);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_allow_shadowing(linker: &mut CLinker, allow: bool) {
    linker.linker.allow_shadowing(allow);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_define(
    linker: &mut CLinker,
    store: ContextMut<'_>,
    module: *const u8,
    module_len: usize,
    name: *const u8,
    name_len: usize,
    item: &CExtern,
) -> Failure {
    // SAFETY: the header asks for so many bytes each.
    let names = unsafe { names(module, module_len, name, name_len) };
    let item = item.to_extern(&store);
    let defined = names.and_then(|(module, name)| linker.linker.define(&store, module, name, item));
    failure(defined, drop_ok)
}

/// Linkers return themselves.
fn drop_ok<T>(_: T) {}

/// The names of an import.
///
/// # Safety
///
/// As for [`border::text`], for both.
pub(crate) unsafe fn names<'a>(
    module: *const u8,
    module_len: usize,
    name: *const u8,
    name_len: usize,
) -> wasm_runtime::Result<(&'a str, &'a str)> {
    // SAFETY: as the caller promises.
    unsafe { Ok((border::text(module, module_len)?, border::text(name, name_len)?)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_define_func(
    linker: &mut CLinker,
    module: *const u8,
    module_len: usize,
    name: *const u8,
    name_len: usize,
    ty: &CExternType,
    callback: FuncCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Failure {
    let foreign = Foreign::new(data, finalizer);
    let ty = ty.func_type(linker.linker.engine());
    // SAFETY: the header asks for so many bytes each.
    let names = unsafe { names(module, module_len, name, name_len) };
    let defined = names.and_then(|(module, name)| {
        let linker = &mut linker.linker;
        match Numbers::new(&ty) {
            Some(numbers) => {
                let func = numeric_function(callback, foreign, numbers);
                linker.func_new_numeric(module, name, ty, func)
            }
            None => linker.func_new(module, name, ty, host_function(callback, foreign)),
        }
    });
    failure(defined, drop_ok)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_define_instance(
    linker: &mut CLinker,
    store: ContextMut<'_>,
    name: *const u8,
    len: usize,
    instance: &InstanceHandle,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    let instance = instance.expect("wasmtime_linker_define_instance");
    let defined = name.and_then(|name| linker.linker.instance(store, name, instance));
    failure(defined, drop_ok)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_define_unknown_imports_as_traps(
    linker: &mut CLinker,
    module: &CModule,
) -> Failure {
    failure(linker.linker.define_unknown_imports_as_traps(&module.module), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_define_unknown_imports_as_default_values(
    linker: &mut CLinker,
    store: ContextMut<'_>,
    module: &CModule,
) -> Failure {
    let defined = linker.linker.define_unknown_imports_as_default_values(store, &module.module);
    failure(defined, drop_ok)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_instantiate(
    linker: &CLinker,
    store: ContextMut<'_>,
    module: &CModule,
    out: Out<'_, InstanceHandle>,
    trap: Out<'_, Option<Box<Object>>>,
) -> Failure {
    instantiated(guarded(|| linker.linker.instantiate(store, &module.module)), out, trap)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_instantiate_pre(
    linker: &CLinker,
    module: &CModule,
    out: Out<'_, Box<CInstancePre>>,
) -> Failure {
    failure(linker.linker.instantiate_pre(&module.module), |pre| {
        out.write(Box::new(CInstancePre(pre)));
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_module(
    linker: &mut CLinker,
    store: ContextMut<'_>,
    name: *const u8,
    len: usize,
    module: &CModule,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    let linker = &mut linker.linker;
    let defined = name.and_then(|name| guarded(|| linker.module(store, name, &module.module)));
    failure(defined, drop_ok)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_get_default(
    linker: &CLinker,
    store: ContextMut<'_>,
    name: *const u8,
    len: usize,
    out: Out<'_, FuncHandle>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    failure(name.and_then(|name| linker.linker.get_default(store, name)), |func| {
        out.write(func.into());
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_get(
    linker: &CLinker,
    mut store: ContextMut<'_>,
    module: *const u8,
    module_len: usize,
    name: *const u8,
    name_len: usize,
    out: Out<'_, CExtern>,
) -> bool {
    // SAFETY: the header asks for so many bytes each.
    let Ok((module, name)) = (unsafe { names(module, module_len, name, name_len) }) else {
        return false;
    };
    match linker.linker.get(&mut store, module, name) {
        Ok(item) => {
            out.write(CExtern::new(store, item));
            true
        }
        Err(_) => false,
    }
}
