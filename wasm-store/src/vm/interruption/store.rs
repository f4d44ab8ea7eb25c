//! What a store does about interruption: its pages, its deadline, and the timeouts of its calls.
//!
//! A store whose calls are timed is told of the beginning and the end of each by what entering Wasm looks at
//! anyway. Between two such calls it counts as one that has no stack yet, which is looked after before entering;
//! and while one runs, what says after it whether it failed is never zero. So entering costs other stores nothing.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::{Interrupts, Reason, Timer};
use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::instance::VmInstance;
use crate::vm::memory::VmMemory;
use crate::vm::module::{InterruptPlace, VmModule};
use crate::vm::store::VmStore;
use crate::vm::unwind::{RETURNED, TIMED};

/// Who is asked when a deadline is reached, and sets the next: `false` if the code is to be ended.
///
/// To be called with the store whose code waits, as a host function would be.
pub(crate) type EpochCallback = unsafe fn(*mut VMStoreContext) -> Result<bool, Error>;

/// What a store has whose code can be interrupted.
#[derive(Debug)]
pub(in crate::vm) struct StoreInterruption {
    interrupts: Arc<Interrupts>,
    /// The page for code that has no memory to look below.
    page: Option<usize>,
    callback: Option<EpochCallback>,
    /// How long each call may take.
    timeout: Option<Duration>,
    /// How long each call may take of a processor's time.
    cpu_timeout: Option<Duration>,
    /// What starts the timers of a call. Known only if there are timeouts, so that programs without any do
    /// without the code for it.
    start_timers: Option<StartTimers>,
    /// The timers of the running call.
    timers: [Option<Timer>; 2],
}

type StartTimers = unsafe fn(&mut VmStore, *mut VMStoreContext) -> Result<(), Error>;

/// How long a call may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timeout {
    /// On the wall.
    Wall(Option<Duration>),
    /// On the processor.
    Cpu(Option<Duration>),
}

impl StoreInterruption {
    pub(in crate::vm) fn new(engine: &super::Interruption) -> Box<Self> {
        let reached = engine.needs_deadline;
        let deadline = if reached { engine.epochs.current() } else { u64::MAX };
        Box::new(Self {
            interrupts: Interrupts::new(deadline, reached),
            page: None,
            callback: None,
            timeout: None,
            cpu_timeout: None,
            start_timers: None,
            timers: [None; 2],
        })
    }

    fn is_timed(&self) -> bool {
        self.timeout.is_some() || self.cpu_timeout.is_some()
    }
}

impl VmStore {
    /// Why the code is to stop, if it can be interrupted.
    pub(crate) fn interrupts(&self) -> Option<&Arc<Interrupts>> {
        self.interruption.as_ref().map(|interruption| &interruption.interrupts)
    }

    /// Who is asked when a deadline is reached.
    pub(in crate::vm) fn epoch_callback(&self) -> Option<EpochCallback> {
        self.interruption.as_ref()?.callback
    }

    /// Sets who is asked when a deadline is reached; `None` for a trap.
    pub(crate) fn set_epoch_callback(&mut self, callback: Option<EpochCallback>) {
        if let Some(interruption) = &mut self.interruption {
            interruption.callback = callback;
        }
    }

    /// Has the code stop when the epoch is so many beyond the current one.
    pub(crate) fn set_epoch_deadline(&mut self, ticks: u64) {
        if let (Some(own), Some(shared)) = (&self.interruption, &self.engine.interruption) {
            shared.epochs.wait(&own.interrupts, ticks);
        }
    }

    /// Sets how long each call may take that begins with no other on its way. A call that is on its way gets as
    /// much from here on.
    ///
    /// # Errors
    ///
    /// If a call is on its way and the system does not provide for the timer.
    pub(crate) fn set_timeout(&mut self, timeout: Timeout) -> Result<(), Error> {
        let Some(own) = &mut self.interruption else { return Ok(()) };
        match timeout {
            Timeout::Wall(time) => own.timeout = time,
            Timeout::Cpu(time) => own.cpu_timeout = time,
        }
        let is_timed = own.is_timed();
        own.start_timers = is_timed.then_some(VmStore::start_timers);
        let context = self.context();
        if self.is_at_rest() {
            if is_timed {
                // SAFETY: the context is this store's own, and nothing is on its stack.
                unsafe { (*context).wasm_sp = ptr::null_mut() };
            }
            return Ok(());
        }
        self.stop_timers();
        // SAFETY: the context is this store's own.
        unsafe { self.start_timers(context) }
    }

    unsafe fn start_timers(&mut self, context: *mut VMStoreContext) -> Result<(), Error> {
        let (Some(own), Some(shared)) = (&mut self.interruption, &self.engine.interruption) else {
            return Ok(());
        };
        let mark = if own.is_timed() { TIMED } else { RETURNED };
        // SAFETY: as the caller promises. No failure waits to be taken, since either a host function is
        // running or no call is.
        unsafe {
            (*context).returned = mark;
            (*context).outcome = mark;
        }
        if let Some(time) = own.timeout {
            own.timers[0] = shared.timers.start(&own.interrupts, time)?;
        }
        if let Some(time) = own.cpu_timeout {
            own.timers[1] = shared.timers.start_cpu(&own.interrupts, time)?;
        }
        Ok(())
    }

    fn stop_timers(&mut self) {
        let (Some(own), Some(shared)) = (&mut self.interruption, &self.engine.interruption) else {
            return;
        };
        let timers = std::mem::take(&mut own.timers);
        if timers.iter().any(Option::is_some) {
            timers.into_iter().flatten().for_each(|timer| shared.timers.stop(timer));
            own.interrupts.take_back(Reason::Timeout);
        }
    }

    /// Tells that the store is going to run code for the first time.
    pub(in crate::vm) fn code_starts(&self) {
        if let Some(interrupts) = self.interrupts() {
            interrupts.start();
        }
    }

    /// Provides for the code of a module that is about to be instantiated.
    ///
    /// # Errors
    ///
    /// If the machine has no room for a page.
    pub(in crate::vm) fn prepare_interruption(&mut self, module: &VmModule) -> Result<(), Error> {
        let (InterruptPlace::Page, Some(own)) = (module.interrupt_place, &mut self.interruption)
        else {
            return Ok(());
        };
        if let (None, Some(shared)) = (own.page, &self.engine.interruption) {
            let page = shared.pages.take()?;
            own.page = Some(page);
            // SAFETY: the page is this store's until it is put back, after the end. The context is its own.
            unsafe {
                own.interrupts.add_page(page);
                let above = page + super::HOST_PAGE;
                (*self.context()).interrupt_page = ptr::with_exposed_provenance(above);
            }
        }
        Ok(())
    }

    /// Provides for the code of an instance that has its memories, if nothing else of its store can be interrupted.
    ///
    /// # Safety
    ///
    /// The instance is of the module, and nothing borrows its memories.
    pub(in crate::vm) unsafe fn open_memory(
        &self,
        instance: &VmInstance,
        module: &VmModule,
    ) -> Result<(), Error> {
        if module.interrupt_place != InterruptPlace::BelowMemory || self.interruption.is_some() {
            return Ok(());
        }
        let Some(memory) = instance.memories.first() else { return Ok(()) };
        // SAFETY: a memory lives as long as its store; for the rest the caller answers.
        unsafe { (*memory.as_ptr()).open_lead() }
    }

    /// Takes the page below a memory of this store, if code may read it.
    pub(in crate::vm) fn watch_memory(&self, memory: &VmMemory) {
        if let (Some(interrupts), Some(page)) = (self.interrupts(), memory.lead_page()) {
            // SAFETY: a memory lives as long as its store, which takes its leave before its memories go, and the
            // page is no part of what is mapped before and after it.
            unsafe { interrupts.add_page(page) };
        }
    }

    /// Leaves all pages accessible. `false` if the system does not allow that, so that memories can't be used
    /// again.
    pub(in crate::vm) fn end_interruption(&mut self) -> bool {
        let (Some(own), Some(shared)) = (&mut self.interruption, &self.engine.interruption) else {
            return true;
        };
        shared.epochs.forget(&own.interrupts);
        let are_open = own.interrupts.close().is_ok();
        if let Some(page) = own.page.take().filter(|_| are_open) {
            shared.pages.put(page);
        }
        are_open
    }
}

/// Tells that a call begins which no other is on its way in.
///
/// # Safety
///
/// The store lives and is pinned.
pub(in crate::vm) unsafe fn call_begins(store: *mut VMStoreContext) -> Result<(), Error> {
    // SAFETY: as the caller promises.
    unsafe {
        let vm = &mut *(*store).vm;
        match vm.interruption.as_ref().and_then(|own| own.start_timers) {
            Some(start) => start(vm, store),
            None => Ok(()),
        }
    }
}

/// Tells that a call has ended, or did not begin after all.
///
/// # Safety
///
/// As for [`call_begins`].
pub(in crate::vm) unsafe fn call_ended(store: *mut VMStoreContext) {
    // SAFETY: as the caller promises.
    unsafe {
        if (*store).returned == RETURNED || !(*store).host_sp.is_null() {
            return;
        }
        (*store).returned = RETURNED;
        (*store).outcome = RETURNED;
        let vm = &mut *(*store).vm;
        vm.stop_timers();
        if vm.interruption.as_ref().is_some_and(|own| own.is_timed()) {
            // The next one is to be told of.
            (*store).wasm_sp = ptr::null_mut();
        }
    }
}
