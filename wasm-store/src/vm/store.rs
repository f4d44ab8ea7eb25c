//! What one store owns at the machine's edge.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use wasm_types::{MemoryType, TableType};

use super::context::{
    FuncRef, HostDef, HostFunc, HostRecord, MemoryRecord, TableRecord, VMStoreContext,
};
use super::continuations::Continuations;
pub(super) use super::engine::VmEngine;
use super::gc::{Gc, Tracer};
use super::instance::VmInstance;
use super::interruption::StoreInterruption;
use super::memory::{MemoryContents, VmMemory, VmSharedMemory};
use super::room::{Room, Wanted};
use super::stack::{StackHead, WasmStack};
use super::state::sizes::Waiting;
pub(crate) use super::store_host::StoreHost;
use super::sys::mapping::HOST_PAGE;
use super::table::VmTable;
use super::tag::VmTag;
use super::type_record::FuncTypeRecord;
use super::unwind::{PendingTrap, RETURNED, Unwind};
use super::value::ValRaw;
use super::{fuel, interruption};
use crate::Error;

/// What one store owns at the machine's edge. All of it stays at its address until the store is
/// dropped.
pub(crate) struct VmStore {
    /// Boxed on its own: its address is in every instance context.
    context: NonNull<VMStoreContext>,
    pub(super) engine: Arc<VmEngine>,
    host: Option<NonNull<dyn StoreHost>>,
    instances: Vec<NonNull<VmInstance>>,
    memories: Vec<(NonNull<VmMemory>, Option<NonNull<MemoryRecord>>)>,
    tables: Vec<(NonNull<VmTable>, Option<NonNull<TableRecord>>)>,
    host_funcs: Vec<NonNull<HostFunc>>,
    globals: Vec<NonNull<ValRaw>>,
    tags: Vec<NonNull<VmTag>>,
    /// The instances that can't run until something grows.
    pub(super) waiting: Waiting,
    /// How many instances were counted against the engine's limit.
    counted: usize,
    /// How many bytes all memories, tables and host values may have together.
    memory_limit: usize,
    /// How many bytes the host values take that Wasm holds references to.
    host_values: usize,
    /// The stack that the first call takes, if its size is not the engine's.
    own_stack: Option<WasmStack>,
    /// The fuel that exceeds what the number in the context can hold.
    pub(super) fuel_reserve: u64,
    /// Present if its code can be interrupted.
    pub(super) interruption: Option<Box<StoreInterruption>>,
    /// Its garbage-collected heap.
    pub(crate) gc: Gc,
    pub(super) continuations: Continuations,
    /// What the call that is running needs if it has to wait.
    #[cfg(feature = "async")]
    pub(super) suspending: super::suspend::Suspending,
}

// SAFETY: everything that the pointers lead to belongs to this value, and is used only through a
// borrow of the store that holds it.
unsafe impl Send for VmStore {}
// SAFETY: as above; a shared borrow only reads.
unsafe impl Sync for VmStore {}

impl fmt::Debug for VmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VmStore").field("instances", &self.instances.len()).finish_non_exhaustive()
    }
}

fn boxed<T>(value: T) -> NonNull<T> {
    NonNull::from(Box::leak(Box::new(value)))
}

impl VmStore {
    /// An empty store. [`VmStore::pin`] must be called at its final address before it is used.
    pub(crate) fn new(engine: Arc<VmEngine>) -> Self {
        let context = boxed(VMStoreContext {
            wasm_sp: ptr::null_mut(),
            host_sp: ptr::null_mut(),
            entry_code: ptr::null(),
            outcome: RETURNED,
            returned: RETURNED,
            trap: PendingTrap::default(),
            failure: None,
            base: StackHead::NONE,
            current: ptr::null_mut(),
            stack: None,
            fuel: fuel::initial(&engine),
            vm: ptr::null_mut(),
            host_data: ptr::null_mut(),
            interrupt_page: interruption::readable_page(),
            function_hook: Default::default(),
            exceptions: None,
        });
        // SAFETY: the context is this store's own, and stays where it is.
        unsafe { VMStoreContext::runs_nothing(context) };
        let interruption = engine.interruption.as_ref().map(StoreInterruption::new);
        let gc = Gc::new(engine.gc);
        Self {
            context,
            engine,
            host: None,
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            host_funcs: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            waiting: Waiting::default(),
            counted: 0,
            memory_limit: usize::MAX,
            host_values: 0,
            own_stack: None,
            fuel_reserve: 0,
            interruption,
            gc,
            continuations: Continuations::default(),
            #[cfg(feature = "async")]
            suspending: Default::default(),
        }
    }

    /// Records the store's final address: from now on it must not move. `host_data` is for the
    /// shims of host functions. `host` is queried when memories and tables grow.
    pub(crate) fn pin(&mut self, host_data: *mut (), host: Option<NonNull<dyn StoreHost>>) {
        self.host = host;
        let vm = ptr::from_mut(self);
        // SAFETY: the context is this store's own.
        unsafe {
            (*self.context.as_ptr()).vm = vm;
            (*self.context.as_ptr()).host_data = host_data;
        }
    }

    /// The store's context.
    #[inline]
    pub(crate) fn context(&self) -> *mut VMStoreContext {
        self.context.as_ptr()
    }

    /// The host that is queried when memories and tables grow.
    ///
    /// # Safety
    ///
    /// Nothing else may borrow the host for as long as the reference is used.
    pub(super) unsafe fn host<'a>(&self) -> Option<&'a mut dyn StoreHost> {
        // SAFETY: the host is the API's store, which holds this one. That nothing else borrows it
        // is the caller's promise.
        self.host.map(|mut host| unsafe { &mut *ptr::from_mut(host.as_mut()) })
    }

    /// Stores the failure of a shim. [`raise`](super::raise) then leaves Wasm with it.
    ///
    /// # Safety
    ///
    /// The store lives.
    pub(crate) unsafe fn fail(store: *mut VMStoreContext, failure: Unwind) {
        // SAFETY: as the caller promises.
        unsafe {
            (*store).trap = PendingTrap::default();
            (*store).failure = Some(failure);
        }
    }

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
                flags: def.flags(),
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
    pub(super) unsafe fn shared_memory(
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

    /// Takes a memory whose record is in the context of the instance that defines it.
    pub(super) fn adopt_memory(&mut self, memory: VmMemory) -> NonNull<VmMemory> {
        self.watch_memory(&memory);
        let memory = boxed(memory);
        self.memories.push((memory, None));
        memory
    }

    /// Takes a table whose record is in the context of the instance that defines it.
    pub(super) fn adopt_table(&mut self, table: VmTable) -> NonNull<VmTable> {
        let table = boxed(table);
        self.tables.push((table, None));
        table
    }

    /// Takes the memories and tables that an instance brings along from its last store.
    ///
    /// # Safety
    ///
    /// No store has them.
    pub(super) unsafe fn adopt_items_of(&mut self, instance: NonNull<VmInstance>) {
        // SAFETY: the instance is this store's, and nothing borrows it exclusively.
        let instance = unsafe { instance.as_ref() };
        for memory in instance.own_memories() {
            // SAFETY: a memory lives as long as its instance.
            self.watch_memory(unsafe { memory.as_ref() });
        }
        self.memories.extend(instance.own_memories().iter().map(|memory| (*memory, None)));
        self.tables.extend(instance.own_tables().iter().map(|table| (*table, None)));
    }

    /// Counts an instance that is about to be made.
    ///
    /// # Errors
    ///
    /// If the engine allows no more.
    pub(super) fn count_instance(&mut self) -> Result<(), Error> {
        self.engine.count_instance()?;
        self.counted += 1;
        Ok(())
    }

    /// Takes an instance.
    pub(super) fn adopt_instance(&mut self, instance: NonNull<VmInstance>) {
        self.instances.push(instance);
    }

    /// Whether no call is in progress, so that nothing is on the Wasm stack.
    pub(crate) fn is_at_rest(&self) -> bool {
        // SAFETY: the context is this store's own.
        unsafe { (*self.context.as_ptr()).host_sp.is_null() }
    }

    /// Limits how many bytes all memories, tables and host values may have together.
    pub(crate) fn set_memory_limit(&mut self, limit: Option<usize>) {
        self.memory_limit = limit.unwrap_or(usize::MAX);
    }

    /// How much more the code may have, of everything that is counted together.
    pub(crate) fn room(&self) -> Room {
        self.room_beside(self.gc.capacity())
    }

    /// As [`room`](Self::room), with a heap of so many bytes.
    pub(super) fn room_beside(&self, heap: usize) -> Room {
        let limit = self.memory_limit;
        if limit == usize::MAX {
            return Room::UNLIMITED;
        }
        // SAFETY: memories and tables are the store's own.
        let memories = self.memories.iter().map(|(one, _)| unsafe { one.as_ref() }.byte_size());
        // SAFETY: as above.
        let tables = self.tables.iter().map(|(one, _)| unsafe { one.as_ref() }.byte_size());
        let others = self.host_values.saturating_add(heap);
        let used = memories.chain(tables).fold(others, usize::saturating_add);
        Room::new(limit, used)
    }

    /// Counts the bytes of a host value that Wasm gets a reference to.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub(crate) fn count_host_value(&mut self, bytes: usize) -> Result<(), Error> {
        if self.memory_limit != usize::MAX {
            self.room().check(bytes, Wanted::HostValue)?;
        }
        self.host_values = self.host_values.saturating_add(bytes);
        Ok(())
    }

    /// No longer counts the bytes of host values.
    pub(crate) fn forget_host_values(&mut self, bytes: usize) {
        self.host_values = self.host_values.saturating_sub(bytes);
    }

    /// Shows the tracer where tables, globals and segments of instances hold references into the
    /// heap.
    ///
    /// # Safety
    ///
    /// Nothing borrows what belongs to the store.
    pub(super) unsafe fn trace_items(&mut self, tracer: &mut Tracer<'_>) {
        // SAFETY: tables and instances live as long as the store, and are not borrowed, as the
        // caller promises.
        unsafe {
            for (table, _) in &self.tables {
                (*table.as_ptr()).trace(tracer);
            }
            for pointer in &self.instances {
                let instance = pointer.as_ref();
                for global in instance.module().collected_globals() {
                    tracer.place(instance.global(*global).as_ptr().cast());
                }
                for (_, elements) in &mut (*pointer.as_ptr()).made_elements {
                    for element in elements {
                        tracer.place(ptr::from_mut(element).cast());
                    }
                }
            }
        }
    }

    /// The size of the Wasm stack in bytes: of the one that the store has, or will get.
    pub(crate) fn stack_size(&self) -> usize {
        // SAFETY: the context is this store's own.
        let stack = unsafe { (*self.context.as_ptr()).stack.as_ref() };
        stack.or(self.own_stack.as_ref()).map_or(self.engine.stack_size(), WasmStack::size)
    }

    /// Gives the store a Wasm stack of another size.
    ///
    /// # Errors
    ///
    /// If a call is in progress, or the engine can't make such a stack.
    pub(crate) fn set_stack_size(&mut self, size: usize) -> Result<(), Error> {
        if !self.is_at_rest() {
            return Err(Error::msg("the stack of a store can't be replaced while Wasm runs on it"));
        }
        let context = self.context.as_ptr();
        let is = |other: usize| size.checked_next_multiple_of(HOST_PAGE) == Some(other);
        // SAFETY: the context is this store's own.
        let has_stack = unsafe { (*context).stack.is_some() };
        if is(self.stack_size()) {
            return Ok(());
        }
        if !has_stack && is(self.engine.stack_size()) {
            self.own_stack = None;
            return Ok(());
        }
        let stack = self.engine.make_stack(size)?;
        // SAFETY: the context is this store's own, and nothing is on its stack.
        unsafe {
            match &mut (*context).stack {
                // No stack was made yet: that is how it is known that nothing has run so far.
                None => self.own_stack = Some(stack),
                Some(old) => {
                    (*context).base.bounds = stack.bounds();
                    let old = std::mem::replace(old, stack);
                    // The next call looks up where the new stack begins.
                    (*context).wasm_sp = ptr::null_mut();
                    self.engine.put_stack(old);
                }
            }
        }
        Ok(())
    }

    /// The memories that no instance defines.
    pub(super) fn host_memories(&self) -> impl Iterator<Item = NonNull<VmMemory>> + '_ {
        self.memories.iter().filter(|(_, record)| record.is_some()).map(|(memory, _)| *memory)
    }

    /// The tables that no instance defines.
    pub(super) fn host_tables(&self) -> impl Iterator<Item = NonNull<VmTable>> + '_ {
        self.tables.iter().filter(|(_, record)| record.is_some()).map(|(table, _)| *table)
    }

    /// The globals that no instance defines.
    pub(super) fn host_globals(&self) -> &[NonNull<ValRaw>] {
        &self.globals
    }

    /// A memory that the host defines, with the contents of another.
    pub(super) fn new_memory_of(
        &mut self,
        ty: MemoryType,
        contents: &MemoryContents,
    ) -> Result<NonNull<VmMemory>, Error> {
        // SAFETY: the record is kept with the memory.
        self.with_record(|engine, record| unsafe {
            VmMemory::of_contents(ty, engine, record, contents)
        })
    }

    /// The host functions that are part of the store.
    #[cfg(feature = "call-hook")]
    pub(super) fn host_funcs(&self) -> &[NonNull<HostFunc>] {
        &self.host_funcs
    }

    /// The instances, in the order they were made.
    pub(crate) fn instances(&self) -> &[NonNull<VmInstance>] {
        &self.instances
    }
}

/// Gives a store what it lacks for a call: its Wasm stack, if it has none, and timers, if its calls
/// are timed.
///
/// # Safety
///
/// The store lives, is pinned, and no call is in progress.
#[cold]
pub(super) unsafe fn prepare_call(store: *mut VMStoreContext) -> Result<(), Box<Unwind>> {
    // SAFETY: as the caller promises.
    unsafe {
        if (*store).stack.is_none() {
            let engine = Arc::clone(&(*(*store).vm).engine);
            let stack = match (*(*store).vm).own_stack.take() {
                Some(stack) => stack,
                None => engine.take_stack().map_err(|e| Box::new(Unwind::Error(e)))?,
            };
            (*store).base.bounds = stack.bounds();
            (*store).stack = Some(stack);
            (*(*store).vm).code_starts();
        }
        (*store).wasm_sp = (*store).stack.as_ref().map_or(ptr::null_mut(), WasmStack::top);
        interruption::call_begins(store).map_err(|error| {
            interruption::call_ended(store);
            Box::new(Unwind::Error(error))
        })
    }
}

impl Drop for VmStore {
    fn drop(&mut self) {
        /// Frees what [`boxed`] made.
        unsafe fn free<T>(value: NonNull<T>) {
            // SAFETY: as the caller promises.
            drop(unsafe { Box::from_raw(value.as_ptr()) });
        }
        // SAFETY: all were made by `boxed`, and each is in one list once. Nothing outlives the
        // store but instances that are kept, with their memories and tables, which are marked as
        // kept.
        unsafe {
            self.gc.end();
            // Without a stack no code has run.
            let ran = (*self.context.as_ptr()).stack.is_some();
            let are_open = self.end_interruption();
            let engine = &*self.engine;
            let mut kept = None;
            let (mut more, mut gone) = (Vec::new(), Vec::new());
            for instance in self.instances.drain(..) {
                let reset = if are_open { engine.reset(instance, ran) } else { None };
                match reset {
                    Some(reset) if kept.is_none() => kept = Some(reset),
                    Some(reset) => more.push(reset),
                    None => gone.push(instance),
                }
            }
            for (memory, record) in self.memories.drain(..) {
                if memory.as_ref().kept {
                    continue;
                }
                let memory = Box::from_raw(memory.as_ptr());
                if are_open {
                    memory.reuse(engine, ran);
                }
                if let Some(record) = record {
                    free(record);
                }
            }
            for (table, record) in self.tables.drain(..) {
                if table.as_ref().kept {
                    continue;
                }
                free(table);
                if let Some(record) = record {
                    free(record);
                }
            }
            gone.into_iter().for_each(|instance| free(instance));
            self.host_funcs.drain(..).for_each(|func| free(func));
            self.globals.drain(..).for_each(|global| free(global));
            self.tags.drain(..).for_each(|tag| free(tag));
            self.continuations.end(engine);
            if let Some(stack) = (*self.context.as_ptr()).stack.take() {
                engine.put_stack(stack);
            }
            kept.into_iter().chain(more).for_each(|reset| engine.keep(reset));
            // The count goes down last: whoever may then make an instance also finds a memory for
            // it.
            engine.uncount_instances(self.counted);
            free(self.context);
        }
    }
}
