//! Where Wasm is left because what it has called has to wait: host functions, builtins, and code
//! that is interrupted.

#![allow(unsafe_code)]

use std::ptr;
use std::task::{Context, Poll};

use super::{Left, Pending, Started, Suspension, Values, start_shim};
use crate::Error;
use crate::vm::arch::{LEFT, Resume, Saved, WaitingImage, is_waiting_entry};
use crate::vm::context::{HostRecord, VMStoreContext};
use crate::vm::exceptions::leave_host;
use crate::vm::host::{buffer_of, gather, spread};
use crate::vm::store::VmStore;
use crate::vm::unwind::{SUSPENDED, Unwind};
use crate::vm::value::ValRaw;

/// Starts a host function that may wait. Returns the bytes of stack arguments for the thunk to pop,
/// or [`LEFT`] if the function has to wait: then the thunk leaves the entry. Does not return if the
/// function failed.
///
/// # Safety
///
/// Only the thunk calls this, with what compiled code passed to it.
pub(in crate::vm) unsafe extern "C" fn host_waiting_dispatch(
    record: *mut HostRecord,
    image: *mut WaitingImage,
    stack: *const u8,
) -> isize {
    // SAFETY: the record is that of a host function of a live store, and the image is the thunk's.
    unsafe {
        let store = (*record).store;
        match start(record, &mut *image, stack) {
            Started::Ready => (*(*record).ty).layout.stack_size as isize,
            Started::Failed => leave_host(store),
            Started::Pending(pending) => {
                leave_waiting(record, &*image, stack, pending);
                LEFT
            }
        }
    }
}

/// Starts the function. If it is ready, its results are where Wasm expects them.
unsafe fn start(record: *mut HostRecord, image: &mut WaitingImage, stack: *const u8) -> Started {
    // SAFETY: as for the caller. The context of a poll is there as long as it runs, and this is one
    // that may wait, whose poll is the innermost one.
    unsafe {
        let Some(context) = context_of((*record).store) else { return Started::Failed };
        let layout = &(*(*record).ty).layout;
        let mut values = Values::new(layout.array_len());
        let values = values.as_mut_ptr();
        gather(layout, &image.registers, stack, values);
        let started = start_shim(record)(record, values, context);
        if let Started::Ready = started {
            let buffer = buffer_of(layout, &image.registers, stack);
            spread(layout, &mut image.registers, buffer, values);
        }
        started
    }
}

/// The context that the store's innermost call is polled with. If that call can't wait, there is
/// none, and a failure that says so is stored.
///
/// # Safety
///
/// Wasm of the store is calling the host. The context is used before the host returns.
#[inline(always)]
pub(crate) unsafe fn context_of<'a>(store: *mut VMStoreContext) -> Option<&'a mut Context<'a>> {
    // SAFETY: as the caller promises: the context of a poll is there as long as it runs.
    unsafe {
        let context = (*(*store).vm).suspending.context;
        match context.filter(|_| is_waiting_entry(store)) {
            Some(context) => Some(context.cast::<Context<'a>>().as_mut()),
            None => {
                VmStore::fail(store, Unwind::Error(Error::msg(NOT_ASYNC)));
                None
            }
        }
    }
}

/// Keeps what is needed to go on with a call whose host function has to wait, and which the thunk
/// leaves when the function's shim returns, whatever it returns.
///
/// # Safety
///
/// To be called by a shim that has taken its arguments in registers, for its record, in a call that
/// may be left ([`context_of`]).
pub(crate) unsafe fn wait_in_registers(record: *mut HostRecord, pending: Box<dyn Pending>) {
    // SAFETY: as the caller promises: the thunk has written the registers right below the frame of
    // the innermost entry.
    unsafe {
        let store = (*record).store;
        let saved = (*store).host_sp.cast::<u64>();
        let preserved = std::array::from_fn(|place| *saved.sub(place + 1));
        let resume = Resume { store, exit: (*store).wasm_sp, stack_size: 0, preserved };
        keep(store, resume, pending, Left::Host { record, buffer: ptr::null_mut() });
        (*store).outcome = SUSPENDED;
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
        keep(store, resume, pending, left);
    }
}

/// Keeps what is needed to go on with the call that is about to be left, where that call wants it.
///
/// # Safety
///
/// The poll that has led to the store's innermost entry runs.
unsafe fn keep(store: *mut VMStoreContext, resume: Resume, pending: Box<dyn Pending>, left: Left) {
    // SAFETY: the place is that of the call that is polled, which uses it only when it was left.
    unsafe {
        if let Some(slot) = (*(*store).vm).suspending.slot {
            let (stack, pending) = ((*store).current, Some(pending));
            let stretch = (*(*store).vm).stretch();
            *slot.as_ptr() = Some(Suspension { stack, resume, pending, left, stretch });
        }
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
        keep(store, resume, pending, left);
        Poll::Pending
    }
}

/// Polls what a builtin waits for. If that is not ready, keeps what is needed to go on with the
/// call, which is about to be left.
///
/// # Safety
///
/// The builtin was called by Wasm of the store, with these registers, and has nothing left to drop.
pub(in crate::vm) unsafe fn wait_in_builtin(
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
        keep(store, resume, pending, left);
        Poll::Pending
    }
}

const NOT_ASYNC: &str = "the store was configured to do async things after a call had begun that \
                         can't wait: begin it with `call_async` or `instantiate_async`";
