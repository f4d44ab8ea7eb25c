//! A store's part in interruption: its pages, its deadline, and the timeouts of its calls.
//!
//! If the calls of a store are timed, the beginning and the end of each have to be noticed. For
//! this, values are used that entering Wasm checks anyway. Between two such calls the store looks
//! as if it had no stack yet, which is handled before entering. While one runs, the value that is
//! compared afterwards to see whether the call failed is never zero. So entering costs other stores
//! nothing.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::{Interrupts, Reason, Timer};
use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::instance::VmInstance;
use crate::vm::memory::VmMemory;
use crate::vm::module::{InterruptCheck, VmModule};
use crate::vm::store::VmStore;
use crate::vm::unwind::{RETURNED, TIMED};

/// The callback that runs when a deadline is reached, and sets the next one. It is told whether the
/// code may wait.
///
/// To be called with the store whose code is interrupted, as a host function would be.
pub(crate) type EpochCallback = unsafe fn(*mut VMStoreContext, bool) -> Result<Decision, Error>;

/// What becomes of code whose deadline is reached.
pub(crate) enum Decision {
    /// It ends.
    Stop,
    /// It goes on.
    GoOn,
    /// It goes on when this is ready, which does not use the store. Only for code that may wait.
    #[cfg(feature = "async")]
    Wait(Box<dyn crate::vm::suspend::Pending>),
}

/// A store's data for interruption, if its code can be interrupted.
#[derive(Debug)]
pub(in crate::vm) struct StoreInterruption {
    interrupts: Arc<Interrupts>,
    /// The page for code without a memory that it could read below.
    page: Option<usize>,
    callback: Option<EpochCallback>,
    /// How long each call may take.
    timeout: Option<Duration>,
    /// How much processor time each call may take.
    cpu_timeout: Option<Duration>,
    /// The function that starts the timers of a call. It is set only if there are timeouts, so that
    /// programs without any do not contain the code for it.
    start_timers: Option<StartTimers>,
    /// The timers of the running call.
    timers: [Option<Timer>; 2],
}

type StartTimers = unsafe fn(&mut VmStore, *mut VMStoreContext) -> Result<(), Error>;

/// How long a call may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timeout {
    /// On the wall clock.
    Wall(Option<Duration>),
    /// On the clock of the thread's processor time.
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
    /// The reasons to stop, if the code can be interrupted.
    pub(crate) fn interrupts(&self) -> Option<&Arc<Interrupts>> {
        self.interruption.as_ref().map(|interruption| &interruption.interrupts)
    }

    /// The callback for when a deadline is reached.
    pub(crate) fn epoch_callback(&self) -> Option<EpochCallback> {
        self.interruption.as_ref()?.callback
    }

    /// Sets the callback for when a deadline is reached; `None` for a trap.
    pub(crate) fn set_epoch_callback(&mut self, callback: Option<EpochCallback>) {
        if let Some(interruption) = &mut self.interruption {
            interruption.callback = callback;
        }
    }

    /// Makes the code stop when the epoch is this many beyond the current one.
    pub(crate) fn set_epoch_deadline(&mut self, ticks: u64) {
        if let (Some(own), Some(shared)) = (&self.interruption, &self.engine.interruption) {
            shared.epochs.wait(&own.interrupts, ticks);
        }
    }

    /// Sets how long each outermost call may take. A call in progress gets that much time from here
    /// on.
    ///
    /// # Errors
    ///
    /// If a call is in progress and the system can't provide the timer.
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
        // SAFETY: as the caller promises. No failure is left to be taken, since either a host
        // function is running or no call is in progress.
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

    /// Records that the store is going to run code for the first time.
    pub(in crate::vm) fn code_starts(&self) {
        if let Some(interrupts) = self.interrupts() {
            interrupts.start();
        }
    }

    /// Sets up interruption for the code of a module that is about to be instantiated.
    ///
    /// # Errors
    ///
    /// If the machine has no room for a page.
    pub(in crate::vm) fn prepare_interruption(&mut self, module: &VmModule) -> Result<(), Error> {
        let (InterruptCheck::Page, Some(own)) = (module.interrupt_check, &mut self.interruption)
        else {
            return Ok(());
        };
        if let (None, Some(shared)) = (own.page, &self.engine.interruption) {
            let page = shared.pages.take()?;
            own.page = Some(page);
            // SAFETY: the page belongs to this store until it is put back, after the end. The
            // context is the store's own.
            unsafe {
                own.interrupts.add_page(page);
                let above = page + super::HOST_PAGE;
                (*self.context()).interrupt_page = ptr::with_exposed_provenance(above);
            }
        }
        Ok(())
    }

    /// Makes the page below an instance's memory readable, if its code reads that page though its
    /// store can't be interrupted. The instance must have its memories already.
    ///
    /// # Safety
    ///
    /// The instance is of the module, and nothing borrows its memories.
    pub(in crate::vm) unsafe fn open_memory(
        &self,
        instance: &VmInstance,
        module: &VmModule,
    ) -> Result<(), Error> {
        if module.interrupt_check != InterruptCheck::BelowMemory || self.interruption.is_some() {
            return Ok(());
        }
        let Some(memory) = instance.memories.first() else { return Ok(()) };
        // SAFETY: a memory lives as long as its store. That nothing borrows it is the caller's
        // promise.
        unsafe { (*memory.as_ptr()).open_lead() }
    }

    /// Takes over the page below a memory of this store, if code may read it.
    pub(in crate::vm) fn watch_memory(&self, memory: &VmMemory) {
        if let (Some(interrupts), Some(page)) = (self.interrupts(), memory.lead_page()) {
            // SAFETY: a memory lives as long as its store, which ends interruption before its
            // memories go. The page is not part of the mappings before and after it.
            unsafe { interrupts.add_page(page) };
        }
    }

    /// Leaves all pages accessible. `false` if the system does not allow that: then memories can't
    /// be used again.
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

/// Called when an outermost call begins.
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

/// Called when a call has ended, or did not begin after all.
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
            // The next call has to be noticed, too.
            (*store).wasm_sp = ptr::null_mut();
        }
    }
}
