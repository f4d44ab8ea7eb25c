//! The registers of code that was interrupted, and the way back to it with all of them.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::{offset_of, size_of};

/// The registers of the system's `mcontext_t`, by their numbers there.
pub(super) const REGISTERS: usize = libc::REG_EFL as usize + 1;

/// The saved state of the interrupted code, on the host's stack.
#[derive(Clone, Debug)]
#[repr(C, align(16))]
pub(crate) struct Saved {
    pub(super) registers: [i64; REGISTERS],
    /// Whether there is a frame on the Wasm stack.
    pub(super) has_frame: bool,
    pub(super) vectors: [u128; 16],
}

impl Saved {
    pub(super) fn pc(&self) -> usize {
        self.registers[libc::REG_RIP as usize] as usize
    }

    pub(super) fn fp(&self) -> usize {
        self.registers[libc::REG_RBP as usize] as usize
    }
}

const _: () = assert!(size_of::<Saved>().is_multiple_of(16));

/// The offset of a register within [`Saved`].
const fn register(number: libc::c_int) -> usize {
    offset_of!(Saved, registers) + number as usize * 8
}

/// Goes on with interrupted Wasm, whose state is at `rbp`.
///
/// # Safety
///
/// Only thunks jump here, with an entry frame and a state of code that is on the Wasm stack.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn restore_thunk() {
    naked_asm!(
        "movaps xmm0, [rbp + {vectors}]
         movaps xmm1, [rbp + {vectors} + 16]
         movaps xmm2, [rbp + {vectors} + 32]
         movaps xmm3, [rbp + {vectors} + 48]
         movaps xmm4, [rbp + {vectors} + 64]
         movaps xmm5, [rbp + {vectors} + 80]
         movaps xmm6, [rbp + {vectors} + 96]
         movaps xmm7, [rbp + {vectors} + 112]
         movaps xmm8, [rbp + {vectors} + 128]
         movaps xmm9, [rbp + {vectors} + 144]
         movaps xmm10, [rbp + {vectors} + 160]
         movaps xmm11, [rbp + {vectors} + 176]
         movaps xmm12, [rbp + {vectors} + 192]
         movaps xmm13, [rbp + {vectors} + 208]
         movaps xmm14, [rbp + {vectors} + 224]
         movaps xmm15, [rbp + {vectors} + 240]
         mov rax, [rbp + {rax}]
         mov rcx, [rbp + {rcx}]
         mov rdx, [rbp + {rdx}]
         mov rbx, [rbp + {rbx}]
         mov rsi, [rbp + {rsi}]
         mov rdi, [rbp + {rdi}]
         mov r8, [rbp + {r8}]
         mov r9, [rbp + {r9}]
         mov r10, [rbp + {r10}]
         mov r11, [rbp + {r11}]
         mov r12, [rbp + {r12}]
         mov r13, [rbp + {r13}]
         mov r14, [rbp + {r14}]
         mov r15, [rbp + {r15}]
         mov rsp, [rbp + {rsp}]
         push qword ptr [rbp + {rip}]
         push qword ptr [rbp + {flags}]
         mov rbp, [rbp + {rbp}]
         popfq
         ret",
        vectors = const offset_of!(Saved, vectors),
        rax = const register(libc::REG_RAX),
        rcx = const register(libc::REG_RCX),
        rdx = const register(libc::REG_RDX),
        rbx = const register(libc::REG_RBX),
        rsi = const register(libc::REG_RSI),
        rdi = const register(libc::REG_RDI),
        r8 = const register(libc::REG_R8),
        r9 = const register(libc::REG_R9),
        r10 = const register(libc::REG_R10),
        r11 = const register(libc::REG_R11),
        r12 = const register(libc::REG_R12),
        r13 = const register(libc::REG_R13),
        r14 = const register(libc::REG_R14),
        r15 = const register(libc::REG_R15),
        rsp = const register(libc::REG_RSP),
        rbp = const register(libc::REG_RBP),
        rip = const register(libc::REG_RIP),
        flags = const register(libc::REG_EFL),
    )
}
