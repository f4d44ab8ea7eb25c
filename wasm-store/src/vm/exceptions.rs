//! Exceptions: who throws one writes its values here, and the handler that takes it reads them
//! here.
//!
//! Compiled code keeps frame pointers, and the artifact has, for the calls inside of constructs
//! that catch something, where its handlers are. So throwing is one walk along the frames up to the
//! first handler that takes the exception, and a jump there with that frame's stack pointer. The
//! code behind a call with handlers keeps nothing in registers if it is entered that way, so that
//! nothing else has to be put back. The walk ends at the entry to Wasm: if there was no handler,
//! the call from the host fails with the exception, and goes on in the Wasm around it if a host
//! function returns that error.
//!
//! What is known of a return address is remembered in a small table for the next exception. A store
//! whose code throws nothing has none of all this.

#![allow(unsafe_code)]

mod handlers;
mod kept;
mod objects;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

use wasm_types::TrapCode;

use self::handlers::Handlers;
use self::kept::KeptOnStacks;
use self::objects::NumberedTags;
#[cfg(feature = "async")]
pub(super) use self::objects::make_caught;
pub(super) use self::objects::{caught_exception, throw_ref};
use super::arch::{FRAME_WASM_SP, raise, resume};
use super::context::{VMContext, VMStoreContext};
use super::continuations;
use super::debugging::before_unwinding;
use super::gc::{HAS_OBJECTS, NULL, Tracer};
use super::stack::StackBounds;
use super::store::VmStore;
use super::tag::VmTag;
use super::unwind::{Unwind, Walk, raise_trap};
use super::value::ValRaw;
use crate::Error;

/// The exceptions of a store.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// The tag of the exception that was thrown and not caught so far.
    pending: Option<NonNull<VmTag>>,
    /// Its values, or of the exception that was caught last.
    values: Vec<ValRaw>,
    /// The object that has them, if the exception was thrown as one or became one; else null. It
    /// holds as long as the exception is pending, and at the start of the handler.
    object: u32,
    /// The tags that objects refer to.
    tags: NumberedTags,
    /// Exceptions that may be thrown again.
    kept: KeptOnStacks,
    /// What is known of return addresses.
    handlers: Handlers,
}

/// Where an exception was thrown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Thrown {
    /// An address within the call that has thrown it; 0 if that is not known.
    pub(crate) pc: usize,
    /// The frame pointer of the function that has.
    pub(crate) fp: usize,
}

impl Exceptions {
    /// The exception that was thrown and not caught so far: its tag and its values.
    pub(crate) fn pending(&self) -> Option<(NonNull<VmTag>, &[ValRaw])> {
        self.pending.map(|tag| (tag, self.values.as_slice()))
    }

    /// Calls what may throw and catch other exceptions, and leaves the pending one as it is; unless
    /// that fails or panics, which takes the place of the exception.
    ///
    /// # Safety
    ///
    /// The store lives, and what is called uses no borrow of it.
    #[cfg(feature = "function-hook")]
    pub(crate) unsafe fn aside(
        store: *mut VMStoreContext,
        run: impl FnOnce() -> Result<(), Error>,
    ) -> std::thread::Result<Result<(), Error>> {
        // SAFETY: as the caller promises.
        unsafe {
            let take = |exceptions: &mut Box<Exceptions>| {
                let values = std::mem::take(&mut exceptions.values);
                (exceptions.pending.take(), values, exceptions.object)
            };
            // Nobody looks for references among the values that are put aside.
            (*(*store).vm).gc.put_off();
            let pending = (*store).exceptions.as_mut().map(take);
            let result = catch_unwind(AssertUnwindSafe(run));
            if let (Ok(Ok(())), Some((tag, values, object)), Some(exceptions)) =
                (&result, pending, &mut (*store).exceptions)
            {
                (exceptions.pending, exceptions.values) = (tag, values);
                exceptions.object = object;
            }
            (*(*store).vm).gc.resume();
            result
        }
    }

    /// Shows the references among the values to a collector.
    ///
    /// # Safety
    ///
    /// The tags live.
    pub(super) unsafe fn trace(&mut self, tracer: &mut Tracer<'_>) {
        // SAFETY: as the caller promises; each value is one of the type that its tag says.
        unsafe {
            if let Some(tag) = self.pending {
                trace(tag, &mut self.values, tracer);
                tracer.place(&raw mut self.object);
            }
            self.kept.trace(|tag, values| trace(tag, values, tracer));
        }
    }

    /// Nothing is on a stack any more.
    pub(super) fn stack_is_empty(&mut self, stack: StackBounds) {
        self.kept.forget(stack);
    }

    pub(super) fn set(&mut self, tag: NonNull<VmTag>, values: &[ValRaw]) {
        self.pending = Some(tag);
        self.values.clear();
        self.values.extend_from_slice(values);
        self.object = NULL;
    }
}

/// Shows the references among the values of an exception to a collector.
unsafe fn trace(tag: NonNull<VmTag>, values: &mut [ValRaw], tracer: &mut Tracer<'_>) {
    // SAFETY: the tag lives, and its type as long as the engine; the values are of that type.
    unsafe {
        let types = tag.as_ref().ty().as_ref().ty.params();
        for (value, _) in values.iter_mut().zip(types).filter(|(_, ty)| ty.is_collected()) {
            tracer.place(ptr::from_mut(value).cast());
        }
    }
}

impl VmStore {
    /// The exceptions of the store, if there were any.
    pub(crate) fn exceptions(&self) -> Option<&Exceptions> {
        // SAFETY: the context is this store's own.
        unsafe { (*self.context()).exceptions.as_deref() }
    }

    /// Whether an exception was thrown and not caught so far.
    pub(crate) fn has_pending_exception(&self) -> bool {
        self.exceptions().is_some_and(|exceptions| exceptions.pending.is_some())
    }
}

/// `throw`: the values are copied before anything else, since they are in the frame of the caller.
///
/// # Safety
///
/// To be called by compiled code, with a tag of its instance and as many values as it has.
pub(super) unsafe extern "C" fn throw(
    context: *mut VMContext,
    tag: NonNull<VmTag>,
    values: *const ValRaw,
) -> ! {
    // SAFETY: as the caller promises.
    unsafe {
        let store = (*context).store;
        let exceptions = (*store).exceptions.get_or_insert_default();
        let count = tag.as_ref().ty().as_ref().ty.params().len();
        exceptions.set(tag, std::slice::from_raw_parts(values, count));
        unwind(store, None)
    }
}

/// Keeps the exception that a handler was just entered with. As much may be kept as the stack is
/// large; more exhausts it.
///
/// # Safety
///
/// To be called by compiled code, in a handler, before anything else can be thrown.
pub(super) unsafe extern "C" fn keep_exception(context: *mut VMContext, depth: u32) {
    // SAFETY: as the caller promises; the thunk's frame begins with the caller's frame pointer.
    unsafe {
        let store = (*context).store;
        let frame = *(*store).wasm_sp.cast::<usize>();
        let bounds = (*store).bounds();
        let Some(exceptions) = &mut (*store).exceptions else { return };
        let Exceptions { kept, values, handlers, .. } = &mut **exceptions;
        let Some(tag) = handlers.caught else { return };
        if !kept.on(bounds).keep((frame, depth), tag, values, bounds.size()) {
            raise_trap(store, TrapCode::StackOverflow)
        }
    }
}

/// `rethrow`.
///
/// # Safety
///
/// To be called by compiled code, in the handler that the exception was kept for.
pub(super) unsafe extern "C" fn rethrow(context: *mut VMContext, depth: u64) -> ! {
    // SAFETY: as the caller promises; the thunk's frame begins with the caller's frame pointer.
    unsafe {
        let store = (*context).store;
        let frame = *(*store).wasm_sp.cast::<usize>();
        let exceptions = (*store).exceptions.get_or_insert_default();
        let kept = exceptions.kept.on((*store).bounds());
        match kept.take(frame, depth as u32, &mut exceptions.values) {
            Some(tag) => {
                exceptions.pending = Some(tag);
                exceptions.object = NULL;
                unwind(store, None)
            }
            None => {
                let error = Error::msg("an exception was to be thrown again that was not kept");
                VmStore::fail(store, Unwind::Error(error));
                raise(store)
            }
        }
    }
}

/// Leaves a host function with the failure that its shim has stored: to a handler if that is an
/// exception and there is one, or else to the innermost entry.
///
/// # Safety
///
/// To be called by a shim, or a builtin, as its last act, with nothing left to drop.
pub(crate) unsafe fn leave_host(store: *mut VMStoreContext) -> ! {
    // SAFETY: as the caller promises.
    unsafe {
        match (*store).failure.take() {
            // Without modules with exceptions, nothing in Wasm catches one.
            Some(Unwind::Exception { error, .. }) if HAS_OBJECTS => unwind(store, error),
            failure => {
                (*store).failure = failure;
                raise(store)
            }
        }
    }
}

/// Drops the error that a host function has returned with an exception. What that calls is the
/// host's, and may panic.
fn dropped(error: Option<Error>) -> Result<(), Unwind> {
    catch_unwind(AssertUnwindSafe(|| drop(error))).map_err(Unwind::Panic)
}

/// Goes on with the pending exception at the first handler that takes it, or else leaves Wasm with
/// it. `error` is what a host function has returned, if the exception came from there.
///
/// # Safety
///
/// Wasm has left for the host from the frame at `wasm_sp`, and nothing on the host's stack is left
/// to drop but `error`.
pub(super) unsafe fn unwind(store: *mut VMStoreContext, error: Option<Error>) -> ! {
    // SAFETY: the frames that Wasm was left from are where the thunks put them, and compiled code
    // keeps frame pointers.
    unsafe {
        let error = before_unwinding(store, error);
        let entry = *(*store).host_sp.add(FRAME_WASM_SP).cast::<*mut u8>();
        let mut walk = Walk::new((*store).current, entry);
        let frame = (*store).wasm_sp.cast::<usize>();
        let (mut fp, mut pc) = (*frame, *frame.add(1));
        let thrown = Thrown { pc: pc.wrapping_sub(1), fp };
        let exceptions = (*store).exceptions.get_or_insert_default();
        let Some(tag) = exceptions.pending else {
            unreachable!("whoever throws an exception makes it the pending one")
        };
        let failure = loop {
            match exceptions.handlers.find(pc, fp, tag) {
                Ok(Some(place)) => {
                    let notified = super::function_hook::left_by_exception(store, fp);
                    if let Err(failure) = notified.and(dropped(error)) {
                        break failure;
                    }
                    continuations::left_to(store, walk.stack());
                    (*(*store).vm).code_goes_on();
                    let exceptions = (*store).exceptions.get_or_insert_default();
                    exceptions.pending = None;
                    exceptions.handlers.caught = Some(tag);
                    let values = exceptions.values.as_ptr();
                    resume(place.target, place.sp, fp, values.cast())
                }
                Ok(None) => {}
                Err(damage) => {
                    break dropped(error).err().unwrap_or(Unwind::Error(Error::new(damage)));
                }
            }
            let Some((return_address, caller)) = walk.caller(fp) else {
                break Unwind::Exception { thrown, error };
            };
            (fp, pc) = (caller, return_address);
        };
        if !matches!(failure, Unwind::Exception { .. }) {
            // Something else is on its way now, and no host function can throw this one again.
            (*store).exceptions.get_or_insert_default().pending = None;
        }
        VmStore::fail(store, failure);
        raise(store)
    }
}
