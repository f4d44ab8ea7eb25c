//! What one store owns at the machine's edge.

#![allow(unsafe_code)]

mod items;
mod stack;

use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use super::context::{HostFunc, MemoryRecord, TableRecord, VMStoreContext};
use super::continuations::Continuations;
use super::debugging::Debugging;
pub(super) use super::engine::VmEngine;
use super::gc::{Gc, Tracer};
use super::instance::VmInstance;
use super::interruption::StoreInterruption;
use super::memory::VmMemory;
use super::room::{Room, Wanted};
use super::stack::{StackHead, WasmStack};
use super::state::sizes::Waiting;
pub(crate) use super::store_host::StoreHost;
use super::table::VmTable;
use super::tag::VmTag;
use super::unwind::{PendingTrap, RETURNED, Unwind};
use super::value::ValRaw;
use super::{fuel, interruption};
use crate::Error;
pub(super) use stack::prepare_call;

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
    /// After how much fuel the code gives way to others, if it does.
    pub(super) fuel_interval: Option<u64>,
    /// Present if its code can be interrupted.
    pub(super) interruption: Option<Box<StoreInterruption>>,
    /// Its garbage-collected heap.
    pub(crate) gc: Gc,
    pub(super) continuations: Continuations,
    /// Where its code stops for a debugger.
    pub(super) debugging: Debugging,
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
            fuel_interval: None,
            interruption,
            gc,
            continuations: Continuations::default(),
            debugging: Default::default(),
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
        self.debugging.adopt(instance);
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

    /// The instances, in the order they were made.
    pub(crate) fn instances(&self) -> &[NonNull<VmInstance>] {
        &self.instances
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
