//! What every builtin does with the context that it is called with.

#![allow(unsafe_code)]

use wasm_types::TrapCode;

use super::context::VMContext;
use super::instance::VmInstance;
use super::unwind::raise_trap;

/// The instance that calls.
///
/// # Safety
///
/// `context` is that of a live instance, on whose behalf the calling builtin runs; nothing else
/// borrows the instance.
pub(super) unsafe fn instance<'a>(context: *mut VMContext) -> &'a mut VmInstance {
    // SAFETY: as the caller promises.
    unsafe { &mut *(*context).instance }
}

/// Ends the computation with a trap.
pub(super) unsafe fn trap(context: *mut VMContext, code: TrapCode) -> ! {
    // SAFETY: builtins call this as their last act.
    unsafe { raise_trap((*context).store, code) }
}
