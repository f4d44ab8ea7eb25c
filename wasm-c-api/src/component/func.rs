//! `wasmtime/component/func.h`: functions of components, and their types.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::component::{Val, types};

use super::types::name_at;
use super::val::ComponentVal;
use super::valtypes::ComponentValType;
use crate::border::{self, Out, guarded};
use crate::error::{Failure, failure};
use crate::handles::Handle;
use crate::store::ContextMut;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type(
    func: &Handle,
    store: ContextMut<'_>,
) -> Box<types::ComponentFunc> {
    Box::new(store.data().component_func(func).ty(store))
}

/// The results need not be initialised.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_func_call(
    func: &Handle,
    store: ContextMut<'_>,
    params: *const ComponentVal,
    param_count: usize,
    results: *mut ComponentVal,
    result_count: usize,
) -> Failure {
    let func = store.data().component_func(func);
    // SAFETY: the header asks for so many values.
    let params = unsafe { border::slice(params, param_count) };
    let called = guarded(|| {
        let params: Vec<Val> = params.iter().map(ComponentVal::to_val).collect::<Result<_, _>>()?;
        let mut values = vec![Val::Bool(false); result_count];
        func.call(store, &params, &mut values)?;
        Ok(values)
    });
    failure(called, |values| {
        for (index, value) in values.into_iter().enumerate() {
            // SAFETY: the header asks for room for so many values.
            unsafe { results.add(index).write(value.into()) };
        }
    })
}

/// It is done by the call.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_post_return(func: &Handle, store: ContextMut<'_>) -> Failure {
    store.data().component_func(func);
    None
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type_clone(
    ty: &types::ComponentFunc,
) -> Box<types::ComponentFunc> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type_delete(ty: Option<Box<types::ComponentFunc>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type_async(ty: &types::ComponentFunc) -> bool {
    ty.async_()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type_param_count(ty: &types::ComponentFunc) -> usize {
    ty.params().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type_param_nth(
    ty: &types::ComponentFunc,
    index: usize,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
    out: Out<'_, ComponentValType>,
) -> bool {
    let param = ty.params().nth(index);
    name_at(param, name, len).map(|ty| out.write(ty.into())).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_func_type_result(
    ty: &types::ComponentFunc,
    out: Out<'_, ComponentValType>,
) -> bool {
    ty.results().next().map(|ty| out.write(ty.into())).is_some()
}
