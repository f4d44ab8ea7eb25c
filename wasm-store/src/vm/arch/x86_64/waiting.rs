//! The assembly of calls that may be left while they wait, and gone on with: on another thread, or
//! at another depth of the host's stack.
//!
//! What differs from the thunks of other calls: nothing but `r12`, which is the store's context,
//! means the same before and after. So the way back of such a call reads everything else from the
//! entry frame that is the innermost one by then. Where other entry frames have the store's context
//! for a third word, these have the address of the image that gets the results, by which
//! [`is_waiting_entry`] knows them.
//!
//! A call that waits has nothing on the host's stack. Its frames stay on the Wasm stack, where the
//! thunk that has left Wasm made the last of them; the registers that a callee preserves are kept
//! in a [`Resume`]. The rules at the head of `thunks` are kept here, too.
//!
//! # What processors predict
//!
//! A processor predicts that a return goes behind the last call that it has not seen return yet. If
//! a call is left without its return, this and all returns that follow are predicted wrong, which
//! takes longer than all else here. So a host function that has to wait returns to its thunk,
//! which has to leave without a return but one call: the one by which Wasm has called the thunk. It
//! makes up for this by a return of its own, to itself ([`host_waiting`]). And a call goes on by a
//! jump, which takes no return away from those who have called.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;

use super::layout::{INT_REGISTERS, VECTOR_REGISTERS};
use super::saved::{Saved, restore_thunk};
use super::thunks::{
    FRAME_WASM_SP, RegisterImage, change_to_wasm_stack, dispatch, leave_for_host, pass_arguments,
    return_to_host, return_to_wasm, save_arguments, save_host,
};
use crate::vm::context::{HostRecord, VMContext, VMStoreContext};
use crate::vm::exceptions::leave_host;
use crate::vm::suspend::host_waiting_dispatch;
use crate::vm::unwind::SUSPENDED;

const _: () = assert!(INT_REGISTERS == 6 && VECTOR_REGISTERS == 8 && FRAME_WASM_SP == 8);

/// Bytes from the entry frame's start up to its third word.
const FRAME_IMAGE: usize = 16;

/// What [`host_waiting_dispatch`] returns, in place of a number of bytes, if the function waits.
pub(crate) const LEFT: isize = -1;

/// The registers of a call of a host function that may wait: also those that it preserves.
#[derive(Debug)]
#[repr(C, align(16))]
pub(crate) struct WaitingImage {
    pub(crate) registers: RegisterImage,
    /// `rbx`, `r12`, `r13`, `r14`, `r15`.
    pub(crate) preserved: [u64; 5],
}

const _: () = assert!(size_of::<WaitingImage>().is_multiple_of(16));

/// Where a call goes on.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Resume {
    pub(crate) store: *mut VMStoreContext,
    /// The frame that the thunk made that has left Wasm.
    pub(crate) exit: *mut u8,
    /// The bytes of stack arguments above that frame, which the callee pops.
    pub(crate) stack_size: usize,
    /// `rbx`, `r12`, `r13`, `r14`, `r15`.
    pub(crate) preserved: [u64; 5],
}

/// Builds the entry frame, with the store's context in `r12` and the image in `rsi`.
///
/// The directives let debuggers find the caller. Its frame is above the innermost entry frame,
/// which the store's context has the address of: 80 bytes above its start, at the time when a
/// function that returns here goes on.
macro_rules! push_entry_frame {
    ($store:literal) => {
        concat!(
            save_host!(),
            "
             mov r12, ",
            $store,
            "
             push rsi
             .cfi_adjust_cfa_offset 8
             push qword ptr [r12 + {wasm_sp}]
             .cfi_adjust_cfa_offset 8
             push qword ptr [r12 + {host_sp}]
             .cfi_adjust_cfa_offset 8
             mov [r12 + {host_sp}], rsp
             .cfi_escape 0x0f, 0x05, 0x7c, {host_sp}, 0x06, 0x23, 0x50"
        )
    };
}

/// Calls [`VMStoreContext::entry_code`] on the store's Wasm stack with the registers of an image
/// and a copy of `stack_size` bytes of stack arguments, and writes the result registers to the
/// image: if the call was left in between, to that of the thunk by which it has gone on last.
///
/// # Safety
///
/// The image, the arguments and the code must agree on the signature; `stack_size` is a multiple of
/// 16. The store has a stack, and the thread is ready for traps.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter_waiting_thunk(
    context: *mut u8,
    image: *mut RegisterImage,
    stack_arguments: *const u8,
    stack_size: usize,
) {
    naked_asm!(
        push_entry_frame!("[rdi + {store}]"),
        "mov r11, rsi
         mov r13, [r12 + {wasm_sp}]",
        change_to_wasm_stack!(),
        pass_arguments!(),
        "call [r12 + {entry_code}]
         mov rsp, [r12 + {host_sp}]
         pop qword ptr [r12 + {host_sp}]
         pop qword ptr [r12 + {wasm_sp}]
         pop r11
         mov [r11 + {int_results}], rax
         mov [r11 + {int_results} + 8], rcx
         movaps [r11 + {vector_results}], xmm0
         movaps [r11 + {vector_results} + 16], xmm1
         .cfi_endproc",
        return_to_host!(),
        store = const offset_of!(VMContext, store),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        entry_code = const offset_of!(VMStoreContext, entry_code),
        vectors = const offset_of!(RegisterImage, vectors),
        int_results = const offset_of!(RegisterImage, int_results),
        vector_results = const offset_of!(RegisterImage, vector_results),
    )
}

/// Goes on with a call that was left, as if the host function that it waited for returned the
/// results in the image. Returns as [`enter_waiting_thunk`] does, and writes to the same image.
///
/// # Safety
///
/// The frames of the call are on the Wasm stack as they were when it was left; `wasm_sp` is what it
/// was before the call. The thread is ready for traps.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume_thunk(resume: *const Resume, image: *mut RegisterImage) {
    naked_asm!(
        push_entry_frame!("[rdi + {store}]"),
        "mov rax, [rsi + {int_results}]
         mov rcx, [rsi + {int_results} + 8]
         movaps xmm0, [rsi + {vector_results}]
         movaps xmm1, [rsi + {vector_results} + 16]
         mov r11, [rdi + {stack_size}]
         mov rbx, [rdi + {preserved}]
         mov r12, [rdi + {preserved} + 8]
         mov r13, [rdi + {preserved} + 16]
         mov r14, [rdi + {preserved} + 24]
         mov r15, [rdi + {preserved} + 32]
         mov rbp, [rdi + {exit}]
         mov rsp, rbp
         pop rbp
         pop r10
         add rsp, r11
         jmp r10
         .cfi_endproc",
        store = const offset_of!(Resume, store),
        exit = const offset_of!(Resume, exit),
        stack_size = const offset_of!(Resume, stack_size),
        preserved = const offset_of!(Resume, preserved),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        int_results = const offset_of!(RegisterImage, int_results),
        vector_results = const offset_of!(RegisterImage, vector_results),
    )
}

/// Goes on with a call that was left when its code was interrupted, with the state that it had
/// then. Returns as [`enter_waiting_thunk`] does, and writes to the image.
///
/// # Safety
///
/// As for [`resume_thunk`]; the state is that of the code, and is not needed any more.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn go_on_thunk(
    resume: *const Resume,
    image: *mut RegisterImage,
    saved: *const Saved,
) {
    naked_asm!(
        push_entry_frame!("[rdi + {store}]"),
        "mov rbp, rdx
         jmp {restore}
         .cfi_endproc",
        restore = sym restore_thunk,
        store = const offset_of!(Resume, store),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
    )
}

/// Goes on with a call that was left, as if the host function that it waited for failed with what
/// [`VmStore::fail`](crate::vm::store::VmStore::fail) has stored.
///
/// # Safety
///
/// As for [`resume_thunk`]; there is a failure.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn fail_thunk(resume: *const Resume, image: *mut RegisterImage) {
    naked_asm!(
        push_entry_frame!("[rdi + {store}]"),
        "mov rax, [rdi + {exit}]
         mov [r12 + {wasm_sp}], rax
         mov rdi, r12
         call {leave}
         ud2
         .cfi_endproc",
        leave = sym leave,
        store = const offset_of!(Resume, store),
        exit = const offset_of!(Resume, exit),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
    )
}

unsafe extern "C" fn leave(store: *mut VMStoreContext) -> ! {
    // SAFETY: the thunk stands for the host function that has failed: an entry frame is below it,
    // and nothing is left to drop.
    unsafe { leave_host(store) }
}

/// Whether the innermost entry of a store is one that may be left while it waits.
///
/// # Safety
///
/// Wasm of the store is calling the host.
pub(crate) unsafe fn is_waiting_entry(store: *mut VMStoreContext) -> bool {
    // SAFETY: the frame of the entry is in place.
    unsafe {
        let third = (*store).host_sp.add(FRAME_IMAGE).cast::<*mut u8>().read();
        third != store.cast()
    }
}

/// Leaves the innermost entry of the store whose context is in `r10`, without the return.
macro_rules! leave_entry {
    () => {
        "mov byte ptr [r10 + {outcome}], {suspended}
         mov rsp, [r10 + {host_sp}]
         pop qword ptr [r10 + {host_sp}]
         pop qword ptr [r10 + {wasm_sp}]
         pop r10"
    };
}

/// Leaves the innermost entry, which then sees [`SUSPENDED`]. Nothing on the host stack in between
/// is dropped; what is on the Wasm stack stays there.
///
/// # Safety
///
/// The store has an entry that may be left, on this thread; no frame between holds anything that
/// must be dropped.
pub(crate) unsafe fn suspend(store: *mut VMStoreContext) -> ! {
    // SAFETY: as the caller promises.
    unsafe { suspend_thunk(store) }
}

#[unsafe(naked)]
unsafe extern "C" fn suspend_thunk(store: *mut VMStoreContext) -> ! {
    naked_asm!(
        "mov r10, rdi",
        leave_entry!(),
        return_to_host!(),
        outcome = const offset_of!(VMStoreContext, outcome),
        suspended = const SUSPENDED,
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
    )
}

/// Writes the registers that a callee preserves to the host's stack, so many bytes above its end.
macro_rules! save_preserved {
    ($at:literal) => {
        concat!(
            "mov [rsp + ",
            $at,
            "], rbx
             mov [rsp + ",
            $at,
            " + 8], r12
             mov [rsp + ",
            $at,
            " + 16], r13
             mov [rsp + ",
            $at,
            " + 24], r14
             mov [rsp + ",
            $at,
            " + 32], r15"
        )
    };
}

/// From Wasm to a host function that may wait: registers are written to an image on the host stack,
/// and stack arguments are popped as the convention wants. If the function waits
/// ([`LEFT`]), the innermost entry is left, which then sees [`SUSPENDED`].
///
/// # Safety
///
/// To be called by compiled code, with a [`HostRecord`] for a context.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn host_waiting() {
    naked_asm!(
        leave_for_host!(),
        save_arguments!(),
        save_preserved!("{preserved}"),
        dispatch!("cmp rax, {left}\n je 2f"),
        // The return that stands for that of the call of this thunk.
        "2:
         mov r10, [rsp]
         mov r10, [r10 + {store}]
         lea rax, [rip + 3f]
         push rax
         ret
         3:",
        leave_entry!(),
        return_to_host!(),
        store = const offset_of!(HostRecord, store),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        left = const LEFT,
        outcome = const offset_of!(VMStoreContext, outcome),
        suspended = const SUSPENDED,
        image_size = const size_of::<WaitingImage>(),
        vectors = const offset_of!(RegisterImage, vectors),
        preserved = const offset_of!(WaitingImage, preserved),
        int_results = const offset_of!(RegisterImage, int_results),
        vector_results = const offset_of!(RegisterImage, vector_results),
        dispatch = sym host_waiting_dispatch,
    )
}

/// From Wasm to the shim of a host function that may wait, with all argument and result registers
/// passed through. The registers that a callee preserves are written right below the frame of the
/// entry. If the function waits, which the store's outcome says, the entry is left.
///
/// # Safety
///
/// To be called by compiled code, with a [`HostRecord`] for a context.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn host_waiting_registers() {
    naked_asm!(
        leave_for_host!(),
        "push rbx
         push r12
         push r13
         push r14
         push r15
         push rbx
         mov rbx, r10
         call [rdi + {shim}]
         cmp byte ptr [rbx + {outcome}], {suspended}
         je 2f
         pop rbx",
        return_to_wasm!(),
        // As in `host_waiting`.
        "2:
         mov r10, rbx
         lea rax, [rip + 3f]
         push rax
         ret
         3:",
        leave_entry!(),
        return_to_host!(),
        store = const offset_of!(HostRecord, store),
        shim = const offset_of!(HostRecord, shim),
        outcome = const offset_of!(VMStoreContext, outcome),
        suspended = const SUSPENDED,
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        host_sp = const offset_of!(VMStoreContext, host_sp),
    )
}

/// Makes the thunk of a builtin that may wait: it also passes on the registers that a callee
/// preserves, as a pointer in the register named, which is that of the parameter after the last.
macro_rules! waiting_thunk {
    ($name:ident, $target:path, $last:literal) => {
        /// From Wasm to the builtin of the same name.
        ///
        /// # Safety
        ///
        /// To be called by compiled code, with its instance context.
        #[unsafe(naked)]
        pub(crate) unsafe extern "C" fn $name() {
            naked_asm!(
                leave_for_host!(),
                "sub rsp, 48",
                save_preserved!("0"),
                concat!("mov ", $last, ", rsp"),
                "call {target}",
                return_to_wasm!(),
                store = const offset_of!(VMContext, store),
                wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
                host_sp = const offset_of!(VMStoreContext, host_sp),
                target = sym $target,
            )
        }
    };
}

waiting_thunk!(memory_grow, crate::vm::suspend::memory_grow, "rcx");
waiting_thunk!(table_grow, crate::vm::suspend::table_grow, "r8");
waiting_thunk!(atomic_wait32, crate::vm::suspend::atomic_wait32, "r9");
waiting_thunk!(atomic_wait64, crate::vm::suspend::atomic_wait64, "r9");
waiting_thunk!(new_object, crate::vm::suspend::new_object, "rcx");
waiting_thunk!(array_new_data, crate::vm::suspend::array_new_data, "r9");
waiting_thunk!(array_new_elem, crate::vm::suspend::array_new_elem, "r9");
waiting_thunk!(new_continuation, crate::vm::suspend::new_continuation, "rdx");
waiting_thunk!(continuation_object, crate::vm::suspend::continuation_object, "rsi");
waiting_thunk!(bind_continuation, crate::vm::suspend::bind_continuation, "r9");
waiting_thunk!(out_of_fuel, crate::vm::suspend::out_of_fuel, "rsi");
waiting_thunk!(caught_exception, crate::vm::suspend::caught_exception, "rsi");
#[cfg(feature = "debug")]
waiting_thunk!(debug_stop, crate::vm::debugging::debug_stop, "rsi");
