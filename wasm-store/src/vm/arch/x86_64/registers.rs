//! The registers of a thread that a signal has stopped.

#![allow(unsafe_code)]

use super::thunks::unwind_thunk;
use crate::vm::context::VMStoreContext;

/// The processor's flag for the direction of string instructions.
const DIRECTION_FLAG: i64 = 1 << 10;

/// Where a thread was stopped.
#[derive(Clone, Copy)]
pub(crate) struct Interrupted {
    /// The address of the instruction.
    pub(crate) pc: usize,
    /// The stack pointer.
    pub(crate) sp: usize,
    /// The frame pointer.
    pub(crate) fp: usize,
}

impl Interrupted {
    /// Reads the registers that the system has saved.
    pub(crate) fn new(context: &libc::ucontext_t) -> Self {
        let register = |number: libc::c_int| context.uc_mcontext.gregs[number as usize] as usize;
        Self {
            pc: register(libc::REG_RIP),
            sp: register(libc::REG_RSP),
            fp: register(libc::REG_RBP),
        }
    }
}

/// Makes the thread leave Wasm by the store's innermost entry when the handler returns.
///
/// Async-signal-safe.
///
/// # Safety
///
/// To be called by the signal handler of the thread that runs this store, which is on its Wasm
/// stack: then the frame of the entry is in place.
pub(crate) unsafe fn go_on_unwinding(store: *mut VMStoreContext, context: &mut libc::ucontext_t) {
    let registers = &mut context.uc_mcontext.gregs;
    registers[libc::REG_RIP as usize] = unwind_thunk as *const () as i64;
    registers[libc::REG_RDI as usize] = store as i64;
    // SAFETY: the store lives, since it runs.
    registers[libc::REG_RSP as usize] = unsafe { (*store).host_sp } as i64;
    registers[libc::REG_EFL as usize] &= !DIRECTION_FLAG;
}
