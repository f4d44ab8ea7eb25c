//! Waits for places in shared memories, in calls that may wait: they are left meanwhile, and no
//! thread sleeps.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use wasm_types::TrapCode;

use super::Pending;
use super::leaving::wait_in_builtin;
use crate::Error;
use crate::vm::arch::{decide_or_wait, is_waiting_entry, raise, suspend};
use crate::vm::atomics;
use crate::vm::builtin_caller::trap;
use crate::vm::context::{VMContext, VMStoreContext};
use crate::vm::interruption::{Alert, Decision};
use crate::vm::memory::{AtomicPlace, VmSharedMemory};
use crate::vm::parking::Parked;
use crate::vm::store::VmStore;
use crate::vm::sys::reactor::Alarm;
use crate::vm::unwind::{Unwind, set_trap};
use crate::vm::value::ValRaw;

/// `memory.atomic.wait32`
///
/// # Safety
///
/// To be called by its thunk.
pub(in crate::vm) unsafe extern "C" fn atomic_wait32(
    context: *mut VMContext,
    memory: u32,
    address: u64,
    expected: u32,
    timeout: u64,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { wait(context, memory, (address, 4), expected.into(), timeout, preserved) }
}

/// `memory.atomic.wait64`
///
/// # Safety
///
/// To be called by its thunk.
pub(in crate::vm) unsafe extern "C" fn atomic_wait64(
    context: *mut VMContext,
    memory: u32,
    address: u64,
    expected: u64,
    timeout: u64,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { wait(context, memory, (address, 8), expected, timeout, preserved) }
}

unsafe fn wait(
    context: *mut VMContext,
    memory: u32,
    place: (u64, u8),
    expected: u64,
    timeout: u64,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: compiled code names a memory of its instance; nothing is left to drop where Wasm is
    // left.
    unsafe {
        let store = (*context).store;
        if !is_waiting_entry(store) {
            return atomics::wait(context, memory, place, expected, timeout);
        }
        let pending = match atomics::awaited(context, memory, place) {
            Err(code) => trap(context, code),
            Ok((memory, place)) => Box::new(Waiting {
                store,
                memory,
                place,
                deadline: atomics::deadline(timeout),
                parked: Parked::new(),
                state: State::New(expected),
            }),
        };
        match wait_in_builtin(store, &*preserved, pending) {
            Poll::Ready(Some(value)) => value as u32,
            Poll::Ready(None) => raise(store),
            Poll::Pending => suspend(store),
        }
    }
}

/// Code that waits for a place.
struct Waiting {
    store: *mut VMStoreContext,
    memory: Arc<VmSharedMemory>,
    place: AtomicPlace,
    deadline: Option<Instant>,
    parked: Arc<Parked>,
    state: State,
}

enum State {
    /// It has not begun to wait as long as the place has this value.
    New(u64),
    /// It is in the queue of the place, and woken by these, too.
    Queued((Option<Alarm>, Option<Alert>)),
    /// It is in the queue, and has to wait for something else before it goes on.
    GivesWay(Box<dyn Pending>, (Option<Alarm>, Option<Alert>)),
    Over,
}

/// Why code does not go on.
enum Failure {
    Trap(TrapCode),
    Error(Error),
    /// The failure was stored.
    Stored,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

// SAFETY: the store is the one that the call borrows.
unsafe impl Send for Waiting {}

impl Waiting {
    /// As [`Pending::poll`]. What is returned when it is ready is the instruction's result.
    unsafe fn step(&mut self, context: &mut Context<'_>) -> Poll<Result<u32, Failure>> {
        if let State::New(expected) = self.state
            && let Some(result) = self.enter(expected)?
        {
            return Poll::Ready(Ok(result));
        }
        loop {
            if let State::GivesWay(pending, _) = &mut self.state {
                // SAFETY: as the caller promises; it returns no values.
                match unsafe { pending.poll(context, std::ptr::null_mut()) } {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(succeeded) => {
                        if let State::GivesWay(_, kept) = self.take() {
                            self.state = State::Queued(kept);
                        }
                        if !succeeded {
                            return Poll::Ready(Err(Failure::Stored));
                        }
                    }
                }
            }
            if !self.parked.was_woken(context.waker()) {
                return Poll::Pending;
            }
            if !self.memory.is_waiting(self.place, &self.parked) {
                return Poll::Ready(Ok(0));
            }
            // SAFETY: this runs on behalf of code of the store, which has a frame on its stack.
            match unsafe { self.check()? } {
                Decision::GoOn => {}
                Decision::Stop => return Poll::Ready(Err(Failure::Trap(TrapCode::Interrupt))),
                Decision::Wait(pending) => {
                    // It is looked at again at once, whatever woke it.
                    let _ = self.parked.wake();
                    if let State::Queued(kept) = self.take() {
                        self.state = State::GivesWay(pending, kept);
                    }
                    continue;
                }
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let is_over = self.memory.leave(self.place, &self.parked);
                return Poll::Ready(Ok(if is_over { 2 } else { 0 }));
            }
        }
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Over)
    }

    /// Begins to wait, or returns the result of a wait that is over at once.
    fn enter(&mut self, expected: u64) -> Result<Option<u32>, Error> {
        if !self.memory.enter(self.place, expected, &self.parked) {
            return Ok(Some(1));
        }
        let alarm = self.deadline.map(|deadline| Alarm::new(deadline, &self.parked)).transpose();
        let alarm = alarm.map_err(|error| {
            Error::msg(format!("the system can't wake what waits for a place: {error}"))
        })?;
        // SAFETY: the store lives.
        let interrupts = unsafe { (*(*self.store).vm).interrupts() };
        let alert = interrupts.map(|interrupts| interrupts.wake_when_raised(&self.parked));
        self.state = State::Queued((alarm, alert));
        Ok(None)
    }

    /// Whether the code has to stop.
    unsafe fn check(&self) -> Result<Decision, Error> {
        // SAFETY: as the caller promises. What is borrowed of the store is not kept while callbacks
        // run.
        unsafe {
            let interrupts = (*(*self.store).vm).interrupts();
            match interrupts.is_some_and(|interrupts| interrupts.has_reason()) {
                true => decide_or_wait(self.store),
                false => Ok(Decision::GoOn),
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !matches!(self.state, State::New(_)) {
            self.memory.leave(self.place, &self.parked);
        }
    }
}

impl Pending for Waiting {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        // SAFETY: as the caller promises; the store lives.
        unsafe {
            let failure = match catch_unwind(AssertUnwindSafe(|| self.step(context))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(value))) => {
                    values.write(ValRaw { u64: value.into() });
                    return Poll::Ready(true);
                }
                Ok(Poll::Ready(Err(Failure::Stored))) => return Poll::Ready(false),
                Ok(Poll::Ready(Err(Failure::Trap(code)))) => {
                    set_trap(self.store, code);
                    return Poll::Ready(false);
                }
                Ok(Poll::Ready(Err(Failure::Error(error)))) => Unwind::Error(error),
                Err(panic) => Unwind::Panic(panic),
            };
            VmStore::fail(self.store, failure);
            Poll::Ready(false)
        }
    }

    unsafe fn cancel(mut self: Box<Self>) -> std::thread::Result<()> {
        let gave_way = match self.take() {
            // SAFETY: as the caller promises.
            State::GivesWay(pending, _) => unsafe { pending.cancel() },
            _ => Ok(()),
        };
        drop(self);
        gave_way
    }
}
