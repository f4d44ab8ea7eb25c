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

mod allocating;
mod atomics;
mod call;
mod fuel;
mod growing;
mod leaving;

use std::any::TypeId;
use std::mem;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::task::{Context, Poll};
use std::thread;

pub(crate) use allocating::{MOST_QUESTIONS, postponed};
pub(in crate::vm) use allocating::{
    array_new_data, array_new_elem, bind_continuation, caught_exception, continuation_object,
    new_continuation, new_object,
};
pub(in crate::vm) use atomics::{atomic_wait32, atomic_wait64};
pub(crate) use call::WaitingCall;
pub(crate) use fuel::Once;
pub(in crate::vm) use fuel::out_of_fuel;
pub(crate) use growing::{Asking, Growing};
pub(in crate::vm) use growing::{memory_grow, table_grow};
#[cfg(feature = "debug")]
pub(in crate::vm) use leaving::wait_in_builtin;
pub(crate) use leaving::{context_of, wait_in_registers};
pub(in crate::vm) use leaving::{host_waiting_dispatch, wait_interrupted};

use super::arch::{Resume, Saved};
use super::context::{HostRecord, VMStoreContext};
use super::debugging::Stretch;
use super::host::INLINE;
use super::stack::StackHead;
use super::value::ValRaw;

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

    /// Whether its memory is worth keeping for the next of its kind.
    fn is_reusable(&self) -> bool {
        false
    }

    /// Where another value of a type may be put in place of this one, which was ready. `None` if it
    /// is of another type, or is not to be kept.
    fn reusable(&mut self, ty: TypeId) -> Option<NonNull<()>> {
        let _ = ty;
        None
    }
}

/// Puts a host function that has to wait on the heap: in place of one that was ready, if there is
/// one of its type.
///
/// # Safety
///
/// The store lives.
pub(crate) unsafe fn boxed<P: Pending + 'static>(
    store: *mut VMStoreContext,
    pending: P,
) -> Box<dyn Pending> {
    // SAFETY: the store lives. What is returned is the place of a value of the type.
    unsafe {
        let spare = (*(*store).vm).suspending.spare.take();
        if let Some(mut spare) = spare
            && let Some(place) = spare.reusable(TypeId::of::<P>())
        {
            *place.cast::<P>().as_ptr() = pending;
            return spare;
        }
    }
    Box::new(pending)
}

/// What has become of a host function that was started.
pub(crate) enum Started {
    /// It was ready: its results are in the array.
    Ready,
    /// It failed, with the failure stored.
    Failed,
    /// It waits.
    Pending(Box<dyn Pending>),
}

impl Started {
    /// What has become of one that has succeeded, or not.
    pub(crate) fn over(succeeded: bool) -> Self {
        if succeeded { Self::Ready } else { Self::Failed }
    }
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
    /// Where that call keeps what it needs to go on when it is left. As above, it is used only
    /// before the poll is over.
    slot: Option<NonNull<Option<Suspension>>>,
    /// A host function that was ready: its memory is for the next one of the same kind.
    spare: Option<Box<dyn Pending>>,
}

/// A call that was left.
struct Suspension {
    /// The stack that it was left on.
    stack: *mut StackHead,
    resume: Resume,
    /// `None` once it was ready.
    pending: Option<Box<dyn Pending>>,
    left: Left,
    stretch: Stretch,
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

/// Runs what may use the store while a call of it waits for the host: as if the thread's stack had
/// an entry, and Wasm had left it from the given frame.
///
/// # Safety
///
/// The store lives, the frame is that of a suspended call, and what is around that call is what was
/// around it when it began. What runs does not leave by a panic or otherwise.
unsafe fn while_waiting<R>(
    store: *mut VMStoreContext,
    (stack, exit): (*mut StackHead, *mut u8),
    stretch: &mut Stretch,
    run: impl FnOnce() -> R,
) -> R {
    // SAFETY: as the caller promises. Nothing leaves Wasm through the frame that stands for the
    // entry, since no Wasm runs above it but in entries of its own.
    unsafe {
        let before = ((*store).host_sp, (*store).wasm_sp, (*store).current);
        let mut frame = [before.0, before.1, store.cast::<u8>()];
        (*store).host_sp = frame.as_mut_ptr().cast();
        (*store).wasm_sp = exit;
        (*store).current = stack;
        let around = (*(*store).vm).set_stretch(*stretch);
        let result = run();
        *stretch = (*(*store).vm).set_stretch(around);
        (*store).host_sp = before.0;
        (*store).wasm_sp = before.1;
        (*store).current = before.2;
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
