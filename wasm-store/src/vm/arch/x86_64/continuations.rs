//! The assembly that changes from one Wasm stack to another, for continuations.
//!
//! Who leaves a stack makes a frame there like those of thunks that leave Wasm. Its address is the
//! **exit** that the stack is entered again by. So it is found by backtraces, collections and
//! exceptions as any other frame. No registers are saved: compiled code that calls these functions
//! expects that all of them have changed, but for the stack and the frame pointer.
//!
//! The rules at the head of `thunks` are kept here, too: a stack is the store's current one from
//! before the stack pointer is on it. An exit was written before, so that entering a stack again
//! can't run into its guard.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;

use super::layout::{INT_REGISTERS, VECTOR_REGISTERS};
use super::thunks::{FRAME_WASM_SP, RegisterImage};
use crate::vm::context::{VMContext, VMStoreContext};
use crate::vm::continuations::{
    Continuation, begin, finished, resume_throw_in, resume_throw_ref_in, unhandled,
};
use crate::vm::stack::{StackBounds, StackHead};

const _: () = assert!(INT_REGISTERS == 6 && VECTOR_REGISTERS == 8 && FRAME_WASM_SP == 8);
const _: () = assert!(offset_of!(Continuation, stack) == 0);

const BOTTOM: usize = offset_of!(StackHead, bounds) + offset_of!(StackBounds, bottom);
const TOP: usize = offset_of!(StackHead, bounds) + offset_of!(StackBounds, top);

/// Makes an exit, with its address in `rbp`.
macro_rules! leave_stack {
    () => {
        "push rbp
         mov rbp, rsp"
    };
}

/// Enters a stack by the exit in `rbp`, with the results in `rax` and `rcx`.
///
/// It jumps, since a return is predicted to go where the last call came from, which is never where
/// this goes, unless both sides are at the same instruction. What is not predicted then are the
/// returns from functions that have changed stacks, which are once each.
macro_rules! enter_stack {
    () => {
        "mov rsp, rbp
         pop rbp
         pop rdx
         jmp rdx"
    };
}

/// Ends the computation because nothing handles a suspension: the store's context is in `r10`.
macro_rules! give_up {
    () => {
        "mov [r10 + {wasm_sp}], rbp
         mov rsp, [r10 + {host_sp}]
         mov rdi, r10
         call {unhandled}
         ud2"
    };
}

/// Finds the handler of a suspension, and makes the record of what is suspended. Before it, the
/// instance context is in `rdi`, the object for the continuation in `ecx`, and the tag in `$tag`;
/// `$places` sets `r13` and `r14` to the first place in the list of handlers in `r12` and to the
/// one behind the last. After it, the store's context is in `r10`, the continuation that ran in
/// `r11`, the stack that the handler is for in `rax`, its parent in `rbx`, the handlers in `r12`,
/// and the place of the one that was found in `r13`. Without one, it goes to 9.
macro_rules! find_handler {
    ($tag:literal, $places:literal) => {
        concat!(
            "mov r10, [rdi + {store}]
             mov r11, [r10 + {current}]
             mov r9, [r10 + {host_sp}]
             mov r9, [r9 + {frame_wasm_sp}]
             mov rax, r11
             2:
             cmp r9, [rax + {bottom}]
             jb 3f
             cmp r9, [rax + {top}]
             jb 9f
             3:
             mov rbx, [rax + {parent}]
             test rbx, rbx
             jz 9f
             mov r12, [rax + {handlers}]
             ",
            $places,
            "
             4:
             cmp r13, r14
             je 5f
             cmp ",
            $tag,
            ", [r12 + 8*r13 + {tags}]
             je 6f
             inc r13
             jmp 4b
             5:
             mov rax, rbx
             jmp 2b
             6:
             mov [r11 + {exit}], rbp
             mov [r11 + {root}], rax
             mov [r11 + {object}], ecx
             mov dword ptr [r11 + {searched}], 0
             mov r14, [rdi + {heap}]
             mov [r14 + rcx + {record}], r11
             "
        )
    };
}

/// `resume`: from the instance context, a record that is ready, the place of its arguments, and a
/// list of handlers. Returns what has happened and where the values are.
///
/// # Safety
///
/// To be called by compiled code, with what it was given and has written.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume_continuation() {
    naked_asm!(
        leave_stack!(),
        "mov r10, [rdi + {store}]
         mov rax, [rsi + {root}]
         mov r11, [r10 + {current}]
         mov [rax + {parent}], r11
         mov [rax + {resumer}], rbp
         mov [rax + {handlers}], rcx
         mov [r10 + {current}], rsi
         mov dword ptr [rsi + {object}], 0
         mov rbp, [rsi + {exit}]
         mov rax, rdx",
        enter_stack!(),
        store = const offset_of!(VMContext, store),
        current = const offset_of!(VMStoreContext, current),
        object = const offset_of!(Continuation, object),
        root = const offset_of!(Continuation, root),
        exit = const offset_of!(Continuation, exit),
        parent = const offset_of!(StackHead, parent),
        resumer = const offset_of!(StackHead, resumer),
        handlers = const offset_of!(StackHead, handlers),
    )
}

/// `suspend`: from the instance context, a tag, the place of the values, and an object for the
/// continuation. Returns the place of what it is resumed with.
///
/// The handler is looked for from stack to stack, up to the one where the innermost entry began.
///
/// # Safety
///
/// To be called by compiled code, with what it was given and has written.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn suspend_continuation() {
    naked_asm!(
        leave_stack!(),
        find_handler!("rsi", "xor r13d, r13d\n mov r14d, [r12 + {labels}]"),
        "mov [r10 + {current}], rbx
         mov qword ptr [rax + {parent}], 0
         mov rbp, [rax + {resumer}]
         lea rax, [r13 + 1]
         mov rcx, rdx",
        enter_stack!(),
        "9:",
        give_up!(),
        store = const offset_of!(VMContext, store),
        heap = const offset_of!(VMContext, heap),
        current = const offset_of!(VMStoreContext, current),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        frame_wasm_sp = const FRAME_WASM_SP,
        bottom = const BOTTOM,
        top = const TOP,
        root = const offset_of!(Continuation, root),
        exit = const offset_of!(Continuation, exit),
        object = const offset_of!(Continuation, object),
        searched = const offset_of!(Continuation, searched),
        parent = const offset_of!(StackHead, parent),
        resumer = const offset_of!(StackHead, resumer),
        handlers = const offset_of!(StackHead, handlers),
        labels = const wasm_types::abi::continuation::LABELS,
        tags = const wasm_types::abi::continuation::TAGS,
        record = const wasm_types::abi::continuation::RECORD,
        unhandled = sym unhandled,
    )
}

/// `switch`: from the instance context, a record that is ready, the place of its arguments, an
/// object for the continuation that is suspended, and a tag. Returns as `suspend` does.
///
/// # Safety
///
/// To be called by compiled code, with what it was given and has written.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn switch_continuation() {
    naked_asm!(
        leave_stack!(),
        find_handler!(
            "r8",
            "mov r13d, [r12 + {labels}]\n mov r14d, [r12 + {switches}]\n add r14, r13"
        ),
        "mov r14, [rsi + {root}]
         mov r15, [rax + {resumer}]
         mov qword ptr [rax + {parent}], 0
         mov [r14 + {parent}], rbx
         mov [r14 + {resumer}], r15
         mov [r14 + {handlers}], r12
         mov [r10 + {current}], rsi
         mov dword ptr [rsi + {object}], 0
         mov rbp, [rsi + {exit}]
         mov rax, rdx",
        enter_stack!(),
        "9:",
        give_up!(),
        store = const offset_of!(VMContext, store),
        heap = const offset_of!(VMContext, heap),
        current = const offset_of!(VMStoreContext, current),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
        frame_wasm_sp = const FRAME_WASM_SP,
        bottom = const BOTTOM,
        top = const TOP,
        root = const offset_of!(Continuation, root),
        exit = const offset_of!(Continuation, exit),
        object = const offset_of!(Continuation, object),
        searched = const offset_of!(Continuation, searched),
        parent = const offset_of!(StackHead, parent),
        resumer = const offset_of!(StackHead, resumer),
        handlers = const offset_of!(StackHead, handlers),
        labels = const wasm_types::abi::continuation::LABELS,
        switches = const wasm_types::abi::continuation::SWITCHES,
        tags = const wasm_types::abi::continuation::TAGS,
        record = const wasm_types::abi::continuation::RECORD,
        unhandled = sym unhandled,
    )
}

/// Makes the thunk of a builtin that resumes a continuation with an exception: it has an exit, so
/// that the continuation can be suspended, and return.
macro_rules! throwing_thunk {
    ($name:ident, $target:path) => {
        /// From Wasm to the builtin of the same name.
        ///
        /// # Safety
        ///
        /// To be called by compiled code, with its instance context.
        #[unsafe(naked)]
        pub(crate) unsafe extern "C" fn $name() {
            naked_asm!(
                leave_stack!(),
                "mov r10, [rdi + {store}]
                 mov [r10 + {wasm_sp}], rbp
                 mov rsp, [r10 + {host_sp}]
                 call {target}
                 ud2",
                store = const offset_of!(VMContext, store),
                wasm_sp = const offset_of!(VMStoreContext, wasm_sp),
                host_sp = const offset_of!(VMStoreContext, host_sp),
                target = sym $target,
            )
        }
    };
}

throwing_thunk!(resume_throw, resume_throw_in);
throwing_thunk!(resume_throw_ref, resume_throw_ref_in);

/// Writes the exit of a stack on which nothing runs so far, below an address that is 16-byte
/// aligned: entered, it begins with the function of a continuation, which is above the exit with
/// the store.
///
/// # Safety
///
/// There is room for it. The continuation and the store live as long as the stack is used.
pub(crate) unsafe fn new_exit(
    below: *mut u8,
    continuation: *mut Continuation,
    store: *mut VMStoreContext,
) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe {
        let exit = below.cast::<usize>().sub(4);
        exit.write(0);
        exit.add(1).write((start_thunk as *const u8).expose_provenance());
        exit.add(2).write(continuation.expose_provenance());
        exit.add(3).write(store.expose_provenance());
        exit.cast()
    }
}

/// The first code on the stack of a continuation: calls its function, and returns to who has
/// resumed it. The continuation and the store's context are on the stack, the place of the
/// arguments is in `rax`.
///
/// # Safety
///
/// Only [`new_exit`] leads here.
#[unsafe(naked)]
unsafe extern "C" fn start_thunk() {
    naked_asm!(
        "pop rbx
         pop r12
         mov r13, rsp
         mov rdi, rbx
         mov rsi, rax
         mov rdx, r12
         mov rsp, [r12 + {host_sp}]
         call {begin}
         mov rsp, r13
         sub rsp, rax
         mov r11, [rbx + {image}]
         movaps xmm0, [r11 + {vectors}]
         movaps xmm1, [r11 + {vectors} + 16]
         movaps xmm2, [r11 + {vectors} + 32]
         movaps xmm3, [r11 + {vectors} + 48]
         movaps xmm4, [r11 + {vectors} + 64]
         movaps xmm5, [r11 + {vectors} + 80]
         movaps xmm6, [r11 + {vectors} + 96]
         movaps xmm7, [r11 + {vectors} + 112]
         mov rdi, [r11]
         mov rsi, [r11 + 8]
         mov rdx, [r11 + 16]
         mov rcx, [r11 + 24]
         mov r8, [r11 + 32]
         mov r9, [r11 + 40]
         call [rbx + {code}]
         mov r11, [rbx + {image}]
         mov [r11 + {int_results}], rax
         mov [r11 + {int_results} + 8], rcx
         movaps [r11 + {vector_results}], xmm0
         movaps [r11 + {vector_results} + 16], xmm1
         mov rdi, r12
         mov rsi, rbx
         mov rsp, [r12 + {host_sp}]
         call {finished}
         mov rbp, rax
         mov rcx, rdx
         xor eax, eax",
        enter_stack!(),
        host_sp = const offset_of!(VMStoreContext, host_sp),
        image = const offset_of!(Continuation, image),
        code = const offset_of!(Continuation, code),
        vectors = const offset_of!(RegisterImage, vectors),
        int_results = const offset_of!(RegisterImage, int_results),
        vector_results = const offset_of!(RegisterImage, vector_results),
        begin = sym begin,
        finished = sym finished,
    )
}
