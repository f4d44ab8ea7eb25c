//! `wasmtime/extern.h`: anything that is imported or exported.

#![allow(unsafe_code)]

use wasm_runtime::{Extern, SharedMemory};

use crate::border::abort;
use crate::handles::{FuncHandle, GlobalHandle, Handle, new_tag};
use crate::store::ContextMut;
use crate::types::CExternType;

/// `wasmtime_extern_t`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct CExtern {
    kind: u8,
    of: ExternUnion,
}

/// `wasmtime_extern_union_t`.
#[derive(Clone, Copy)]
#[repr(C)]
union ExternUnion {
    func: FuncHandle,
    global: GlobalHandle,
    other: Handle,
    /// Owned.
    shared: *mut SharedMemory,
}

const _: () = assert!(size_of::<CExtern>() == 32);

const FUNC: u8 = 0;
const GLOBAL: u8 = 1;
const TABLE: u8 = 2;
const MEMORY: u8 = 3;
const SHARED_MEMORY: u8 = 4;
const TAG: u8 = 5;

impl CExtern {
    pub(crate) fn new(mut store: ContextMut<'_>, item: Extern) -> Self {
        let handles = &mut store.data_mut().handles;
        let (kind, of) = match item {
            Extern::Func(func) => (FUNC, ExternUnion { func: func.into() }),
            Extern::Global(global) => (GLOBAL, ExternUnion { global: handles.new_global(global) }),
            Extern::Table(table) => (TABLE, ExternUnion { other: handles.new_table(table) }),
            Extern::Memory(memory) => (MEMORY, ExternUnion { other: handles.new_memory(memory) }),
            Extern::SharedMemory(memory) => {
                (SHARED_MEMORY, ExternUnion { shared: Box::into_raw(Box::new(memory)) })
            }
            Extern::Tag(tag) => (TAG, ExternUnion { other: new_tag(store, tag) }),
        };
        Self { kind, of }
    }

    pub(crate) fn to_extern(self, store: &ContextMut<'_>) -> Extern {
        let handles = &store.data().handles;
        // SAFETY: the kind says which of them was written.
        unsafe {
            match self.kind {
                FUNC => Extern::Func(self.of.func.expect("wasmtime_extern_t")),
                GLOBAL => Extern::Global(handles.global(&self.of.global)),
                TABLE => Extern::Table(handles.table(&self.of.other)),
                MEMORY => Extern::Memory(handles.memory(&self.of.other)),
                SHARED_MEMORY => match self.of.shared.as_ref() {
                    Some(memory) => Extern::SharedMemory(memory.clone()),
                    None => abort("wasmtime_extern_t", "the shared memory is null, or deleted"),
                },
                TAG => Extern::Tag(handles.tag(&self.of.other)),
                other => abort("wasmtime_extern_t", format!("there is no kind {other} of items")),
            }
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_extern_delete(item: &mut CExtern) {
    if item.kind == SHARED_MEMORY {
        // SAFETY: the kind says that there is a memory, which is owned. What C has afterwards may
        // be deleted again, as the handles of other kinds.
        unsafe {
            if !item.of.shared.is_null() {
                drop(Box::from_raw(item.of.shared));
            }
            item.of.shared = std::ptr::null_mut();
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_extern_type(store: ContextMut<'_>, item: &CExtern) -> Box<CExternType> {
    Box::new(item.to_extern(&store).ty(&store).into())
}
