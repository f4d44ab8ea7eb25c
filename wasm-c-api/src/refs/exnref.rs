//! `wasmtime/exnref.h`: exceptions, and those that are thrown.

#![allow(unsafe_code)]

use wasm_runtime::{AsContextMut, ExnRef, ExnRefPre, ExnType, RootScope};

use super::objects::live;
use super::{GcHandle, ref_family};
use crate::border::{self, Out, abort, guarded};
use crate::error::{Failure, failure};
use crate::handles::{Handle, new_tag};
use crate::object::Object;
use crate::store::ContextMut;
use crate::val::CVal;

ref_family!(ExnRef: wasmtime_exnref_clone wasmtime_exnref_unroot);
super::raw_family!(ExnRef: wasmtime_exnref_from_raw wasmtime_exnref_to_raw);

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_exnref_new(
    mut store: ContextMut<'_>,
    tag: &Handle,
    fields: *const CVal,
    count: usize,
    out: Out<'_, GcHandle>,
) -> Failure {
    let tag = store.data().handles.tag(tag);
    // SAFETY: the header asks for so many values.
    let fields = unsafe { border::slice(fields, count) };
    let mut scope = RootScope::new(store.as_context_mut());
    let fields: Vec<_> = fields.iter().map(|field| field.to_val(&mut scope)).collect();
    let made = guarded(|| {
        let ty = ExnType::from_tag_type(&tag.ty(&scope))?;
        let pre = ExnRefPre::new(&mut scope, ty);
        let object = ExnRef::new(&mut scope, &pre, &tag, &fields)?;
        GcHandle::new(&mut scope, Some(object))
    });
    failure(made, |handle| {
        out.write(handle);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exnref_tag(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    out: Out<'_, Handle>,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let tag = live::<ExnRef>(object, &mut scope).and_then(|object| object.tag(&mut scope));
    failure(tag, |tag| {
        out.write(new_tag(scope.as_context_mut(), tag));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exnref_field_count(mut store: ContextMut<'_>, object: &GcHandle) -> usize {
    let mut scope = RootScope::new(store.as_context_mut());
    let ty = live::<ExnRef>(object, &mut scope).and_then(|object| object.ty(&scope));
    ty.map_or(0, |ty| ty.fields().len())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exnref_field(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    index: usize,
    out: Out<'_, CVal>,
) -> Failure {
    let mut scope = RootScope::new(store.as_context_mut());
    let field = live::<ExnRef>(object, &mut scope).and_then(|object| {
        let val = object.field(&mut scope, index)?;
        CVal::new(&mut scope, val)
    });
    failure(field, |val| {
        out.write(val);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exnref_type(mut store: ContextMut<'_>, object: &GcHandle) -> Box<ExnType> {
    let mut scope = RootScope::new(store.as_context_mut());
    match live::<ExnRef>(object, &mut scope).and_then(|object| object.ty(&scope)) {
        Ok(ty) => Box::new(ty),
        Err(error) => abort("wasmtime_exnref_type", error),
    }
}

/// Throws an exception: the trap that is returned is what a host function returns for Wasm to catch
/// the exception.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_set_exception(
    mut store: ContextMut<'_>,
    object: &GcHandle,
) -> Box<Object> {
    let mut scope = RootScope::new(store.as_context_mut());
    let error = match live::<ExnRef>(object, &mut scope) {
        Ok(object) => match scope.as_context_mut().throw::<std::convert::Infallible>(object) {
            Ok(never) => match never {},
            Err(thrown) => thrown,
        },
        Err(error) => error,
    };
    Box::new(Object::trap(error))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_take_exception(
    mut store: ContextMut<'_>,
    out: Out<'_, GcHandle>,
) -> bool {
    let mut scope = RootScope::new(store.as_context_mut());
    let taken = scope.as_context_mut().take_pending_exception();
    let Some(taken) = taken else { return false };
    GcHandle::new(&mut scope, Some(taken)).map(|handle| out.write(handle)).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_has_exception(store: ContextMut<'_>) -> bool {
    store.has_pending_exception()
}
