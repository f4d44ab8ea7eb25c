//! Interruption: ending code that runs too long, from outside of it.
//!
//! | what | ends a call |
//! |---|---|
//! | [`Store::interrupt_handle`] | when some thread requests it |
//! | [`Store::set_timeout`] | when it has taken too long |
//! | [`Store::set_cpu_timeout`] | when it has taken too much of a processor's time |
//! | [`Store::set_epoch_deadline`] | when [`Engine::increment_epoch`] was called often enough, unless a callback lets it go on |
//!
//! All need code that was compiled for it: [`Config::interruption`](crate::Config::interruption) or
//! [`Config::epoch_interruption`](crate::Config::epoch_interruption). Such code checks whether it
//! has to stop at the head of each loop and at the entry of each function that calls another. A
//! function that neither has loops nor calls anything is never interrupted; it is over soon. Host
//! functions are not interrupted either: a request that comes while one runs takes effect when Wasm
//! goes on. But a host function that waits with a [`Waiter`](crate::Waiter), as those of WASI do,
//! is woken, and ends.
//!
//! An interrupted call ends with [`Trap::Interrupt`](crate::Trap::Interrupt) and a backtrace. Calls
//! can be nested, by host functions that call Wasm. Then the innermost call ends, and its error
//! goes to the host function.

#![allow(unsafe_code)]

#[cfg(feature = "async")]
mod yields;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::items::host_error;
use crate::store::{Store, StoreContextMut, StoreInner, StoreOpaque};
use crate::vm::{Decision, Interrupts, Reason, Timeout, VMStoreContext, Verdict};

/// The decision of a callback of [`Store::epoch_deadline_callback`] about the code that waits.
#[non_exhaustive]
pub enum UpdateDeadline {
    /// It ends with [`Trap::Interrupt`](crate::Trap::Interrupt); the deadline stays what it was.
    Interrupt,
    /// It goes on, with a deadline that is so many ticks beyond the current epoch.
    Continue(u64),
    /// As `Continue`, after other futures of the executor had a chance to run: the call's future is
    /// pending once. If the call can't wait (feature `async`), it ends with an error.
    Yield(u64),
    /// As `Continue`, when the future is ready. If the call can't wait, it ends with an error.
    #[cfg(feature = "async")]
    YieldCustom(u64, std::pin::Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl fmt::Debug for UpdateDeadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpdateDeadline::Interrupt => f.write_str("Interrupt"),
            UpdateDeadline::Continue(ticks) => f.debug_tuple("Continue").field(ticks).finish(),
            UpdateDeadline::Yield(ticks) => f.debug_tuple("Yield").field(ticks).finish(),
            #[cfg(feature = "async")]
            UpdateDeadline::YieldCustom(ticks, _) => {
                f.debug_tuple("YieldCustom").field(ticks).finish_non_exhaustive()
            }
        }
    }
}

/// Ends the calls of a store from any thread: made by [`Store::interrupt_handle`].
///
/// Clones are of the same store. A handle does not keep its store alive, and does nothing once the
/// store is gone.
#[derive(Clone)]
pub struct InterruptHandle {
    interrupts: Arc<Interrupts>,
}

impl InterruptHandle {
    /// Requests that the call that the store is running ends with
    /// [`Trap::Interrupt`](crate::Trap::Interrupt) or, if it runs none, the next call. Several
    /// requests before that has happened count as one. A call that is over before it checks for
    /// requests leaves the request to the next call. So does a call that has less than a kilobyte
    /// of its stack left, and ends with [`Trap::StackOverflow`](crate::Trap::StackOverflow).
    ///
    /// Takes a lock for a moment, so it may not be called by signal handlers.
    pub fn interrupt(&self) {
        self.interrupts.raise(Reason::Requested);
    }
}

impl fmt::Debug for InterruptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterruptHandle").finish_non_exhaustive()
    }
}

type Callback<T> = dyn FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync;

/// Where a store keeps the callback for its deadline.
pub(crate) struct EpochSlot<T: 'static>(Option<Box<Callback<T>>>);

impl<T: 'static> Default for EpochSlot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl Engine {
    /// Counts the engine's epoch up by one tick. Stores whose deadline it reaches stop their code:
    /// see [`Config::epoch_interruption`](crate::Config::epoch_interruption).
    ///
    /// This takes a few nanoseconds if no store's deadline is reached, however many stores there
    /// are. Otherwise it takes locks, and a system call for each store that is stopped, so it may
    /// not be called by signal handlers.
    pub fn increment_epoch(&self) {
        self.vm().increment_epoch();
    }
}

impl<T: 'static> Store<T> {
    /// Sets the epoch at which the code of this store is interrupted: so many ticks beyond the
    /// engine's current one, whatever was set before. With 0 that is at once. If the sum is too
    /// large for an epoch, it is never.
    ///
    /// A new store has a deadline of 0 ticks if its engine was set up with
    /// [`Config::epoch_interruption`](crate::Config::epoch_interruption), so that its code is
    /// interrupted until another deadline is set. It has no deadline if its engine was set up with
    /// only [`Config::interruption`](crate::Config::interruption). The deadline causes a trap,
    /// unless [`epoch_deadline_callback`](Self::epoch_deadline_callback) decides otherwise. Until
    /// another deadline is set, all calls are affected.
    ///
    /// In an engine whose code can't be interrupted, nothing looks at the deadline, and this has no
    /// effect: code runs for as long as it needs. Where that must not happen,
    /// [`interrupt_handle`](Self::interrupt_handle) is an error for such engines.
    pub fn set_epoch_deadline(&mut self, ticks_beyond_current: u64) {
        self.inner_mut().set_epoch_deadline(ticks_beyond_current);
    }

    /// Makes code that reaches its deadline end with [`Trap::Interrupt`](crate::Trap::Interrupt),
    /// which is the default. Without effect in an engine whose code can't be interrupted.
    pub fn epoch_deadline_trap(&mut self) {
        self.inner_mut().epoch_deadline_trap();
    }

    /// Sets the callback that decides when code reaches its deadline. It is called on the thread
    /// that runs the code, while the code waits, and decides how the code goes on. If it returns an
    /// error, the call ends with that error. If it panics, the panic goes on in the caller of Wasm.
    ///
    /// It may do with the store what host functions may. While it runs, the deadline is still
    /// reached and there is no callback: if it calls Wasm, it has to set a deadline before.
    ///
    /// In an engine whose code can't be interrupted the callback is never called.
    ///
    /// # Panics
    ///
    /// If the engine's code can only be ended: if it was set up with
    /// [`Config::interruption`](crate::Config::interruption), and not with
    /// [`Config::epoch_interruption`](crate::Config::epoch_interruption).
    pub fn epoch_deadline_callback(
        &mut self,
        callback: impl FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync + 'static,
    ) {
        self.inner_mut().epoch_deadline_callback(callback);
    }

    /// A handle by which other threads end the calls of this store.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wasm_store::{Config, Engine, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let engine = Engine::new(Config::new().interruption(true))?;
    /// let mut store = Store::new(&engine, ());
    /// let handle = store.interrupt_handle()?;
    /// std::thread::spawn(move || {
    ///     std::thread::sleep(Duration::from_secs(5));
    ///     handle.interrupt();
    /// });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the engine's code can't be interrupted.
    pub fn interrupt_handle(&self) -> Result<InterruptHandle> {
        self.inner().interrupt_handle()
    }

    /// Sets how long each call may take; `None`, the default, for as long as it needs. A call that
    /// takes longer ends with [`Trap::Interrupt`](crate::Trap::Interrupt).
    ///
    /// As with the timeouts of a socket, each call has the whole time, from its start on. Time that
    /// the host spends between two calls does not count. A call is one of Wasm by the host. Calls
    /// within calls, by way of host functions, are part of the outermost call of the store. The
    /// call of an instance's start function counts too. If a call is running already, because a
    /// host function sets this, it has the whole time from here on.
    ///
    /// Host functions are not ended, except those that wait with [`waiter`](Self::waiter), as
    /// WASI's do: a program that sleeps or waits for input is ended in time.
    ///
    /// The engine has one thread for all timeouts, which is started with the first call that has
    /// one.
    ///
    /// # Errors
    ///
    /// If the engine's code can't be interrupted. If a call is running and the thread could not be
    /// started. If no call is running, it is the next call that fails in this case.
    pub fn set_timeout(&mut self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        self.inner_mut().set_timeout(Timeout::Wall(timeout.into()))
    }

    /// Sets how much time of a processor each call may take; `None`, the default, for as much as it
    /// needs. It is the time that the thread of the call is running, in Wasm and in host functions.
    /// Time that it sleeps or waits does not count, nor does that of other threads.
    ///
    /// Everything else is as for [`set_timeout`](Self::set_timeout); a call can have both.
    ///
    /// # Errors
    ///
    /// As for [`set_timeout`](Self::set_timeout).
    pub fn set_cpu_timeout(&mut self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        self.inner_mut().set_timeout(Timeout::Cpu(timeout.into()))
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// See [`Store::set_epoch_deadline`].
    pub fn set_epoch_deadline(&mut self, ticks_beyond_current: u64) {
        self.0.set_epoch_deadline(ticks_beyond_current);
    }

    /// See [`Store::epoch_deadline_trap`].
    pub fn epoch_deadline_trap(&mut self) {
        self.0.epoch_deadline_trap();
    }

    /// See [`Store::interrupt_handle`].
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn interrupt_handle(&self) -> Result<InterruptHandle> {
        self.0.interrupt_handle()
    }

    /// For a host function that has waited, and was woken because the store's code has to stop:
    /// whether the host function has to end. This is the check that compiled code makes. If there
    /// is a callback for deadlines, it is called; if it gives more time, the host function can go
    /// on waiting.
    ///
    /// # Errors
    ///
    /// [`Trap::Interrupt`](crate::Trap::Interrupt) if the host function has to end, or the
    /// callback's error: to be returned by the host function. A
    /// [request](InterruptHandle::interrupt) to end the call is answered by this.
    ///
    /// # Panics
    ///
    /// If the callback does.
    pub fn check_interruption(&mut self) -> Result<()> {
        self.0.check_interruption()
    }

    /// See [`Store::set_timeout`]: the call that is running has the whole time from here on.
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn set_timeout(&mut self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        self.0.set_timeout(Timeout::Wall(timeout.into()))
    }

    /// See [`Store::set_cpu_timeout`]: the call that is running has the whole time from here on.
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn set_cpu_timeout(&mut self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        self.0.set_timeout(Timeout::Cpu(timeout.into()))
    }
}

impl StoreOpaque {
    fn set_epoch_deadline(&mut self, ticks: u64) {
        self.vm.set_epoch_deadline(ticks);
    }

    fn interrupt_handle(&self) -> Result<InterruptHandle> {
        match self.vm.interrupts() {
            Some(interrupts) => Ok(InterruptHandle { interrupts: Arc::clone(interrupts) }),
            None => Err(Error::msg(NOT_INTERRUPTIBLE)),
        }
    }

    fn set_timeout(&mut self, timeout: Timeout) -> Result<()> {
        crate::ensure!(self.vm.interrupts().is_some(), "{NOT_INTERRUPTIBLE}");
        self.vm.set_timeout(timeout)
    }
}

impl<T: 'static> StoreInner<T> {
    #[track_caller]
    fn epoch_deadline_callback(
        &mut self,
        callback: impl FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync + 'static,
    ) {
        let tunables = &self.engine().config().request.tunables;
        assert!(
            tunables.interruption_callbacks || !tunables.interruption,
            "code that goes on after it was interrupted is compiled for it: set up the engine with \
             `Config::epoch_interruption(true)`"
        );
        self.epoch.0 = Some(Box::new(callback));
        self.vm.set_epoch_callback(Some(query_callback::<T>));
    }

    fn check_interruption(&mut self) -> Result<()> {
        let Some(interrupts) = self.vm.interrupts() else { return Ok(()) };
        let may_go_on = match interrupts.verdict()? {
            Verdict::GoOn => true,
            Verdict::Stop => false,
            Verdict::Deadline => matches!(self.query_callback(false)?, Decision::GoOn),
        };
        if may_go_on { Ok(()) } else { Err(crate::Trap::Interrupt.into()) }
    }

    /// Whether a host function may go on; if not, what becomes of it.
    #[cfg(feature = "async")]
    fn verdict(&mut self) -> Result<std::result::Result<(), UpdateDeadline>> {
        let Some(interrupts) = self.vm.interrupts() else { return Ok(Ok(())) };
        match interrupts.verdict()? {
            Verdict::GoOn => Ok(Ok(())),
            Verdict::Stop => Ok(Err(UpdateDeadline::Interrupt)),
            Verdict::Deadline => self.call_callback().map(Err),
        }
    }

    /// Calls the callback to decide what becomes of code whose deadline is reached. The callback is
    /// taken out of the store while it runs.
    fn call_callback(&mut self) -> Result<UpdateDeadline> {
        let Some(mut callback) = self.epoch.0.take() else { return Ok(UpdateDeadline::Interrupt) };
        let update = catch_unwind(AssertUnwindSafe(|| callback(StoreContextMut(&mut *self))));
        // It is put back, unless it has set that deadlines trap from now on.
        if self.vm.epoch_callback().is_some() {
            self.epoch.0 = Some(callback);
        }
        update.unwrap_or_else(|payload| resume_unwind(payload))
    }

    /// Decides whether code whose deadline is reached may go on.
    fn query_callback(
        &mut self,
        #[cfg_attr(not(feature = "async"), allow(unused_variables, reason = "nothing waits"))]
        may_wait: bool,
    ) -> Result<Decision> {
        let ticks = match self.call_callback()? {
            UpdateDeadline::Interrupt => return Ok(Decision::Stop),
            UpdateDeadline::Continue(ticks) => ticks,
            #[cfg(feature = "async")]
            UpdateDeadline::Yield(ticks) if may_wait => return Ok(yields::once(self, ticks)),
            UpdateDeadline::Yield(_) => {
                crate::bail!("`UpdateDeadline::Yield` is for calls that may wait: use `call_async`")
            }
            #[cfg(feature = "async")]
            UpdateDeadline::YieldCustom(ticks, future) => {
                return yields::wait_for(self, ticks, future, may_wait);
            }
        };
        self.vm.set_epoch_deadline(ticks);
        Ok(Decision::GoOn)
    }

    fn epoch_deadline_trap(&mut self) {
        self.vm.set_epoch_callback(None);
        self.epoch.0 = None;
    }
}

const NOT_INTERRUPTIBLE: &str = "the code of this engine can't be interrupted: set it up with \
                                 `Config::interruption(true)` or `Config::epoch_interruption(true)`";

/// Queries the deadline callback of a store whose code waits.
///
/// # Safety
///
/// As for the shims of host functions: the context is that of a store with data of type `T`, and
/// the call that has led here does not use the store before this one is over.
unsafe fn query_callback<T: 'static>(
    context: *mut VMStoreContext,
    may_wait: bool,
) -> Result<Decision> {
    // SAFETY: as the caller promises.
    let store = unsafe { StoreInner::<T>::from_context(context) };
    let decision = store.query_callback(may_wait).map_err(|error| host_error(store, error));
    store.vm.code_goes_on();
    decision
}
