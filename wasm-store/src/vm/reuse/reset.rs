//! What happens to an instance when its store is dropped: it is reset and waits for the next store,
//! or is freed.
//!
//! Some things depend only on the module and on the address of the context, and stay as they are:
//! the head of the context except for the store, type ids, and references to the instance's own
//! functions. Everything else is either reset here (memories, tables, dropped segments) or written
//! anew by the next instantiation (imports, globals).

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::Arc;

use super::instances::ReusableInstance;
use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::engine::VmEngine;
use crate::vm::instance::VmInstance;
use crate::vm::memory::VmMemory;
use crate::vm::module::VmModule;
use crate::vm::table::VmTable;
use crate::vm::value::ValRaw;

impl VmInstance {
    /// The memories that the instance defines, as far as they are made.
    pub(in crate::vm) fn own_memories(&self) -> &[NonNull<VmMemory>] {
        let imported = self.module().loaded.artifact().counts().imported_memories;
        self.memories.get(imported as usize..).unwrap_or_default()
    }

    /// The tables that the instance defines, as far as they are made.
    pub(in crate::vm) fn own_tables(&self) -> &[NonNull<VmTable>] {
        let imported = self.module().loaded.artifact().counts().imported_tables;
        self.tables.get(imported as usize..).unwrap_or_default()
    }

    /// Makes the instance what it was before anything ran in it, except for what the next
    /// instantiation sets. Returns how many bytes it takes; `None` if it can't be used again.
    ///
    /// # Safety
    ///
    /// The instance is whole, and nothing uses its store any more. `ran` is true if any code ran in
    /// it.
    unsafe fn reset(&mut self, ran: bool, keep_resident: usize) -> Result<Option<usize>, Error> {
        let module = Arc::clone(self.module());
        let mut resident = module.layout.size() as usize;
        for (number, memory) in (0..).zip(self.own_memories()) {
            // SAFETY: a memory lives as long as its instance; for the rest the caller answers.
            let reset = unsafe {
                (*memory.as_ptr()).reset_to_image(&module.loaded, number, ran, keep_resident)?
            };
            match reset {
                Some(bytes) => resident += bytes,
                None => return Ok(None),
            }
        }
        for table in self.own_tables() {
            // SAFETY: a table lives as long as its instance; nothing borrows it.
            resident += unsafe { (*table.as_ptr()).reset(ran) };
        }
        // The heap that they refer to goes with the store. The next instantiation may fail before
        // it sets them.
        for global in module.collected_globals() {
            // SAFETY: the place of a global that the instance defines is in its context.
            unsafe { self.global(*global).write(ValRaw::ZERO) };
        }
        self.forget_tag_numbers();
        // What imports are bound to may be gone together with the store.
        self.host_imports.fill(None);
        self.dropped_elements.fill(false);
        self.dropped_data.fill(false);
        self.made_elements.clear();
        self.set_user_data(0);
        self.whole = false;
        Ok(Some(resident))
    }
}

/// An instance that was reset, with the size of the memory it takes, in bytes.
pub(in crate::vm) struct Reset {
    instance: ReusableInstance,
    module: *const VmModule,
    resident: usize,
}

impl VmEngine {
    /// Resets an instance whose store is being dropped. Marks its memories and tables as kept, so
    /// that the store does not free them. `None` if the instance is to be freed with its store.
    ///
    /// # Safety
    ///
    /// The store uses nothing of the instance any more. `ran` is true if any code ran in the store.
    pub(in crate::vm) unsafe fn reset(
        &self,
        mut instance: NonNull<VmInstance>,
        ran: bool,
    ) -> Option<Reset> {
        // SAFETY: the instance lives, and nothing borrows it.
        let this = unsafe { instance.as_mut() };
        // The references of a halted instance lead elsewhere.
        if !this.whole || this.halted.is_some() || self.limits.instances == 0 {
            return None;
        }
        // SAFETY: as the caller promises.
        let resident = unsafe { this.reset(ran, self.limits.keep_resident) }.ok()??;
        // SAFETY: memories and tables live as long as their instance; nothing borrows them.
        unsafe {
            this.own_memories().iter().for_each(|memory| (*memory.as_ptr()).kept = true);
            this.own_tables().iter().for_each(|table| (*table.as_ptr()).kept = true);
        }
        let module = Arc::as_ptr(this.module());
        // SAFETY: the store does not use it any more, as the caller promises.
        Some(Reset { instance: unsafe { ReusableInstance::new(instance) }, module, resident })
    }

    /// Keeps an instance for the next store.
    pub(in crate::vm) fn keep(&self, reset: Reset) {
        let Reset { instance, module, resident } = reset;
        let gone = self.reusable.put(instance, module, resident, &self.limits);
        gone.into_iter().for_each(|reusable| self.free(reusable, false));
        self.memories.release_old(&self.limits);
    }

    /// An instance of a module for a store. All is in place except for what instantiation writes.
    pub(in crate::vm) fn reuse(
        &self,
        module: &Arc<VmModule>,
        store: *mut VMStoreContext,
    ) -> Option<NonNull<VmInstance>> {
        let mut instance = self.reusable.take(module)?.into_inner();
        // SAFETY: an instance from the list belongs to its taker, with its memories and tables.
        unsafe {
            let this = instance.as_mut();
            let context = this.vmctx();
            (*context).store = store;
            (*context).interrupt_page = (*store).interrupt_page;
            (*context).fuel = &raw mut (*store).fuel;
            this.own_memories().iter().for_each(|memory| (*memory.as_ptr()).kept = false);
            this.own_tables().iter().for_each(|table| (*table.as_ptr()).kept = false);
        }
        Some(instance)
    }

    /// Frees the unused instances of a module that no more instances can be made of.
    pub(crate) fn forget_module(&self, module: &Arc<VmModule>) {
        let gone = self.reusable.of_module(Arc::as_ptr(module));
        // Instances of the next module take their place.
        gone.into_iter().for_each(|reusable| self.free(reusable, true));
    }

    /// Frees an unused instance. `keep` says whether the reservations of its memories are kept for
    /// other memories; those that were reserved up front always are.
    pub(in crate::vm) fn free(&self, reusable: ReusableInstance, keep: bool) {
        let keep = keep || self.reserves_up_front();
        let instance = reusable.into_inner();
        // SAFETY: an unused instance belongs to the holder of the value, with its memories and
        // tables. All three were made by boxes.
        unsafe {
            for memory in instance.as_ref().own_memories() {
                let memory = Box::from_raw(memory.as_ptr());
                if keep {
                    memory.reuse(self, false);
                }
            }
            for table in instance.as_ref().own_tables() {
                drop(Box::from_raw(table.as_ptr()));
            }
            drop(Box::from_raw(instance.as_ptr()));
        }
    }
}
