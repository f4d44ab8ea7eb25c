//! Why Wasm was left other than by returning, and the frames that were active then.

#![allow(unsafe_code)]

use std::any::Any;
use std::ptr::NonNull;

use wasm_types::TrapCode;

use super::arch::FRAME_WASM_SP;
use super::context::{VMContext, VMStoreContext};
use super::exceptions::Thrown;
use super::stack::StackHead;
use crate::Error;

/// A trap and where it happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrapInfo {
    /// Why.
    pub(crate) code: TrapCode,
    /// The address of the instruction; 0 if no Wasm code was reached.
    pub(crate) pc: usize,
    /// The frame pointer at that instruction.
    pub(crate) fp: usize,
    /// The address that the instruction could not access, if that caused the trap.
    pub(crate) address: Option<usize>,
}

/// What the signal handler records: plain data, since it may not allocate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PendingTrap {
    /// The trap code's number; 0 for none, or [`PendingTrap::UNKNOWN`].
    pub(crate) code: u8,
    pub(crate) pc: usize,
    pub(crate) fp: usize,
    pub(crate) address: usize,
}

impl PendingTrap {
    /// In place of a trap code: the artifact is damaged where it should give the code.
    pub(crate) const UNKNOWN: u8 = u8::MAX;
}

const _: () = assert!(TrapCode::from_u8(PendingTrap::UNKNOWN).is_none());

/// Wasm was left by returning.
pub(super) const RETURNED: u8 = 0;
/// Wasm was left because of a failure.
pub(super) const UNWOUND: u8 = 1;
/// Wasm was left by returning, and the call is a timed one that no other call of the store led to.
pub(super) const TIMED: u8 = 2;

/// Wasm was left because the host function that it called has to wait.
#[cfg(feature = "async")]
pub(super) const SUSPENDED: u8 = 3;

/// Why Wasm was left other than by returning.
#[derive(Debug)]
pub(crate) enum Unwind {
    /// A trap.
    Trap(TrapInfo),
    /// An exception that nothing caught, and is the store's pending one. The error is that of the
    /// host function that it came from, if it came from one.
    Exception {
        /// Where Wasm was left.
        thrown: Thrown,
        error: Option<Error>,
    },
    /// An error that a host function returned.
    Error(Error),
    /// A panic of a host function.
    Panic(Box<dyn Any + Send>),
}

/// Takes the failure that ended an entry.
///
/// # Safety
///
/// The entry thunk has returned with [`UNWOUND`].
#[cold]
pub(super) unsafe fn take(store: *mut VMStoreContext) -> Box<Unwind> {
    // SAFETY: the store's context lives as long as the store, which is being called.
    let store = unsafe {
        super::continuations::entry_left(store);
        &mut *store
    };
    store.outcome = store.returned;
    let trap = std::mem::take(&mut store.trap);
    if trap.pc != 0 {
        // SAFETY: the store has left Wasm.
        if let Err(error) = unsafe { super::fuel::settle(store, trap.pc) } {
            return Box::new(Unwind::Error(Error::new(error)));
        }
    }
    Box::new(match (TrapCode::from_u8(trap.code), store.failure.take()) {
        (Some(code), _) => Unwind::Trap(TrapInfo {
            code,
            pc: trap.pc,
            fp: trap.fp,
            address: (trap.address != 0).then_some(trap.address),
        }),
        (None, _) if trap.code == PendingTrap::UNKNOWN => Unwind::Error(Error::msg(
            "Wasm trapped, and the artifact is damaged where it says why: compile the module again \
             or restore the file",
        )),
        (None, Some(failure)) => failure,
        (None, None) => unreachable!("an entry that unwinds has a reason"),
    })
}

/// Ends the computation from a builtin, with a trap at the call of the builtin.
///
/// # Safety
///
/// To be called by a builtin as its last act, with nothing left to drop.
pub(super) unsafe fn raise_trap(store: *mut VMStoreContext, code: TrapCode) -> ! {
    // SAFETY: a builtin runs on behalf of an entry, and its thunk has pushed a frame at `wasm_sp`.
    unsafe {
        set_trap(store, code);
        super::arch::raise(store)
    }
}

/// Records a trap at the call that Wasm has left for the host with.
///
/// # Safety
///
/// Wasm of the store waits for the host.
pub(super) unsafe fn set_trap(store: *mut VMStoreContext, code: TrapCode) {
    // SAFETY: the thunk that has left Wasm has pushed a frame at `wasm_sp`.
    unsafe {
        let frame = (*store).wasm_sp.cast::<usize>();
        (*store).trap =
            PendingTrap { code: code as u8, pc: *frame.add(1) - 1, fp: *frame, address: 0 };
    }
}

/// A frame of compiled code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawFrame {
    /// An address within the instruction that the frame is at: the one that trapped, or the call.
    pub(crate) pc: usize,
    /// The frame pointer.
    pub(crate) fp: usize,
}

impl RawFrame {
    /// The frame that has left for the host, or for a builtin: its words are where the thunk put
    /// them.
    ///
    /// # Safety
    ///
    /// A thunk has pushed them there, and the code waits.
    pub(super) unsafe fn waiting(wasm_sp: *const u8) -> Self {
        let frame = wasm_sp.cast::<usize>();
        // SAFETY: as the caller promises.
        unsafe { Self { pc: *frame.add(1) - 1, fp: *frame } }
    }

    /// Whether it is the same frame, at the same place of the code.
    #[cfg(feature = "debug")]
    pub(crate) fn is(&self, other: &RawFrame) -> bool {
        (self.pc, self.fp) == (other.pc, other.fp)
    }
}

/// The frames of compiled code of all activations of a store, innermost first: from the instruction
/// and the frame pointer of a trap or an exception that has just ended an entry, or else from where
/// Wasm last left for the host.
///
/// # Safety
///
/// Nothing has run on the store's Wasm stack since then; without one, the store is in a call to
/// the host, or has no activation.
pub(crate) unsafe fn backtrace(
    store: *const VMStoreContext,
    from: Option<(usize, usize)>,
) -> Vec<RawFrame> {
    // SAFETY: as the caller promises.
    unsafe { backtrace_with_exits(store, from, &mut Vec::new()) }
}

/// As [`backtrace`]; adds the places of the frames that have left for the host.
///
/// # Safety
///
/// As for that function.
pub(super) unsafe fn backtrace_with_exits(
    store: *const VMStoreContext,
    from: Option<(usize, usize)>,
    exits: &mut Vec<usize>,
) -> Vec<RawFrame> {
    let mut frames = Vec::new();
    // SAFETY: the context lives; the frames that Wasm was left from are where the thunks put them,
    // and compiled code keeps frame pointers.
    unsafe {
        let mut host_sp = (*store).host_sp;
        let mut exit = (*store).wasm_sp;
        match from {
            // The entry that this ended was left already: `host_sp` and `wasm_sp` have the
            // values from before it.
            Some((pc, fp)) if pc != 0 => {
                frames.push(RawFrame { pc, fp });
                let stack = super::continuations::stack_of(store, fp);
                Walk::new(stack, exit).add(fp, &mut frames);
            }
            _ => {}
        }
        let mut stack: *const StackHead = (*store).current;
        while !host_sp.is_null() {
            let frame = exit.cast::<usize>();
            exits.push(frames.len());
            frames.push(RawFrame::waiting(exit));
            exit = *host_sp.add(FRAME_WASM_SP).cast::<*mut u8>();
            stack = Walk::new(stack, exit).add(*frame, &mut frames);
            host_sp = *host_sp.cast::<*mut u8>();
        }
    }
    frames
}

/// A way up along frames, from stack to stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    stack: *const StackHead,
    /// Where it ends: where the entry began.
    entry: *mut u8,
}

impl Walk {
    /// From a frame on a stack to where an entry began, or without one, to the bottom of the stack
    /// that nobody has resumed.
    pub(super) fn new(stack: *const StackHead, entry: *mut u8) -> Self {
        Self { stack, entry }
    }

    /// Who has called the function with a frame: where it returns to, and the caller's frame.
    ///
    /// A saved frame pointer that is not one is taken for the bottom of the stack: each must lead
    /// upwards. Compiled code and the thunks promise that it always does. But the fault may be in
    /// one of C's functions, which is called as a leaf and may use the register as it likes.
    ///
    /// # Safety
    ///
    /// The stack lives, as do those that it was resumed from, and their frames are in place.
    #[inline(always)]
    pub(super) unsafe fn caller(&mut self, fp: usize) -> Option<(usize, usize)> {
        // SAFETY: as the caller promises; both words are on the stack. Whoever has resumed another
        // stack has left a frame.
        unsafe {
            if (*self.stack).bounds.can_hold_frame(fp) {
                let frame = std::ptr::with_exposed_provenance::<usize>(fp);
                let (caller, pc) = (*frame, *frame.add(1));
                if caller > fp {
                    return Some((pc, caller));
                }
            }
            let StackHead { bounds, parent, resumer, .. } = *self.stack;
            if parent.is_null() || bounds.contains(self.entry.addr()) {
                return None;
            }
            self.stack = parent;
            let frame = resumer.cast::<usize>();
            Some((*frame.add(1), *frame))
        }
    }

    /// The stack that it has come to.
    pub(super) fn stack(&self) -> *const StackHead {
        self.stack
    }

    /// Adds the callers of a frame; returns the stack that it has come to.
    ///
    /// # Safety
    ///
    /// As for [`caller`](Self::caller).
    pub(super) unsafe fn add(
        mut self,
        mut fp: usize,
        frames: &mut Vec<RawFrame>,
    ) -> *const StackHead {
        // SAFETY: as the caller promises.
        while let Some((pc, caller)) = unsafe { self.caller(fp) } {
            frames.push(RawFrame { pc: pc.wrapping_sub(1), fp: caller });
            fp = caller;
        }
        self.stack
    }
}

/// The instance context of the function that called the host through a reference.
///
/// # Safety
///
/// To be called during a call to the host.
pub(super) unsafe fn calling_context(store: *const VMStoreContext) -> Option<NonNull<VMContext>> {
    // SAFETY: as the caller promises. The first frame is the caller's own, unless it left with a
    // tail call. Then its frame is gone, and the nearest remaining frame stands for it.
    let frames = unsafe { backtrace(store, None) };
    frames.iter().find_map(|frame| {
        let below = super::module::frame_slot(frame.pc)?;
        // SAFETY: the artifact says that the function keeps its context there.
        NonNull::new(unsafe { *((frame.fp - below as usize) as *const *mut VMContext) })
    })
}
