//! `wasmtime/structref.h`: structures.

#![allow(unsafe_code)]

use wasm_runtime::{AnyRef, AsContextMut, EqRef, RootScope, StructRef, StructRefPre, StructType};

use super::objects::live;
use super::{GcHandle, ref_family};
use crate::border::{self, Out, abort, guarded};
use crate::error::{Failure, failure};
use crate::store::ContextMut;
use crate::val::CVal;

ref_family!(StructRef: wasmtime_structref_clone wasmtime_structref_unroot);

super::objects::upcast!(StructRef: AnyRef, wasmtime_structref_to_anyref);
super::objects::upcast!(StructRef: EqRef, wasmtime_structref_to_eqref);

#[unsafe(no_mangle)]
extern "C" fn wasmtime_struct_ref_pre_new(
    store: ContextMut<'_>,
    ty: &StructType,
) -> Box<StructRefPre> {
    Box::new(StructRefPre::new(store, ty.clone()))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_struct_ref_pre_delete(pre: Option<Box<StructRefPre>>) {
    drop(pre);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_structref_new(
    mut store: ContextMut<'_>,
    pre: &StructRefPre,
    fields: *const CVal,
    count: usize,
    out: Out<'_, GcHandle>,
) -> Failure {
    // SAFETY: the header asks for so many values.
    let fields = unsafe { border::slice(fields, count) };
    let mut scope = RootScope::new(store.as_context_mut());
    let fields: Vec<_> = fields.iter().map(|field| field.to_val(&mut scope)).collect();
    let made = guarded(|| {
        let object = StructRef::new(&mut scope, pre, &fields)?;
        GcHandle::new(&mut scope, Some(object))
    });
    failure(made, |handle| {
        out.write(handle);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_structref_field(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    index: usize,
    out: Out<'_, CVal>,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let field = live::<StructRef>(object, &mut scope).and_then(|object| {
        let val = object.field(&mut scope, index)?;
        CVal::new(&mut scope, val)
    });
    failure(field, |val| {
        out.write(val);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_structref_set_field(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    index: usize,
    val: &CVal,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let set = live::<StructRef>(object, &mut scope).and_then(|object| {
        let val = val.to_val(&mut scope);
        object.set_field(&mut scope, index, val)
    });
    failure(set, |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_structref_type(
    mut store: ContextMut<'_>,
    object: &GcHandle,
) -> Box<StructType> {
    let mut scope = RootScope::new(store.as_context_mut());
    match live::<StructRef>(object, &mut scope).and_then(|object| object.ty(&scope)) {
        Ok(ty) => Box::new(ty),
        Err(error) => abort("wasmtime_structref_type", error),
    }
}
