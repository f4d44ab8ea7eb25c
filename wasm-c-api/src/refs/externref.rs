//! `wasmtime/externref.h`: references to data of the embedder.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::{AsContextMut, ExternRef, RootScope};

use super::{GcHandle, ref_family};
use crate::border::{Finalizer, Foreign, Out};
use crate::store::ContextMut;

ref_family!(ExternRef: wasmtime_externref_clone wasmtime_externref_unroot);
super::raw_family!(ExternRef: wasmtime_externref_from_raw wasmtime_externref_to_raw);

/// `false` if the heap is full.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_externref_new(
    mut store: ContextMut<'_>,
    data: *mut c_void,
    finalizer: Finalizer,
    out: Out<'_, GcHandle>,
) -> bool {
    let mut scope = RootScope::new(store.as_context_mut());
    let made = ExternRef::new(&mut scope, Foreign::new(data, finalizer))
        .and_then(|value| GcHandle::new(&mut scope, Some(value)));
    made.map(|handle| out.write(handle)).is_ok()
}

/// Null if the reference is, or if it is none to data of the embedder.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_externref_data(
    mut store: ContextMut<'_>,
    value: Option<&GcHandle>,
) -> *mut c_void {
    let data = || {
        let mut scope = RootScope::new(store.as_context_mut());
        // SAFETY: the header says of which type the handle is.
        let value = unsafe { value?.rooted::<ExternRef>(&mut scope) }?;
        let data = value.data(scope.as_context_mut()).ok()??;
        Some(data.downcast_ref::<Foreign>()?.data)
    };
    let mut data = data;
    data().unwrap_or(std::ptr::null_mut())
}
