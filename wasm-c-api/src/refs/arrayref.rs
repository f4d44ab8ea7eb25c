//! `wasmtime/arrayref.h`: arrays.

#![allow(unsafe_code)]

use wasm_runtime::{AnyRef, ArrayRef, ArrayRefPre, ArrayType, AsContextMut, EqRef, RootScope};

use super::objects::live;
use super::{GcHandle, ref_family};
use crate::border::{Out, abort, guarded};
use crate::error::{Failure, failure};
use crate::store::ContextMut;
use crate::val::CVal;

ref_family!(ArrayRef: wasmtime_arrayref_clone wasmtime_arrayref_unroot);

super::objects::upcast!(ArrayRef: AnyRef, wasmtime_arrayref_to_anyref);
super::objects::upcast!(ArrayRef: EqRef, wasmtime_arrayref_to_eqref);

#[unsafe(no_mangle)]
extern "C" fn wasmtime_array_ref_pre_new(
    store: ContextMut<'_>,
    ty: &ArrayType,
) -> Box<ArrayRefPre> {
    Box::new(ArrayRefPre::new(store, ty.clone()))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_array_ref_pre_delete(pre: Option<Box<ArrayRefPre>>) {
    drop(pre);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_arrayref_new(
    mut store: ContextMut<'_>,
    pre: &ArrayRefPre,
    element: &CVal,
    len: u32,
    out: Out<'_, GcHandle>,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let element = element.to_val(&mut scope);
    let made = guarded(|| {
        let object = ArrayRef::new(&mut scope, pre, &element, len)?;
        GcHandle::new(&mut scope, Some(object))
    });
    failure(made, |handle| {
        out.write(handle);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_arrayref_len(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    out: Out<'_, u32>,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let len = live::<ArrayRef>(object, &mut scope).and_then(|object| object.len(&scope));
    failure(len, |len| {
        out.write(len);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_arrayref_get(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    index: u32,
    out: Out<'_, CVal>,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let element = live::<ArrayRef>(object, &mut scope).and_then(|object| {
        let val = object.get(&mut scope, index)?;
        CVal::new(&mut scope, val)
    });
    failure(element, |val| {
        out.write(val);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_arrayref_set(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    index: u32,
    val: &CVal,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let set = live::<ArrayRef>(object, &mut scope).and_then(|object| {
        let val = val.to_val(&mut scope);
        object.set(&mut scope, index, val)
    });
    failure(set, |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_arrayref_type(
    mut store: ContextMut<'_>,
    object: &GcHandle,
) -> Box<ArrayType> {
    let mut scope = RootScope::new(store.as_context_mut());
    match live::<ArrayRef>(object, &mut scope).and_then(|object| object.ty(&scope)) {
        Ok(ty) => Box::new(ty),
        Err(error) => abort("wasmtime_arrayref_type", error),
    }
}
