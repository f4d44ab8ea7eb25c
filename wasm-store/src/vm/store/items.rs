//! What belongs to a store beside its instances: what the host defines, and the memories and tables
//! of instances.

#![allow(unsafe_code)]

use std::ptr::{self, NonNull};
use std::sync::Arc;

use wasm_types::{MemoryType, TableType};

use super::{VmEngine, VmStore, boxed};
use crate::Error;
use crate::vm::context::{FuncRef, HostDef, HostFunc, HostRecord, MemoryRecord, TableRecord};
use crate::vm::instance::VmInstance;
use crate::vm::memory::{MemoryContents, VmMemory, VmSharedMemory};
use crate::vm::table::VmTable;
use crate::vm::tag::VmTag;
use crate::vm::type_record::FuncTypeRecord;
use crate::vm::value::ValRaw;

impl VmStore {
    /// Makes a host function part of the store.
    ///
    /// # Safety
    ///
    /// The definition lives as long as the store.
    pub(crate) unsafe fn new_host_func(&mut self, def: NonNull<HostDef>) -> NonNull<FuncRef> {
        // SAFETY: as the caller promises.
        let (def, ty) = unsafe { (def.as_ref(), def.as_ref().ty) };
        let (code, shim) = def.thunk_and_shim();
        let func = boxed(HostFunc {
            func_ref: FuncRef {
                code,
                context: ptr::null_mut(),
                // SAFETY: a type's record lives as long as the engine.
                type_id: unsafe { ty.as_ref().id() },
                flags: FuncRef::HOST,
                ty: ty.as_ptr(),
            },
            record: HostRecord {
                ty: ty.as_ptr(),
                store: self.context.as_ptr(),
                shim,
                data: def.data,
                instance: ptr::null_mut(),
            },
            array: def.array,
            #[cfg(feature = "async")]
            start: def.start,
        });
        // SAFETY: just made, and nothing else refers to it.
        unsafe {
            let record = &raw mut (*func.as_ptr()).record;
            (*func.as_ptr()).func_ref.context = record.cast();
        }
        self.host_funcs.push(func);
        func.cast()
    }

    /// A memory that the host defines.
    pub(crate) fn new_memory(&mut self, ty: MemoryType) -> Result<NonNull<VmMemory>, Error> {
        // SAFETY: the record is kept with the memory.
        self.with_record(|engine, record| unsafe { VmMemory::new(ty, engine, record) })
    }

    /// The store's part in a memory that stores share.
    ///
    /// # Safety
    ///
    /// The memory is kept by an `Arc` now.
    pub(in crate::vm) unsafe fn shared_memory(
        &mut self,
        shared: NonNull<VmSharedMemory>,
    ) -> NonNull<VmMemory> {
        let is_same = |memory: &NonNull<VmMemory>| {
            // SAFETY: memories are the store's own.
            let known = unsafe { memory.as_ref() }.shared();
            known.is_some_and(|known| Arc::as_ptr(known) == shared.as_ptr().cast_const())
        };
        if let Some(known) = self.memories.iter().map(|(memory, _)| *memory).find(is_same) {
            return known;
        }
        // SAFETY: as the caller promises; this counts one more who has it.
        let shared = unsafe {
            Arc::increment_strong_count(shared.as_ptr().cast_const());
            Arc::from_raw(shared.as_ptr().cast_const())
        };
        self.adopt_memory(VmMemory::of_shared(shared))
    }

    /// A memory whose record is the store's.
    fn with_record(
        &mut self,
        make: impl FnOnce(&VmEngine, NonNull<MemoryRecord>) -> Result<VmMemory, Error>,
    ) -> Result<NonNull<VmMemory>, Error> {
        let record = boxed(MemoryRecord { base: ptr::null_mut(), length: 0 });
        match make(&self.engine, record) {
            Ok(memory) => {
                self.watch_memory(&memory);
                let memory = boxed(memory);
                self.memories.push((memory, Some(record)));
                Ok(memory)
            }
            Err(error) => {
                // SAFETY: made above, and nothing refers to it.
                drop(unsafe { Box::from_raw(record.as_ptr()) });
                Err(error)
            }
        }
    }

    /// A table that the host defines, all of whose elements are `init`.
    pub(crate) fn new_table(
        &mut self,
        ty: TableType,
        init: u64,
    ) -> Result<NonNull<VmTable>, Error> {
        let record = boxed(TableRecord { base: ptr::null_mut(), length: 0 });
        // SAFETY: the record is kept with the table.
        match unsafe { VmTable::new(ty, record, None, init) } {
            Ok(table) => {
                let table = boxed(table);
                self.tables.push((table, Some(record)));
                Ok(table)
            }
            Err(error) => {
                // SAFETY: made above, and nothing refers to it.
                drop(unsafe { Box::from_raw(record.as_ptr()) });
                Err(error)
            }
        }
    }

    /// A global that the host defines. `collected` says whether its type is one of references into
    /// the heap.
    pub(crate) fn new_global(&mut self, value: ValRaw, collected: bool) -> NonNull<ValRaw> {
        let global = boxed(value);
        self.globals.push(global);
        if collected {
            self.gc.add_global(global);
        }
        global
    }

    /// A tag that the host defines. The record of the type lives as long as the engine.
    pub(crate) fn new_tag(&mut self, ty: NonNull<FuncTypeRecord>) -> NonNull<VmTag> {
        let tag = boxed(VmTag::new(ty));
        self.tags.push(tag);
        tag
    }

    /// A memory that the host defines, with the contents of another.
    pub(in crate::vm) fn new_memory_of(
        &mut self,
        ty: MemoryType,
        contents: &MemoryContents,
    ) -> Result<NonNull<VmMemory>, Error> {
        // SAFETY: the record is kept with the memory.
        self.with_record(|engine, record| unsafe {
            VmMemory::of_contents(ty, engine, record, contents)
        })
    }

    /// Takes a memory whose record is in the context of the instance that defines it.
    pub(in crate::vm) fn adopt_memory(&mut self, memory: VmMemory) -> NonNull<VmMemory> {
        self.watch_memory(&memory);
        let memory = boxed(memory);
        self.memories.push((memory, None));
        memory
    }

    /// Takes a table whose record is in the context of the instance that defines it.
    pub(in crate::vm) fn adopt_table(&mut self, mut table: VmTable) -> NonNull<VmTable> {
        table.limit_to(self.engine.table_elements());
        let table = boxed(table);
        self.tables.push((table, None));
        table
    }

    /// Takes the memories and tables that an instance brings along from its last store.
    ///
    /// # Safety
    ///
    /// No store has them.
    pub(in crate::vm) unsafe fn adopt_items_of(&mut self, instance: NonNull<VmInstance>) {
        // SAFETY: the instance is this store's, and nothing borrows it exclusively.
        let instance = unsafe { instance.as_ref() };
        for memory in instance.own_memories() {
            // SAFETY: a memory lives as long as its instance.
            self.watch_memory(unsafe { memory.as_ref() });
        }
        self.memories.extend(instance.own_memories().iter().map(|memory| (*memory, None)));
        self.tables.extend(instance.own_tables().iter().map(|table| (*table, None)));
    }

    /// The memories that no instance defines.
    pub(in crate::vm) fn host_memories(&self) -> impl Iterator<Item = NonNull<VmMemory>> + '_ {
        self.memories.iter().filter(|(_, record)| record.is_some()).map(|(memory, _)| *memory)
    }

    /// The tables that no instance defines.
    pub(in crate::vm) fn host_tables(&self) -> impl Iterator<Item = NonNull<VmTable>> + '_ {
        self.tables.iter().filter(|(_, record)| record.is_some()).map(|(table, _)| *table)
    }

    /// The globals that no instance defines.
    pub(in crate::vm) fn host_globals(&self) -> &[NonNull<ValRaw>] {
        &self.globals
    }

    /// The host functions that are part of the store.
    #[cfg(feature = "call-hook")]
    pub(in crate::vm) fn host_funcs(&self) -> &[NonNull<HostFunc>] {
        &self.host_funcs
    }
}
