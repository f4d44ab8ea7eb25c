//! The assembly that changes stacks: into Wasm, out to the host, to builtins, and back to the entry
//! when a call fails.
//!
//! All of it shares the **entry frame** on the host stack. From [`VMStoreContext::host_sp`] upwards
//! it holds: the `host_sp` and `wasm_sp` before the entry, the store context, the callee-saved
//! registers, the return address. The first two link the activations of a store for backtraces. A
//! call to the host continues below the frame; a failure leaves through it.
//!
//! On the Wasm stack an entry starts 16-byte aligned, with a null frame pointer, which ends walks.
//! A thunk that leaves Wasm pushes a frame of its own there. So a walk from `wasm_sp` finds frame
//! pointer and return address as in any other frame.
//!
//! # What the signal handler finds
//!
//! Whatever touches the Wasm stack may run into its guard, in a thunk as in compiled code. The
//! handler relies on the following at each instruction, from the one that changes to the Wasm stack
//! to the one that leaves it:
//!
//! 1. [`VMStoreContext::host_sp`] is the entry frame: a failure leaves through it. So it is
//!    published first.
//! 2. The frame pointer is null or a frame's on this stack. So it is changed *before* the stack
//!    pointer.
//! 3. The stack pointer is on the Wasm stack or in its guard, and nothing further down is touched:
//!    what is copied is pushed word by word. While the stack pointer is the host's, no thunk stores
//!    anything to the Wasm stack.
//! 4. Return address and frame pointer share 16 aligned bytes, so that no page begins between them:
//!    if the call did not hit the guard, the thunk's `push rbp` does not either.
//!
//! The workspace test `tests/tests/entering` enters through each thunk at each distance from the
//! guard, and makes each of the thunk's instructions fault.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;

use super::layout::{INT_REGISTERS, VECTOR_REGISTERS};
use crate::vm::context::{HostRecord, VMContext, VMStoreContext};
use crate::vm::debugging::before_leaving;
use crate::vm::host::host_array_dispatch;

/// The registers of a call whose signature is known only at run time.
#[derive(Debug)]
#[repr(C, align(16))]
pub(crate) struct RegisterImage {
    /// `rdi`, `rsi`, `rdx`, `rcx`, `r8`, `r9`.
    pub(crate) ints: [u64; INT_REGISTERS],
    /// `rax`, `rcx` after the call.
    pub(crate) int_results: [u64; 2],
    /// `xmm0` to `xmm7`.
    pub(crate) vectors: [u128; VECTOR_REGISTERS],
    /// `xmm0`, `xmm1` after the call.
    pub(crate) vector_results: [u128; 2],
}

/// Bytes from the entry frame's start up to the `wasm_sp` before the entry.
pub(crate) const FRAME_WASM_SP: usize = 8;

/// The start of an entry: saves the host's registers above the entry frame, where
/// [`return_to_host`] finds them, and says where for debuggers and profilers.
macro_rules! save_host {
    () => {
        ".cfi_startproc
         push rbp
         .cfi_adjust_cfa_offset 8
         .cfi_rel_offset rbp, 0
         push rbx
         .cfi_adjust_cfa_offset 8
         .cfi_rel_offset rbx, 0
         push r12
         .cfi_adjust_cfa_offset 8
         .cfi_rel_offset r12, 0
         push r13
         .cfi_adjust_cfa_offset 8
         .cfi_rel_offset r13, 0
         push r14
         .cfi_adjust_cfa_offset 8
         .cfi_rel_offset r14, 0
         push r15
         .cfi_adjust_cfa_offset 8
         .cfi_rel_offset r15, 0"
    };
}

#[cfg(feature = "async")]
pub(super) use save_host;

/// Builds the entry frame. Leaves the store context in `r12` (and `r10`), the old `wasm_sp` in
/// `r13`, the old `host_sp` in `r14` and the frame in `rbx`. Compiled code preserves these
/// registers, so that the way back need not load what was just stored.
///
/// The directives let debuggers and profilers find the caller: its frame is above the entry frame,
/// which `rbx` points to while Wasm runs, on whatever stack.
macro_rules! push_entry_frame {
    () => {
        concat!(
            save_host!(),
            "
             mov r10, [rdi + {store}]
             mov r13, [r10 + {wasm_sp}]
             mov r14, [r10 + {host_sp}]
             mov r12, r10
             push r10
             .cfi_adjust_cfa_offset 8
             push r13
             .cfi_adjust_cfa_offset 8
             push r14
             .cfi_adjust_cfa_offset 8
             mov rbx, rsp
             .cfi_def_cfa_register rbx
             mov [r10 + {host_sp}], rsp"
        )
    };
}

/// Changes to the Wasm stack: the frame pointer first, as the handler requires.
macro_rules! change_to_wasm_stack {
    () => {
        "xor ebp, ebp
         mov rsp, r13"
    };
}

#[cfg(feature = "async")]
pub(super) use change_to_wasm_stack;

/// The way back after a call that returned.
macro_rules! leave_entry_frame {
    () => {
        "mov rsp, rbx
         mov [r12 + {host_sp}], r14
         mov [r12 + {wasm_sp}], r13
         add rsp, 24
         .cfi_endproc"
    };
}

/// The end of the way back, with or without a failure: the caller's registers, and the return.
macro_rules! return_to_host {
    () => {
        "pop r15
         pop r14
         pop r13
         pop r12
         pop rbx
         pop rbp
         ret"
    };
}

#[cfg(feature = "async")]
pub(super) use return_to_host;

/// Makes a thunk start at a cache line, as its last line: each function has a section of its own,
/// which gets the largest alignment requested within it. If the thunk crosses a line, a call of the
/// host takes a tenth longer.
macro_rules! align_thunk {
    () => {
        ".p2align 6"
    };
}

/// Pushes a copy of `rcx` bytes of stack arguments at `rdx`, and loads all argument registers but
/// the first from the image at `r11`.
macro_rules! pass_arguments {
    () => {
        "2:
         test rcx, rcx
         jz 3f
         push qword ptr [rdx + rcx - 8]
         sub rcx, 8
         jmp 2b
         3:
         movaps xmm0, [r11 + {vectors}]
         movaps xmm1, [r11 + {vectors} + 16]
         movaps xmm2, [r11 + {vectors} + 32]
         movaps xmm3, [r11 + {vectors} + 48]
         movaps xmm4, [r11 + {vectors} + 64]
         movaps xmm5, [r11 + {vectors} + 80]
         movaps xmm6, [r11 + {vectors} + 96]
         movaps xmm7, [r11 + {vectors} + 112]
         mov rsi, [r11 + 8]
         mov rdx, [r11 + 16]
         mov rcx, [r11 + 24]
         mov r8, [r11 + 32]
         mov r9, [r11 + 40]"
    };
}

#[cfg(feature = "async")]
pub(super) use pass_arguments;

/// From Wasm to the host's stack, below the innermost entry frame: `rdi` is a context that has the
/// store at the offset `store`, whose own context is in `r10` then.
macro_rules! leave_for_host {
    () => {
        "push rbp
         mov rbp, rsp
         mov r10, [rdi + {store}]
         mov [r10 + {wasm_sp}], rbp
         mov rsp, [r10 + {host_sp}]"
    };
}
pub(crate) use leave_for_host;

/// The way back from the host's stack, if the callee pops nothing.
macro_rules! return_to_wasm {
    () => {
        "mov rsp, rbp
         pop rbp
         ret"
    };
}
pub(crate) use return_to_wasm;

/// Makes room on the host's stack, and writes all argument registers to an image at its start.
macro_rules! save_arguments {
    () => {
        "sub rsp, {image_size}
         mov [rsp], rdi
         mov [rsp + 8], rsi
         mov [rsp + 16], rdx
         mov [rsp + 24], rcx
         mov [rsp + 32], r8
         mov [rsp + 40], r9
         movaps [rsp + {vectors}], xmm0
         movaps [rsp + {vectors} + 16], xmm1
         movaps [rsp + {vectors} + 32], xmm2
         movaps [rsp + {vectors} + 48], xmm3
         movaps [rsp + {vectors} + 64], xmm4
         movaps [rsp + {vectors} + 80], xmm5
         movaps [rsp + {vectors} + 96], xmm6
         movaps [rsp + {vectors} + 112], xmm7"
    };
}

#[cfg(feature = "async")]
pub(super) use save_arguments;

/// Calls what gathers arguments and spreads results, with the context, the image at `rsp` and the
/// stack arguments; and returns to Wasm, with the results that it has put there. It has returned
/// how many bytes of stack arguments the callee pops, as the convention wants; `$look` is what
/// looks at that first.
macro_rules! dispatch {
    () => {
        dispatch!("")
    };
    ($look:literal) => {
        concat!(
            "mov rsi, rsp
             lea rdx, [rbp + 16]
             call {dispatch}
             ",
            $look,
            "
             mov r11, rax
             mov rax, [rsp + {int_results}]
             mov rcx, [rsp + {int_results} + 8]
             movaps xmm0, [rsp + {vector_results}]
             movaps xmm1, [rsp + {vector_results} + 16]
             mov rsp, rbp
             pop rbp
             pop r10
             add rsp, r11
             push r10
             ret"
        )
    };
}

#[cfg(feature = "async")]
pub(super) use dispatch;

/// Calls [`VMStoreContext::entry_code`] on the store's Wasm stack, with all argument registers and
/// the result registers passed through: `extern "C" fn(context, …) -> R` for every signature that
/// fits in registers.
///
/// # Safety
///
/// To be transmuted to the signature of the code, and called with that code's instance context.
/// The store has a stack, and the thread is ready for traps.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter_registers_thunk() {
    naked_asm!(
        push_entry_frame!(),
        change_to_wasm_stack!(),
        "call [r10 + {entry_code}]",
        leave_entry_frame!(),
        return_to_host!(),
        align_thunk!(),
        store = const offset_of!(VMContext, store),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        entry_code = const offset_of!(VMStoreContext, entry_code),
    )
}

/// Calls [`VMStoreContext::entry_code`] on the store's Wasm stack with the registers of an image
/// and a copy of `stack_size` bytes of stack arguments, and writes the result registers back.
///
/// # Safety
///
/// The image, the arguments and the code must agree on the signature; `stack_size` is a multiple of
/// 16. The store has a stack, and the thread is ready for traps.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter_array_thunk(
    context: *mut u8,
    image: *mut RegisterImage,
    stack_arguments: *const u8,
    stack_size: usize,
) {
    naked_asm!(
        push_entry_frame!(),
        "mov r15, rsi
         mov r11, rsi",
        change_to_wasm_stack!(),
        pass_arguments!(),
        "call [r10 + {entry_code}]
         mov [r15 + {int_results}], rax
         mov [r15 + {int_results} + 8], rcx
         movaps [r15 + {vector_results}], xmm0
         movaps [r15 + {vector_results} + 16], xmm1",
        leave_entry_frame!(),
        return_to_host!(),
        align_thunk!(),
        store = const offset_of!(VMContext, store),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        entry_code = const offset_of!(VMStoreContext, entry_code),
        vectors = const offset_of!(RegisterImage, vectors),
        int_results = const offset_of!(RegisterImage, int_results),
        vector_results = const offset_of!(RegisterImage, vector_results),
    )
}

/// Leaves Wasm for the innermost entry, which then sees [`VMStoreContext::outcome`]. Nothing on the
/// host stack in between is dropped.
///
/// # Safety
///
/// The store has an entry, on this thread; no frame between holds anything that must be dropped.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn unwind_thunk(store: *mut VMStoreContext) -> ! {
    naked_asm!(
        "mov r10, rdi
         mov byte ptr [r10 + {outcome}], {unwound}
         mov rsp, [r10 + {host_sp}]
         pop qword ptr [r10 + {host_sp}]
         pop qword ptr [r10 + {wasm_sp}]
         pop r10",
        return_to_host!(),
        outcome = const offset_of!(VMStoreContext, outcome),
        unwound = const crate::vm::unwind::UNWOUND,
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
    )
}

/// Leaves Wasm for the innermost entry with the failure that was stored by
/// [`VmStore::fail`](crate::vm::store::VmStore::fail).
///
/// # Safety
///
/// To be called by a shim as its last act, with nothing left to drop.
pub(crate) unsafe fn raise(store: *mut VMStoreContext) -> ! {
    // SAFETY: a shim runs only on behalf of an entry; the caller vouches for the frames between.
    unsafe {
        before_leaving(store);
        unwind_thunk(store)
    }
}

/// Goes on at a handler of an exception, with the stack and frame pointer of its frame, and the
/// address of the exception's values for it. What is on the host's stack below the entry frame is
/// given up.
///
/// # Safety
///
/// As for [`resume`].
#[unsafe(naked)]
unsafe extern "C" fn resume_thunk(target: usize, sp: usize, fp: usize, values: *const u8) -> ! {
    // The payload registers of the convention are `rax` and `rdx`. Everything else that compiled
    // code keeps across such a call is in its frame.
    naked_asm!(
        "mov rax, rcx
         mov rbp, rdx
         xor edx, edx
         mov rsp, rsi
         jmp rdi"
    )
}

/// Goes on at a handler of an exception.
///
/// # Safety
///
/// The code is that of a handler of a call that is on the Wasm stack, in the frame that the
/// pointers are those of. The store's innermost entry is the one that led to that frame, and
/// nothing on the host's stack below the entry frame is left to drop.
pub(crate) unsafe fn resume(target: usize, sp: usize, fp: usize, values: *const u8) -> ! {
    // SAFETY: as the caller promises.
    unsafe { resume_thunk(target, sp, fp, values) }
}

/// From Wasm to a host function's shim, with all argument and result registers passed through.
///
/// # Safety
///
/// To be called by compiled code, with a [`HostRecord`] for a context.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn host_registers() {
    naked_asm!(
        leave_for_host!(),
        "call [rdi + {shim}]",
        return_to_wasm!(),
        align_thunk!(),
        store = const offset_of!(HostRecord, store),
        shim = const offset_of!(HostRecord, shim),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
    )
}

/// From Wasm to a host function's shim for arrays, for any signature: registers are written to an
/// image on the host stack, and stack arguments are popped as the convention wants.
///
/// # Safety
///
/// To be called by compiled code, with a [`HostRecord`] for a context.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn host_array() {
    naked_asm!(
        leave_for_host!(),
        save_arguments!(),
        dispatch!(),
        store = const offset_of!(HostRecord, store),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        image_size = const size_of::<RegisterImage>(),
        vectors = const offset_of!(RegisterImage, vectors),
        int_results = const offset_of!(RegisterImage, int_results),
        vector_results = const offset_of!(RegisterImage, vector_results),
        dispatch = sym host_array_dispatch,
    )
}

/// Makes the thunk of a builtin: changes to the host stack and calls the function named.
macro_rules! builtin_thunk {
    ($name:ident, $target:path) => {
        /// From Wasm to the builtin of the same name.
        #[unsafe(naked)]
        pub(crate) unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                $crate::vm::arch::leave_for_host!(),
                "call {target}",
                $crate::vm::arch::return_to_wasm!(),
                store = const std::mem::offset_of!($crate::vm::context::VMContext, store),
                wasm_sp = const std::mem::offset_of!($crate::vm::context::VMStoreContext, wasm_sp),
                host_sp = const std::mem::offset_of!($crate::vm::context::VMStoreContext, host_sp),
                target = sym $target,
            )
        }
    };
}
pub(crate) use builtin_thunk;
