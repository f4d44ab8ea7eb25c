//! `wasmtime/sharedmemory.h`: memories that several stores share.

#![allow(unsafe_code)]

use wasm_runtime::{ExternType, SharedMemory};

use crate::border::Out;
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::types::CExternType;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_new(
    engine: &CEngine,
    ty: &CExternType,
    out: Out<'_, Box<SharedMemory>>,
) -> Failure {
    failure(SharedMemory::new(&engine.engine, ty.memory_type().clone()), |memory| {
        out.write(Box::new(memory));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_delete(memory: Option<Box<SharedMemory>>) {
    drop(memory);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_clone(memory: &SharedMemory) -> Box<SharedMemory> {
    Box::new(memory.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_type(memory: &SharedMemory) -> Box<CExternType> {
    Box::new(ExternType::Memory(memory.ty()).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_data(memory: &SharedMemory) -> *mut u8 {
    memory.data().as_ptr().cast_mut().cast()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_data_size(memory: &SharedMemory) -> usize {
    memory.data_size()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_size(memory: &SharedMemory) -> u64 {
    memory.size()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_sharedmemory_grow(
    memory: &SharedMemory,
    delta: u64,
    before: Out<'_, u64>,
) -> Failure {
    failure(memory.grow(delta), |pages| {
        before.write(pages);
    })
}
