//! `wasmtime/tag.h`: tags of exceptions.

#![allow(unsafe_code)]

use wasm_runtime::{AsContextMut, ExternType, Tag};

use crate::border::Out;
use crate::error::{Failure, failure};
use crate::handles::{Handle, handles, new_tag};
use crate::store::{Context, ContextMut};
use crate::types::CExternType;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_tag_new(
    mut store: ContextMut<'_>,
    ty: &CExternType,
    out: Out<'_, Handle>,
) -> Failure {
    let ty = ty.tag_type(store.engine());
    failure(Tag::new(store.as_context_mut(), &ty), |tag| {
        out.write(new_tag(store, tag));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_tag_type(store: Context<'_>, tag: &Handle) -> Box<CExternType> {
    Box::new(ExternType::Tag(handles(&store).tag(tag).ty(store)).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_tag_eq(store: Context<'_>, a: &Handle, b: &Handle) -> bool {
    let handles = handles(&store);
    Tag::eq(&handles.tag(a), &handles.tag(b), store)
}
