//! Memories of `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::{Extern, Memory};

use super::StoreRef;
use crate::border::{abort, guarded};
use crate::object::{Object, Thing};
use crate::types::CExternType;

/// Null if the memory can't be made.
#[unsafe(no_mangle)]
extern "C" fn wasm_memory_new(store: &StoreRef, ty: &CExternType) -> Option<Box<Object>> {
    let memory = guarded(|| Memory::new(store.context(), ty.memory_type().clone()));
    let thing = Thing::Extern(Extern::Memory(memory.ok()?));
    Some(Box::new(Object::new(thing, store.clone())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_memory_type(memory: &Object) -> Box<CExternType> {
    let (memory, store) = memory.expect_extern("wasm_memory_type");
    Box::new(memory.ty(store).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasm_memory_data(memory: &Object) -> *mut u8 {
    match memory.expect_extern("wasm_memory_data") {
        (Extern::Memory(memory), store) => memory.data_ptr(store),
        (Extern::SharedMemory(memory), _) => memory.data().as_ptr().cast_mut().cast(),
        _ => no_memory("wasm_memory_data"),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_memory_data_size(memory: &Object) -> usize {
    match memory.expect_extern("wasm_memory_data_size") {
        (Extern::Memory(memory), store) => memory.data_size(store),
        (Extern::SharedMemory(memory), _) => memory.data_size(),
        _ => no_memory("wasm_memory_data_size"),
    }
}

/// In pages. A memory with more than the result can say has that many.
#[unsafe(no_mangle)]
extern "C" fn wasm_memory_size(memory: &Object) -> u32 {
    let pages = match memory.expect_extern("wasm_memory_size") {
        (Extern::Memory(memory), store) => memory.size(store),
        (Extern::SharedMemory(memory), _) => memory.size(),
        _ => no_memory("wasm_memory_size"),
    };
    u32::try_from(pages).unwrap_or(u32::MAX)
}

#[unsafe(no_mangle)]
extern "C" fn wasm_memory_grow(memory: &Object, delta: u32) -> bool {
    let grown = match memory.expect_extern("wasm_memory_grow") {
        (Extern::Memory(memory), store) => guarded(|| memory.grow(store, delta.into())),
        (Extern::SharedMemory(memory), _) => memory.grow(delta.into()),
        _ => no_memory("wasm_memory_grow"),
    };
    grown.is_ok()
}

fn no_memory(function: &str) -> ! {
    abort(function, "the object is no memory")
}
