//! Code waits for its debugger: at a stop, at a deadline, before it ends with a failure, and before
//! an exception is thrown.
//!
//! What is about to happen is put aside meanwhile, since the debugger may run other code of the
//! store.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use wasm_types::TrapCode;

use super::enabled::{DebugFuture, DebugMoment, Told};
use crate::Error;
use crate::vm::arch::{is_waiting_entry, raise, suspend};
use crate::vm::context::{VMContext, VMStoreContext};
use crate::vm::exceptions::Thrown;
use crate::vm::gc::Root;
use crate::vm::interruption::{Decision, EpochCallback};
use crate::vm::store::VmStore;
use crate::vm::suspend::{Pending, wait_in_builtin};
use crate::vm::unwind::{PendingTrap, RawFrame, Unwind, set_trap};
use crate::vm::value::ValRaw;

/// Code waits for its debugger.
struct Handling {
    store: *mut VMStoreContext,
    /// `None` when it is over.
    future: Option<DebugFuture>,
    /// The handles that the debugger gets and makes end with it.
    scope: usize,
    /// How many frames were at an operator before.
    stopped: usize,
    then: Then,
}

/// What is done afterwards.
enum Then {
    /// The code goes on.
    GoOn,
    /// It is decided what becomes of code whose deadline is reached.
    Decide(EpochCallback),
    /// The code waits for what was decided.
    Wait(Box<dyn Pending>),
    /// The code ends.
    Fail(NonNull<Unwind>),
    /// The code ends with a trap.
    Trap(PendingTrap),
    /// The exception goes on that is the pending one then; or, if the debugger has not taken it and
    /// code that it has run has left none pending, the one that was. With the error of the host
    /// function that it came from. And the exception that the debugger was told of before this one,
    /// which it still looks at.
    Throw(Option<Error>, Option<Kept>, Told),
}

/// An exception that is kept as an object.
type Kept = (Root, Arc<()>);

// SAFETY: the store is the one that the call borrows. Failures can be sent.
unsafe impl Send for Handling {}

impl Drop for Handling {
    fn drop(&mut self) {
        if let Then::Fail(failure) = self.then {
            // SAFETY: it was made by a box, and nobody else has it.
            drop(unsafe { Box::from_raw(failure.as_ptr()) });
        }
    }
}

impl Handling {
    /// Tells the debugger of something. `None` if there is none, or the code can't wait.
    ///
    /// # Safety
    ///
    /// Wasm of the store waits for the host.
    unsafe fn begin(
        store: *mut VMStoreContext,
        moment: DebugMoment,
    ) -> Option<thread::Result<Self>> {
        // SAFETY: as the caller promises. Nothing borrows the store while the debugger runs.
        unsafe {
            let notify = (*(*store).vm).debugging.notify?;
            if !is_waiting_entry(store) {
                return None;
            }
            let vm = (*store).vm;
            let scope = (*vm).gc.handles.enter();
            let stopped = (*vm).debugging.stopped.len();
            if let DebugMoment::Stop | DebugMoment::Deadline | DebugMoment::Trap(_) = moment {
                (*vm).debugging.stopped.push(RawFrame::waiting((*store).wasm_sp));
            }
            let future = catch_unwind(AssertUnwindSafe(|| notify(store, moment)));
            let handling = future.map(|future| {
                let future = Some(future?);
                Some(Self { store, future, scope, stopped, then: Then::GoOn })
            });
            if !matches!(handling, Ok(Some(_))) {
                (*vm).gc.handles.leave(scope);
                (*vm).debugging.stopped.truncate(stopped);
            }
            handling.transpose()
        }
    }

    /// Drops the future, and what the debugger has made.
    unsafe fn end(&mut self) -> thread::Result<()> {
        let Some(future) = self.future.take() else { return Ok(()) };
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        // SAFETY: the store lives, and the code of its debugger is over.
        unsafe {
            let vm = (*self.store).vm;
            (*vm).gc.handles.leave(self.scope);
            (*vm).debugging.stopped.truncate(self.stopped);
            (*vm).code_goes_on();
            if matches!(self.then, Then::Decide(_)) {
                (*vm).gc.resume();
            }
        }
        dropped
    }

    /// The debugger does not look at the exception any more that it was told of, if it was one, but
    /// at the one before.
    unsafe fn look_at_the_one_before(&mut self) {
        if let Then::Throw(_, _, outer) = &mut self.then {
            // SAFETY: the store lives.
            unsafe { (*(*self.store).vm).debugging.told = std::mem::take(outer) };
        }
    }

    /// What is to be done when the debugger is ready: whether the code goes on.
    unsafe fn go_on(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        let store = self.store;
        // SAFETY: as for `poll`.
        unsafe {
            match std::mem::replace(&mut self.then, Then::GoOn) {
                Then::GoOn => Poll::Ready(true),
                Then::Fail(failure) => {
                    VmStore::fail(store, *Box::from_raw(failure.as_ptr()));
                    (*(*store).vm).debugging.is_reported = true;
                    Poll::Ready(false)
                }
                Then::Trap(trap) => {
                    (*store).failure = None;
                    (*store).trap = trap;
                    (*(*store).vm).debugging.is_reported = true;
                    Poll::Ready(false)
                }
                Then::Throw(error, kept, outer) => {
                    let vm = (*store).vm;
                    let told = std::mem::replace(&mut (*vm).debugging.told, outer);
                    if !(*vm).has_pending_exception()
                        && !told.is_taken
                        && let Some((root, _)) = kept
                        && let Some(object) = (*vm).gc.handles.get(root)
                    {
                        (*vm).set_pending(object);
                    }
                    let failure = match (*vm).has_pending_exception() {
                        true => Unwind::Exception { thrown: Thrown::default(), error },
                        false => {
                            Unwind::Error(error.unwrap_or_else(|| crate::ThrownException.into()))
                        }
                    };
                    VmStore::fail(store, failure);
                    (*vm).debugging.is_reported = true;
                    Poll::Ready(false)
                }
                Then::Decide(callback) => {
                    // As where code is interrupted.
                    (*(*store).vm).gc.put_off();
                    let decided = catch_unwind(AssertUnwindSafe(|| callback(store, true)));
                    (*(*store).vm).gc.resume();
                    match decided {
                        Ok(Ok(Decision::GoOn)) => Poll::Ready(true),
                        Ok(Ok(Decision::Stop)) => {
                            set_trap(store, TrapCode::Interrupt);
                            Poll::Ready(false)
                        }
                        Ok(Ok(Decision::Wait(pending))) => {
                            self.then = Then::Wait(pending);
                            self.go_on(context, values)
                        }
                        Ok(Err(error)) => self.fail(Unwind::Error(error)),
                        Err(panic) => self.fail(Unwind::Panic(panic)),
                    }
                }
                Then::Wait(mut pending) => {
                    let polled = pending.poll(context, values);
                    if polled.is_pending() {
                        self.then = Then::Wait(pending);
                    }
                    polled
                }
            }
        }
    }

    unsafe fn fail(&mut self, failure: Unwind) -> Poll<bool> {
        // SAFETY: the store lives.
        unsafe { VmStore::fail(self.store, failure) };
        Poll::Ready(false)
    }
}

impl Pending for Handling {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        // SAFETY: as the caller promises.
        unsafe {
            let polled = catch_unwind(AssertUnwindSafe(|| match &mut self.future {
                Some(future) => future.as_mut().poll(context),
                None => Poll::Ready(()),
            }));
            let ended = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => self.end(),
                // A future that has panicked is not polled again, and is dropped.
                Err(panic) => self.end().and(Err(panic)),
            };
            if let Err(panic) = ended {
                self.look_at_the_one_before();
                return self.fail(Unwind::Panic(panic));
            }
            let polled = self.go_on(context, values);
            if let (Poll::Ready(true), false) = (&polled, values.is_null()) {
                values.write(ValRaw::ZERO);
            }
            polled
        }
    }

    unsafe fn cancel(mut self: Box<Self>) -> thread::Result<()> {
        // SAFETY: as the caller promises.
        let ended = unsafe { self.end() };
        match std::mem::replace(&mut self.then, Then::GoOn) {
            // SAFETY: as above.
            Then::Wait(pending) => unsafe { ended.and(pending.cancel()) },
            then => {
                self.then = then;
                // SAFETY: as above.
                unsafe { self.look_at_the_one_before() };
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(self)));
                ended.and(dropped)
            }
        }
    }
}

/// Waits for the debugger, where Wasm is about to go on or to be left. Does not return if the call
/// is left meanwhile. Whether what comes then is that the code goes on.
///
/// # Safety
///
/// Wasm of the store waits for the host, with these registers, and nothing else is left to drop.
unsafe fn wait(store: *mut VMStoreContext, preserved: &[u64; 5], handling: Handling) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        match wait_in_builtin(store, preserved, Box::new(handling)) {
            Poll::Ready(value) => value.is_some(),
            Poll::Pending => suspend(store),
        }
    }
}

/// The code has come to an operator where it stops.
///
/// # Safety
///
/// To be called by its thunk.
pub(in crate::vm) unsafe extern "C" fn debug_stop(
    context: *mut VMContext,
    preserved: *const [u64; 5],
) {
    // SAFETY: as promised to a builtin; nothing is left to drop where Wasm is left.
    unsafe {
        let store = (*context).store;
        let goes_on = match Handling::begin(store, DebugMoment::Stop) {
            None => true,
            Some(Ok(handling)) => wait(store, &*preserved, handling),
            Some(Err(panic)) => {
                VmStore::fail(store, Unwind::Panic(panic));
                false
            }
        };
        if !goes_on {
            raise(store)
        }
    }
}

/// Code whose deadline is reached waits for the debugger, and then it is decided what becomes of
/// it. `None` if there is no debugger.
///
/// # Safety
///
/// Wasm of the store waits for the host, in an entry that may be left.
pub(in crate::vm) unsafe fn at_deadline(
    store: *mut VMStoreContext,
    callback: EpochCallback,
) -> Option<Box<dyn Pending>> {
    // SAFETY: as the caller promises. Nobody knows which registers of the code hold references, so
    // nothing may move before the debugger is ready.
    unsafe {
        let mut handling = match Handling::begin(store, DebugMoment::Deadline)? {
            Ok(handling) => handling,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        (*(*store).vm).gc.put_off();
        handling.then = Then::Decide(callback);
        Some(Box::new(handling))
    }
}

/// Whether traps of a store's code are to be told of before Wasm is left.
///
/// Async-signal-safe.
///
/// # Safety
///
/// The store lives.
pub(in crate::vm) unsafe fn takes_traps(store: *const VMStoreContext) -> bool {
    // SAFETY: as the caller promises.
    unsafe { (*(*store).vm).debugging.notify.is_some() && is_waiting_entry(store.cast_mut()) }
}

/// Registers that nobody needs any more: the code does not go on.
const NONE: [u64; 5] = [0; 5];

/// Wasm is about to be left with a failure: tells the debugger of it first, if it does not know.
/// Does not return if the call waits for it.
///
/// # Safety
///
/// Wasm of the store waits for the host, which has stored the failure, and nothing is left to drop.
pub(in crate::vm) unsafe fn before_leaving(store: *mut VMStoreContext) {
    // SAFETY: as the caller promises.
    unsafe {
        let vm = (*store).vm;
        if (*vm).debugging.notify.is_none()
            || std::mem::replace(&mut (*vm).debugging.is_reported, false)
        {
            return;
        }
        let trap = (*store).trap;
        let (moment, then) = match (TrapCode::from_u8(trap.code), (*store).failure.take()) {
            (Some(code), _) => {
                // What the code has left about a cast is no root, and the debugger may collect: so
                // the error says nothing of it.
                _ = (*vm).take_failed_cast(trap.pc);
                (DebugMoment::Trap(code), Then::Trap(trap))
            }
            (None, Some(Unwind::Error(error))) => {
                let failure = NonNull::from(Box::leak(Box::new(Unwind::Error(error))));
                let Unwind::Error(error) = &mut *failure.as_ptr() else { unreachable!() };
                (DebugMoment::Error(NonNull::from(error)), Then::Fail(failure))
            }
            (None, failure) => {
                (*store).failure = failure;
                return;
            }
        };
        (*store).trap = PendingTrap::default();
        let put_back = |then: Then| {
            let mut handling = Handling { store, future: None, scope: 0, stopped: 0, then };
            let mut context = Context::from_waker(std::task::Waker::noop());
            _ = handling.go_on(&mut context, ptr::null_mut());
        };
        match Handling::begin(store, moment) {
            None => put_back(then),
            Some(Ok(mut handling)) => {
                handling.then = then;
                wait(store, &NONE, handling);
            }
            Some(Err(panic)) => {
                drop(Handling { store, future: None, scope: 0, stopped: 0, then });
                VmStore::fail(store, Unwind::Panic(panic));
            }
        }
        (*vm).debugging.is_reported = false;
    }
}

/// The pending exception is about to be thrown: tells the debugger of it first, if it does not
/// know. Does not return if the call waits for it. The error is that of the host function that the
/// exception came from.
///
/// # Safety
///
/// Wasm of the store waits for the host, and nothing else is left to drop.
pub(in crate::vm) unsafe fn before_unwinding(
    store: *mut VMStoreContext,
    error: Option<Error>,
) -> Option<Error> {
    // SAFETY: as the caller promises.
    unsafe {
        let vm = (*store).vm;
        if (*vm).debugging.notify.is_none()
            || std::mem::replace(&mut (*vm).debugging.is_reported, false)
        {
            return error;
        }
        let object = (*vm).pending_object().ok().flatten();
        let kept = object.map(|object| (*vm).gc.handles.owned(object));
        let exception = kept.as_ref().map(|(root, _)| *root);
        let told = Told { exception, is_taken: false };
        let outer = std::mem::replace(&mut (*vm).debugging.told, told);
        match Handling::begin(store, DebugMoment::Exception) {
            None => {
                (*vm).debugging.told = outer;
                error
            }
            Some(Ok(mut handling)) => {
                handling.then = Then::Throw(error, kept, outer);
                wait(store, &NONE, handling);
                match (*store).failure.take() {
                    Some(Unwind::Exception { error, .. }) => {
                        (*vm).debugging.is_reported = false;
                        error
                    }
                    failure => {
                        (*store).failure = failure;
                        raise(store)
                    }
                }
            }
            Some(Err(panic)) => {
                (*vm).debugging.told = outer;
                drop((error, kept));
                VmStore::fail(store, Unwind::Panic(panic));
                raise(store)
            }
        }
    }
}
