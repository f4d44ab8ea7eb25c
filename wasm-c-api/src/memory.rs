//! `wasmtime/memory.h`: memories.

#![allow(unsafe_code)]

use wasm_runtime::{ExternType, Memory};

use crate::border::{Out, guarded};
use crate::error::{Failure, failure};
use crate::handles::{Handle, handles};
use crate::store::{Context, ContextMut};
use crate::types::CExternType;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_new(
    mut store: ContextMut<'_>,
    ty: &CExternType,
    out: Out<'_, Handle>,
) -> Failure {
    failure(guarded(|| Memory::new(&mut store, ty.memory_type().clone())), |memory| {
        out.write(store.data_mut().handles.new_memory(memory));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_type(store: Context<'_>, memory: &Handle) -> Box<CExternType> {
    Box::new(ExternType::Memory(handles(&store).memory(memory).ty(store)).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_data(store: Context<'_>, memory: &Handle) -> *mut u8 {
    handles(&store).memory(memory).data_ptr(store)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_data_size(store: Context<'_>, memory: &Handle) -> usize {
    handles(&store).memory(memory).data_size(store)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_size(store: Context<'_>, memory: &Handle) -> u64 {
    handles(&store).memory(memory).size(store)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_grow(
    mut store: ContextMut<'_>,
    memory: &Handle,
    delta: u64,
    before: Out<'_, u64>,
) -> Failure {
    let memory = store.data().handles.memory(memory);
    failure(guarded(|| memory.grow(&mut store, delta)), |pages| {
        before.write(pages);
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_page_size(store: Context<'_>, memory: &Handle) -> u64 {
    handles(&store).memory(memory).page_size(store)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memory_page_size_log2(store: Context<'_>, memory: &Handle) -> u8 {
    handles(&store).memory(memory).page_size_log2(store)
}
