//! Calls that may wait: they are left while a host function is not ready, and gone on with later.
//!
//! A call is a [`WaitingCall`] that is polled, as futures are. Wasm runs on its own stack, and a
//! host function on that of the thread. One that may wait is started by its shim, which polls it
//! once. If it is ready, everything goes on as with any other host function. If not, the entry to
//! Wasm is left, and the call is *suspended*: its frames stay on the Wasm stack, what the host
//! function is goes to the heap, and nothing is left on the thread's stack. At the next poll, on
//! whatever thread, the host function is polled again from there, without Wasm. When it is ready, a
//! new entry is made, and Wasm goes on with the results.
//!
//! # What a suspended call leaves behind
//!
//! Nothing: the store's context says that no such call exists, as it did before the call. So a call
//! that is forgotten costs memory, and the next call overwrites its frames. While what it waits for
//! is polled or dropped, the context says that Wasm waits for the host in that call
//! ([`while_waiting`]): then calls of the same store go below its frames, and backtraces and
//! collections find them. Nobody else uses the store in between, since a call borrows it as long as
//! it exists; a call within a call borrows it from the host function of the outer one.
//!
//! Code whose deadline is reached is left in the same way, with the state of all registers, if the
//! host decides that it waits for something.
//!
//! A call that is dropped drops what it waits for, and its frames are given up, as if it trapped.

#![allow(unsafe_code)]

mod growing;

use std::mem;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};
use std::thread;

pub(crate) use growing::{Asking, Growing};
pub(in crate::vm) use growing::{memory_grow, table_grow};

use super::arch::{
    CallLayout, RegisterImage, Resume, Saved, ValueLocation, WaitingImage, enter_waiting_thunk,
    fail_thunk, go_on_thunk, is_waiting_entry, resume_thunk, suspend,
};
use super::call::{call_host, end_call, fill_image, fill_stack, read, read_image};
use super::context::{FuncRef, HostFunc, HostRecord, VMStoreContext};
use super::exceptions::leave_host;
use super::host::{INLINE, buffer_of, gather, spread};
use super::interruption;
use super::store::{VmStore, prepare_call};
use super::sys::thread::{current, enter, leave};
use super::unwind::{RETURNED, SUSPENDED, Unwind, take};
use super::value::ValRaw;
use crate::Error;

/// A host function that waits.
pub(crate) trait Pending: Send {
    /// Polls it. When it is ready, its results are written to the array; `false` if it failed, with
    /// the failure stored. Then everything that it holds is dropped.
    ///
    /// # Safety
    ///
    /// It has not been ready before. The store that it was started for is borrowed by the call that
    /// waits for it, and the array has room for its results.
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool>;

    /// Drops it before it is ready.
    ///
    /// # Errors
    ///
    /// What a destructor has panicked with. It is for the caller to go on with, when the store does
    /// not say any more that the call waits.
    ///
    /// # Safety
    ///
    /// As for [`poll`](Self::poll).
    unsafe fn cancel(self: Box<Self>) -> thread::Result<()>;
}

/// What has become of a host function that was started.
pub(crate) enum Started {
    /// It was ready: its results are in the array. `false` if it failed, with the failure stored.
    Ready(bool),
    /// It waits.
    Pending(Box<dyn Pending>),
}

/// The shim of a host function that may wait: polls it for the first time, with the parameters from
/// the array.
pub(crate) type StartShim = unsafe fn(*mut HostRecord, *mut ValRaw, &mut Context<'_>) -> Started;

/// What a store's running call needs if it has to wait.
#[derive(Default)]
pub(in crate::vm) struct Suspending {
    /// The [`Context`] that the innermost call is polled with. It is used only by host functions
    /// that this call has led to, before the poll is over.
    context: Option<NonNull<()>>,
    /// What a call hands over when it is left.
    left: Option<Suspension>,
}

/// A call that was left.
struct Suspension {
    resume: Resume,
    pending: Box<dyn Pending>,
    left: Left,
}

/// Where Wasm was left.
enum Left {
    /// In the call of a host function.
    Host {
        record: *mut HostRecord,
        /// Where Wasm wants the results that do not come in registers.
        buffer: *mut u8,
    },
    /// In the call of a builtin that returns a number.
    Builtin,
    /// At a check whether it is to stop.
    Interrupted(Box<Saved>),
}

/// A call into Wasm, or of a host function, that may wait.
pub(crate) struct WaitingCall {
    store: *mut VMStoreContext,
    callee: NonNull<FuncRef>,
    /// For the results that do not come in registers.
    buffer: Vec<ValRaw>,
    state: State,
}

enum State {
    /// It was not polled yet.
    New,
    /// Wasm waits for a host function.
    Wasm(Suspension),
    /// The host waits for the host function that it has called.
    Host(Box<dyn Pending>),
    /// It is over.
    Over,
}

// SAFETY: everything that the pointers lead to belongs to the store, which the call is used with a
// borrow of, and can be sent to another thread as it is.
unsafe impl Send for WaitingCall {}

impl WaitingCall {
    /// A call of a function of a store.
    pub(crate) fn new(store: *mut VMStoreContext, callee: NonNull<FuncRef>) -> Self {
        Self { store, callee, buffer: Vec::new(), state: State::New }
    }

    /// The store. Whoever asks the store itself borrows what the call may have lent.
    pub(crate) fn store(&self) -> *mut VMStoreContext {
        self.store
    }

    /// Runs the call until it waits or is over. The parameters are read from the array at the first
    /// poll, and the results are written to it at the last one.
    ///
    /// # Safety
    ///
    /// The store lives, is borrowed by the call from the first poll on to the last one or until
    /// [`cancel`](Self::cancel), and is ready for a call. The callee is a function of it. The array
    /// has room for the larger of its parameters and results, and holds values of the parameters'
    /// types at the first poll.
    pub(crate) unsafe fn poll(
        &mut self,
        context: &mut Context<'_>,
        values: *mut ValRaw,
    ) -> Poll<Result<(), Box<Unwind>>> {
        // SAFETY: as the caller promises.
        let outcome = unsafe {
            match mem::replace(&mut self.state, State::Over) {
                State::New if self.callee.as_ref().is_host() => self.start_host(context, values),
                State::New => self.start_wasm(context, values),
                State::Wasm(suspension) => self.go_on(suspension, context, values),
                State::Host(pending) => self.go_on_in_host(pending, context, values),
                State::Over => {
                    Err(Box::new(Unwind::Error(Error::msg("a call was polled after it was over"))))
                }
            }
        };
        match outcome {
            Ok(State::Over) => Poll::Ready(Ok(())),
            Ok(state) => {
                self.state = state;
                Poll::Pending
            }
            Err(unwind) => Poll::Ready(Err(unwind)),
        }
    }

    unsafe fn start_host(
        &mut self,
        context: &mut Context<'_>,
        values: *mut ValRaw,
    ) -> Result<State, Box<Unwind>> {
        let host = self.callee.cast::<HostFunc>();
        // SAFETY: a reference to a host function is the head of its record; the shim of one that
        // may wait is what starts it.
        unsafe {
            if !self.callee.as_ref().waits() {
                return call_host(self.store, host, values).map(|()| State::Over);
            }
            leave(enter(current())?);
            let record = &raw mut (*host.as_ptr()).record;
            match start_shim(record)(record, values, context) {
                Started::Ready(true) => Ok(State::Over),
                Started::Ready(false) => Err(take(self.store)),
                Started::Pending(pending) => Ok(State::Host(pending)),
            }
        }
    }

    unsafe fn go_on_in_host(
        &mut self,
        mut pending: Box<dyn Pending>,
        context: &mut Context<'_>,
        values: *mut ValRaw,
    ) -> Result<State, Box<Unwind>> {
        // SAFETY: as the caller promises.
        unsafe {
            match pending.poll(context, values) {
                Poll::Pending => Ok(State::Host(pending)),
                Poll::Ready(true) => Ok(State::Over),
                Poll::Ready(false) => Err(take(self.store)),
            }
        }
    }

    unsafe fn start_wasm(
        &mut self,
        context: &mut Context<'_>,
        values: *mut ValRaw,
    ) -> Result<State, Box<Unwind>> {
        let store = self.store;
        // SAFETY: as the caller promises.
        unsafe {
            let func = &*self.callee.as_ptr();
            let layout = &func.type_record().layout;
            let mut stack = Vec::new();
            if layout.stack_size != 0 || layout.buffer_size != 0 {
                stack.resize(layout.stack_size as usize / 16, ValRaw::ZERO);
                self.buffer.resize(layout.buffer_size as usize / 16, ValRaw::ZERO);
                let buffer = self.buffer.as_mut_ptr();
                fill_stack(layout, values, stack.as_mut_ptr().cast(), buffer);
            }
            let mut image = fill_image(layout, values, self.buffer.as_mut_ptr());
            // A call that was forgotten while it waited still has its timers.
            interruption::call_ended(store);
            if (*store).wasm_sp.is_null() {
                prepare_call(store)?;
            }
            (*store).entry_code = func.code;
            self.run(context, values, &mut image, |image| {
                let size = mem::size_of_val(&*stack);
                enter_waiting_thunk(func.context, image, stack.as_ptr().cast(), size);
            })
        }
    }

    unsafe fn go_on(
        &mut self,
        mut suspension: Suspension,
        context: &mut Context<'_>,
        values: *mut ValRaw,
    ) -> Result<State, Box<Unwind>> {
        let store = self.store;
        // SAFETY: as the caller promises; a record lives as long as its store, and the buffer is in
        // a frame of the call.
        unsafe {
            let host_data = (*store).host_data;
            let layout = match suspension.left {
                Left::Host { record, .. } => Some(&(*(*record).ty).layout),
                Left::Builtin | Left::Interrupted(_) => None,
            };
            let mut results = Values::new(layout.map_or(0, CallLayout::array_len));
            let results = results.as_mut_ptr();
            let polled = while_waiting(store, suspension.resume.exit, || {
                suspension.pending.poll(context, results)
            });
            let Poll::Ready(succeeded) = polled else { return Ok(State::Wasm(suspension)) };
            // Calls that the host function has made may have derived it from their own borrows.
            (*store).host_data = host_data;
            let mut image = RegisterImage {
                ints: [0; 6],
                int_results: [0; 2],
                vectors: [0; 8],
                vector_results: [0; 2],
            };
            let Suspension { resume, left, .. } = suspension;
            self.run(context, values, &mut image, |image| match (left, layout) {
                _ if !succeeded => fail_thunk(&resume, image),
                (Left::Interrupted(saved), _) => go_on_thunk(&resume, image, &*saved),
                (Left::Host { buffer, .. }, Some(layout)) => {
                    spread(layout, &mut *image, buffer, results);
                    resume_thunk(&resume, image);
                }
                (Left::Builtin, _) => {
                    (*image).int_results[0] = (*results).u64;
                    resume_thunk(&resume, image);
                }
                (Left::Host { .. }, None) => unreachable!("a host function has a type"),
            })
        }
    }

    /// Runs Wasm with an entry thunk, until the call waits or is over.
    unsafe fn run(
        &mut self,
        context: &mut Context<'_>,
        values: *mut ValRaw,
        image: &mut RegisterImage,
        go: impl FnOnce(*mut RegisterImage),
    ) -> Result<State, Box<Unwind>> {
        let store = self.store;
        // SAFETY: as the caller of `poll` promises. No code of the host runs on the thread's stack
        // above the entry when the thunk returns, so that the context is not used afterwards.
        unsafe {
            let previous = match enter(store) {
                Ok(previous) => previous,
                Err(unwind) => {
                    (*store).failure = None;
                    interruption::call_ended(store);
                    return Err(unwind);
                }
            };
            let suspending = &raw mut (*(*store).vm).suspending;
            let outer = (*suspending).context.replace(NonNull::from(context).cast());
            go(image);
            (*suspending).context = outer;
            leave(previous);
            match (*store).outcome {
                RETURNED => {}
                SUSPENDED => {
                    (*store).outcome = (*store).returned;
                    let left = (*suspending).left.take();
                    return Ok(left.map_or(State::Over, State::Wasm));
                }
                _ => end_call(store, ())?,
            }
            let layout = &self.callee.as_ref().type_record().layout;
            read_image(layout, image, values);
            if !self.buffer.is_empty() {
                for (index, (place, width)) in layout.results.iter().enumerate() {
                    if let ValueLocation::Memory(offset) = place {
                        let from = self.buffer.as_ptr().byte_add(*offset as usize);
                        *values.add(index) = read(from, *width);
                    }
                }
            }
            Ok(State::Over)
        }
    }

    /// Gives the call up if it was begun and is not over; `None` if that is not so.
    ///
    /// # Errors
    ///
    /// What a destructor has panicked with.
    ///
    /// # Safety
    ///
    /// As for [`poll`](Self::poll).
    pub(crate) unsafe fn cancel(&mut self) -> Option<thread::Result<()>> {
        // SAFETY: as the caller promises.
        unsafe {
            match mem::replace(&mut self.state, State::Over) {
                State::New | State::Over => None,
                State::Host(pending) => Some(pending.cancel()),
                State::Wasm(suspension) => {
                    let Suspension { resume, pending, .. } = suspension;
                    let dropped = while_waiting(self.store, resume.exit, || pending.cancel());
                    interruption::call_ended(self.store);
                    Some(dropped)
                }
            }
        }
    }
}

/// Runs what may use the store while a call of it waits for the host: as if the thread's stack had
/// an entry, and Wasm had left it from the given frame.
///
/// # Safety
///
/// The store lives, the frame is that of a suspended call, and what is around that call is what was
/// around it when it began. What runs does not leave by a panic or otherwise.
unsafe fn while_waiting<R>(
    store: *mut VMStoreContext,
    exit: *mut u8,
    run: impl FnOnce() -> R,
) -> R {
    // SAFETY: as the caller promises. Nothing leaves Wasm through the frame that stands for the
    // entry, since no Wasm runs above it but in entries of its own.
    unsafe {
        let before = ((*store).host_sp, (*store).wasm_sp);
        let mut frame = [before.0, before.1, store.cast::<u8>()];
        (*store).host_sp = frame.as_mut_ptr().cast();
        (*store).wasm_sp = exit;
        let result = run();
        (*store).host_sp = before.0;
        (*store).wasm_sp = before.1;
        result
    }
}

/// The function that starts a host function that may wait.
unsafe fn start_shim(record: *const HostRecord) -> StartShim {
    // SAFETY: the record is that of such a function.
    unsafe { mem::transmute::<*const u8, StartShim>((*record).shim) }
}

/// An array for the values of a call. It is not cleared: whoever reads a value has written it.
struct Values {
    inline: [MaybeUninit<ValRaw>; INLINE],
    /// In their place, if they are more.
    heap: Vec<ValRaw>,
}

impl Values {
    #[inline(always)]
    fn new(len: usize) -> Self {
        let heap = if len <= INLINE { Vec::new() } else { vec![ValRaw::ZERO; len] };
        Self { inline: [const { MaybeUninit::uninit() }; INLINE], heap }
    }

    #[inline(always)]
    fn as_mut_ptr(&mut self) -> *mut ValRaw {
        if self.heap.is_empty() { self.inline.as_mut_ptr().cast() } else { self.heap.as_mut_ptr() }
    }
}

/// Starts a host function that may wait. Returns the bytes of stack arguments for the thunk to pop.
/// Does not return if the function failed, or has to wait.
///
/// # Safety
///
/// Only the thunk calls this, with what compiled code passed to it.
pub(in crate::vm) unsafe extern "C" fn host_waiting_dispatch(
    record: *mut HostRecord,
    image: *mut WaitingImage,
    stack: *const u8,
) -> usize {
    // SAFETY: the record is that of a host function of a live store, and the image is the thunk's.
    unsafe {
        let store = (*record).store;
        match start(record, &mut *image, stack) {
            Started::Ready(true) => (*(*record).ty).layout.stack_size as usize,
            Started::Ready(false) => leave_host(store),
            Started::Pending(pending) => {
                leave_waiting(record, &*image, stack, pending);
                suspend(store)
            }
        }
    }
}

/// Starts the function. If it is ready, its results are where Wasm expects them.
unsafe fn start(record: *mut HostRecord, image: &mut WaitingImage, stack: *const u8) -> Started {
    // SAFETY: as for the caller. The context of a poll is there as long as it runs, and this is one
    // that may wait, whose poll is the innermost one.
    unsafe {
        let store = (*record).store;
        let suspending = &raw mut (*(*store).vm).suspending;
        let Some(context) = (*suspending).context.filter(|_| is_waiting_entry(store)) else {
            VmStore::fail(store, Unwind::Error(Error::msg(NOT_ASYNC)));
            return Started::Ready(false);
        };
        let layout = &(*(*record).ty).layout;
        let mut values = Values::new(layout.array_len());
        let values = values.as_mut_ptr();
        gather(layout, &image.registers, stack, values);
        let context = context.cast::<Context<'_>>().as_mut();
        let started = start_shim(record)(record, values, context);
        if let Started::Ready(true) = started {
            let buffer = buffer_of(layout, &image.registers, stack);
            spread(layout, &mut image.registers, buffer, values);
        }
        started
    }
}

/// Keeps what is needed to go on with the call that is about to be left.
unsafe fn leave_waiting(
    record: *mut HostRecord,
    image: &WaitingImage,
    stack: *const u8,
    pending: Box<dyn Pending>,
) {
    // SAFETY: as for the caller.
    unsafe {
        let store = (*record).store;
        let layout = &(*(*record).ty).layout;
        let resume = Resume {
            store,
            exit: (*store).wasm_sp,
            stack_size: layout.stack_size as usize,
            preserved: image.preserved,
        };
        let buffer = match layout.buffer {
            Some(_) => buffer_of(layout, &image.registers, stack),
            None => ptr::null_mut(),
        };
        let left = Left::Host { record, buffer };
        (*(*store).vm).suspending.left = Some(Suspension { resume, pending, left });
    }
}

/// Polls what interrupted code is to wait for. If that is not ready, keeps what is needed to go on
/// with the call, which is about to be left.
///
/// # Safety
///
/// The state is that of code of the store, which has left for the host in an entry that may be
/// left.
pub(in crate::vm) unsafe fn wait_interrupted(
    store: *mut VMStoreContext,
    saved: &Saved,
    mut pending: Box<dyn Pending>,
) -> Poll<bool> {
    // SAFETY: the store lives, and the poll that has led to its innermost entry runs.
    unsafe {
        let suspending = &raw mut (*(*store).vm).suspending;
        if let Some(context) = (*suspending).context {
            let context = context.cast::<Context<'_>>().as_mut();
            let polled = pending.poll(context, ptr::null_mut());
            if polled.is_ready() {
                return polled;
            }
        }
        let exit = (*store).wasm_sp;
        let resume = Resume { store, exit, stack_size: 0, preserved: [0; 5] };
        let left = Left::Interrupted(Box::new(saved.clone()));
        (*suspending).left = Some(Suspension { resume, pending, left });
        Poll::Pending
    }
}

/// Polls what a builtin waits for. If that is not ready, keeps what is needed to go on with the
/// call, which is about to be left.
///
/// # Safety
///
/// The builtin was called by Wasm of the store, with these registers, and has nothing left to drop.
unsafe fn wait_in_builtin(
    store: *mut VMStoreContext,
    preserved: &[u64; 5],
    mut pending: Box<dyn Pending>,
) -> Poll<Option<u64>> {
    // SAFETY: the store lives, and the poll that has led to its innermost entry runs.
    unsafe {
        let suspending = &raw mut (*(*store).vm).suspending;
        let Some(context) = (*suspending).context.filter(|_| is_waiting_entry(store)) else {
            let failure = match pending.cancel() {
                Ok(()) => Unwind::Error(Error::msg(NOT_ASYNC)),
                Err(panic) => Unwind::Panic(panic),
            };
            VmStore::fail(store, failure);
            return Poll::Ready(None);
        };
        let context = context.cast::<Context<'_>>().as_mut();
        let mut value = ValRaw::ZERO;
        if let Poll::Ready(succeeded) = pending.poll(context, &mut value) {
            return Poll::Ready(succeeded.then_some(value.u64));
        }
        let exit = (*store).wasm_sp;
        let resume = Resume { store, exit, stack_size: 0, preserved: *preserved };
        let left = Left::Builtin;
        (*suspending).left = Some(Suspension { resume, pending, left });
        Poll::Pending
    }
}

const NOT_ASYNC: &str = "the store was configured to do async things after a call had begun that \
                         can't wait: begin it with `call_async` or `instantiate_async`";
