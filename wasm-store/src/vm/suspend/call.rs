//! A call that may wait: how it begins, goes on at later polls, ends and is given up.

#![allow(unsafe_code)]

use std::mem;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::task::{Context, Poll};
use std::thread;

use super::{Left, Pending, Started, Suspension, Values, while_waiting};
use crate::Error;
use crate::vm::arch::{
    CallLayout, RegisterImage, ValueLocation, enter_waiting_thunk, fail_thunk, go_on_thunk,
    resume_thunk,
};
use crate::vm::call::{call_host, end_call, fill_image, fill_stack, read, read_image};
use crate::vm::context::{FuncRef, HostFunc, HostRecord, VMStoreContext};
use crate::vm::continuations;
use crate::vm::host::spread;
use crate::vm::interruption;
use crate::vm::store::prepare_call;
use crate::vm::sys::thread::{current, enter, leave};
use crate::vm::unwind::{RETURNED, SUSPENDED, Unwind, take};
use crate::vm::value::ValRaw;

/// A call into Wasm, or of a host function, that may wait.
pub(crate) struct WaitingCall {
    store: *mut VMStoreContext,
    callee: NonNull<FuncRef>,
    /// The record of the import in whose instance's name a host function is called.
    import: Option<NonNull<HostRecord>>,
    /// For the results that do not come in registers.
    buffer: Vec<ValRaw>,
    state: State,
    /// What Wasm waits for, and where it goes on then.
    suspension: Option<Suspension>,
}

enum State {
    /// It was not polled yet.
    New,
    /// Wasm waits.
    Wasm,
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
    #[inline(always)]
    pub(crate) fn new(store: *mut VMStoreContext, callee: NonNull<FuncRef>) -> Self {
        let (import, buffer) = (None, Vec::new());
        Self { store, callee, import, buffer, state: State::New, suspension: None }
    }

    /// Calls the function in the name of an instance: of the one whose import has the record.
    ///
    /// # Safety
    ///
    /// The import is bound to the function, and lives as long as the store.
    pub(crate) unsafe fn by_import(&mut self, record: NonNull<HostRecord>) {
        self.import = Some(record);
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
                State::Wasm => self.go_on(context, values),
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
        // SAFETY: a reference to a host function is the head of its record.
        unsafe {
            let own = &raw mut (*host.as_ptr()).record;
            let record = self.import.map_or(own, NonNull::as_ptr);
            let Some(start) = (*host.as_ptr()).start else {
                return call_host(self.store, host, record, values).map(|()| State::Over);
            };
            leave(enter(current())?);
            match start(record, values, context) {
                Started::Ready => Ok(State::Over),
                Started::Failed => Err(take(self.store)),
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
            let previous = match enter(self.store) {
                Ok(previous) => previous,
                Err(unwind) => {
                    self.state = State::Host(pending);
                    return Err(match self.cancel() {
                        Some(Err(panic)) => Box::new(Unwind::Panic(panic)),
                        Some(Ok(())) | None => unwind,
                    });
                }
            };
            let polled = pending.poll(context, values);
            leave(previous);
            match polled {
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
            let mut image = MaybeUninit::uninit();
            fill_image(layout, values, self.buffer.as_mut_ptr(), &mut image);
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
        context: &mut Context<'_>,
        values: *mut ValRaw,
    ) -> Result<State, Box<Unwind>> {
        let store = self.store;
        // SAFETY: as the caller promises; a record lives as long as its store, and the buffer is in
        // a frame of the call.
        unsafe {
            let host_data = (*store).host_data;
            let Some(suspension) = &mut self.suspension else {
                unreachable!("a call whose Wasm waits has what it waits for")
            };
            let Some(pending) = &mut suspension.pending else {
                unreachable!("it was not ready so far")
            };
            let layout = match suspension.left {
                Left::Host { record, .. } => Some(&(*(*record).ty).layout),
                Left::Builtin | Left::Interrupted(_) => None,
            };
            let mut results = Values::new(layout.map_or(0, CallLayout::array_len));
            let results = results.as_mut_ptr();
            let place = (suspension.stack, suspension.resume.exit);
            // As in a call by Wasm: calls within it find out how deep the thread's stack is in use.
            let previous = match enter(store) {
                Ok(previous) => previous,
                Err(unwind) => {
                    self.state = State::Wasm;
                    return Err(match self.cancel() {
                        Some(Err(panic)) => Box::new(Unwind::Panic(panic)),
                        Some(Ok(())) | None => unwind,
                    });
                }
            };
            let stretch = &mut suspension.stretch;
            let polled = while_waiting(store, place, stretch, || pending.poll(context, results));
            leave(previous);
            let Poll::Ready(succeeded) = polled else { return Ok(State::Wasm) };
            let mut ready = suspension.pending.take();
            if ready.as_mut().is_some_and(|ready| ready.is_reusable()) {
                (*(*store).vm).suspending.spare = ready;
            } else {
                drop(ready);
            }
            // Calls that the host function has made may have derived it from their own borrows.
            (*store).host_data = host_data;
            let left = mem::replace(&mut suspension.left, Left::Builtin);
            // Where it was is written to when Wasm is left again.
            let resume = suspension.resume.clone();
            let resume = &raw const resume;
            (*store).current = suspension.stack;
            let mut image = MaybeUninit::uninit();
            self.run(context, values, &mut image, |image| match (&left, layout) {
                _ if !succeeded => fail_thunk(resume, image),
                (Left::Interrupted(saved), _) => go_on_thunk(resume, image, &**saved),
                (Left::Host { buffer, .. }, Some(layout)) => {
                    spread(layout, image, *buffer, results);
                    resume_thunk(resume, image);
                }
                (Left::Builtin, _) => {
                    (*image).int_results[0] = (*results).u64;
                    resume_thunk(resume, image);
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
        image: &mut MaybeUninit<RegisterImage>,
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
                    let stack = continuations::detach(store);
                    continuations::give_up(store, stack);
                    interruption::call_ended(store);
                    return Err(unwind);
                }
            };
            let suspending = &raw mut (*(*store).vm).suspending;
            let slot = NonNull::from(&mut self.suspension);
            let outer = (*suspending).context.replace(NonNull::from(context).cast());
            let outer_slot = (*suspending).slot.replace(slot);
            let image = image.as_mut_ptr();
            go(image);
            (*suspending).context = outer;
            (*suspending).slot = outer_slot;
            leave(previous);
            match (*store).outcome {
                RETURNED => {}
                SUSPENDED => {
                    (*store).outcome = (*store).returned;
                    (*(*store).vm).code_goes_on();
                    continuations::detach(store);
                    return Ok(State::Wasm);
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
    #[inline(always)]
    pub(crate) unsafe fn cancel(&mut self) -> Option<thread::Result<()>> {
        if let State::New | State::Over = self.state {
            self.state = State::Over;
            return None;
        }
        // SAFETY: as the caller promises.
        unsafe { self.give_up() }
    }

    /// Gives up a call that waits.
    #[inline(never)]
    unsafe fn give_up(&mut self) -> Option<thread::Result<()>> {
        // SAFETY: as for `cancel`.
        unsafe {
            match mem::replace(&mut self.state, State::Over) {
                State::New | State::Over => None,
                State::Host(pending) => Some(with_host_stack(self.store, || pending.cancel())),
                State::Wasm => {
                    let suspension = self.suspension.take()?;
                    let Suspension { stack, resume, pending, mut stretch, .. } = suspension;
                    let (pending, store) = (pending?, self.store);
                    let dropped = with_host_stack(store, || {
                        let place = (stack, resume.exit);
                        while_waiting(store, place, &mut stretch, || pending.cancel())
                    });
                    continuations::give_up(store, stack);
                    interruption::call_ended(self.store);
                    Some(dropped)
                }
            }
        }
    }
}

/// The stack of a thread that drops calls within calls that the caller's has no room for, in bytes.
const LARGE_STACK: usize = 16 << 20;

/// Drops what a call waits for: on this thread, or if that has no room on its stack for more calls
/// within calls, on one that is made for it. If the system does not make one, it is forgotten, as
/// a whole call can be.
///
/// # Safety
///
/// The store lives, and is borrowed by the caller, whose thread waits. What is dropped can be sent
/// to another thread.
unsafe fn with_host_stack(
    store: *mut VMStoreContext,
    drop: impl FnOnce() -> thread::Result<()>,
) -> thread::Result<()> {
    if let Ok(previous) = enter(store) {
        let dropped = drop();
        leave(previous);
        return dropped;
    }
    /// What the caller vouches for.
    struct Sent<T>(T);
    // SAFETY: as the caller promises.
    unsafe impl<T> Send for Sent<T> {}
    let sent = Sent((store, drop));
    thread::scope(|scope| {
        let spawned = thread::Builder::new()
            .name("wasm-drop".to_string())
            .stack_size(LARGE_STACK)
            .spawn_scoped(scope, move || {
                let Sent((store, drop)) = { sent };
                let previous = enter(store);
                let dropped = drop();
                if let Ok(previous) = previous {
                    leave(previous);
                }
                dropped
            });
        match spawned {
            Ok(thread) => thread.join().unwrap_or_else(Err),
            Err(_) => Ok(()),
        }
    })
}
