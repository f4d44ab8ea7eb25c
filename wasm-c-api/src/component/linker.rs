//! `wasmtime/component/linker.h`: linkers of components.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::component::{Linker, LinkerInstance, ResourceType, types};
use wasm_runtime::wasi;

use super::compiled::CComponent;
use super::handles::InstanceHandle;
use super::val::ComponentVal;
use crate::border::{self, Finalizer, Foreign, Out, guarded};
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::module::CModule;
use crate::store::{ContextMut, StoreData};

/// `wasmtime_component_linker_t`.
pub(super) struct ComponentLinker(pub(super) Linker<StoreData>);

/// `wasmtime_component_linker_instance_t`: a borrow of its linker, as the header says.
pub(super) struct CLinkerInstance<'a>(pub(super) LinkerInstance<'a, StoreData>);

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_new(engine: &CEngine) -> Box<ComponentLinker> {
    Box::new(ComponentLinker(Linker::new(&engine.engine)))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_delete(linker: Option<Box<ComponentLinker>>) {
    drop(linker);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_allow_shadowing(linker: &mut ComponentLinker, allow: bool) {
    linker.0.allow_shadowing(allow);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_root(
    linker: &mut ComponentLinker,
) -> Box<CLinkerInstance<'_>> {
    Box::new(CLinkerInstance(linker.0.root()))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_instance_delete(
    instance: Option<Box<CLinkerInstance<'_>>>,
) {
    drop(instance);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_instantiate(
    linker: &ComponentLinker,
    mut store: ContextMut<'_>,
    component: &CComponent,
    out: Out<'_, InstanceHandle>,
) -> Failure {
    failure(guarded(|| linker.0.instantiate(&mut store, &component.0)), |instance| {
        out.write(store.data_mut().new_component_instance(instance));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_define_unknown_imports_as_traps(
    linker: &mut ComponentLinker,
    component: &CComponent,
) -> Failure {
    failure(linker.0.define_unknown_imports_as_traps(&component.0), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_add_wasip2(linker: &mut ComponentLinker) -> Failure {
    failure(wasi::p2::add_to_linker_sync(&mut linker.0), |_| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_linker_instance_add_instance<'a>(
    instance: &'a mut CLinkerInstance<'_>,
    name: *const u8,
    len: usize,
    out: Out<'_, Box<CLinkerInstance<'a>>>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    failure(name.and_then(|name| instance.0.instance(name)), |instance| {
        out.write(Box::new(CLinkerInstance(instance)));
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_linker_instance_add_module(
    instance: &mut CLinkerInstance<'_>,
    name: *const u8,
    len: usize,
    module: &CModule,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    failure(name.and_then(|name| instance.0.module(name, &module.module)), |()| ())
}

/// `wasmtime_component_func_callback_t`.
type ComponentFuncCallback = extern "C" fn(
    *mut c_void,
    ContextMut<'_>,
    &types::ComponentFunc,
    *mut ComponentVal,
    usize,
    *mut ComponentVal,
    usize,
) -> Failure;

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_linker_instance_add_func(
    instance: &mut CLinkerInstance<'_>,
    name: *const u8,
    len: usize,
    callback: ComponentFuncCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Failure {
    let foreign = Foreign::new(data, finalizer);
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    let added = name.and_then(|name| {
        instance.0.func_new(name, move |store, ty, params, results| {
            // All of it, so that it is freed with the function.
            let foreign = &foreign;
            let mut params: Vec<ComponentVal> =
                params.iter().cloned().map(ComponentVal::from).collect();
            let mut c_results = vec![ComponentVal::NOTHING; results.len()];
            let error = callback(
                foreign.data,
                store,
                &ty,
                params.as_mut_ptr(),
                params.len(),
                c_results.as_mut_ptr(),
                c_results.len(),
            );
            if let Some(error) = error {
                return Err(error.0);
            }
            for (result, value) in results.iter_mut().zip(&c_results) {
                *result = value.to_val()?;
            }
            Ok(())
        })
    });
    failure(added, |()| ())
}

/// `wasmtime_component_resource_destructor_t`.
type Destructor = extern "C" fn(*mut c_void, ContextMut<'_>, u32) -> Failure;

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_linker_instance_add_resource(
    instance: &mut CLinkerInstance<'_>,
    name: *const u8,
    len: usize,
    ty: &ResourceType,
    destructor: Destructor,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Failure {
    let foreign = Foreign::new(data, finalizer);
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    let added = name.and_then(|name| {
        instance.0.resource(name, *ty, move |store, rep| {
            // All of it, so that it is freed with the type.
            let foreign = &foreign;
            destructor(foreign.data, store, rep).map_or(Ok(()), |error| Err(error.0))
        })
    });
    failure(added, |()| ())
}
