//! `wasmtime/global.h`: globals.

#![allow(unsafe_code)]

use wasm_runtime::{AsContextMut, ExternType, Global, RootScope};

use crate::border::{Out, abort};
use crate::error::{Failure, failure};
use crate::handles::{GlobalHandle, handles};
use crate::store::{Context, ContextMut};
use crate::types::CExternType;
use crate::val::{CVal, with_val};

#[unsafe(no_mangle)]
extern "C" fn wasmtime_global_new(
    mut store: ContextMut<'_>,
    ty: &CExternType,
    val: &CVal,
    out: Out<'_, GlobalHandle>,
) -> Failure {
    let global = with_val(&mut store, val, |store, val| Global::new(store, ty.global_type(), val));
    failure(global, |global| {
        out.write(store.data_mut().handles.new_global(global));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_global_type(store: Context<'_>, global: &GlobalHandle) -> Box<CExternType> {
    Box::new(ExternType::Global(handles(&store).global(global).ty(store)).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_global_get(
    mut store: ContextMut<'_>,
    global: &GlobalHandle,
    out: Out<'_, CVal>,
) {
    let global = store.data().handles.global(global);
    let mut scope = RootScope::new(store.as_context_mut());
    let val = global.get(&mut scope);
    match CVal::new(&mut scope, val) {
        Ok(val) => {
            out.write(val);
        }
        Err(error) => abort("wasmtime_global_get", error),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_global_set(
    mut store: ContextMut<'_>,
    global: &GlobalHandle,
    val: &CVal,
) -> Failure {
    let global = store.data().handles.global(global);
    failure(with_val(&mut store, val, |store, val| global.set(store, val)), |()| ())
}
