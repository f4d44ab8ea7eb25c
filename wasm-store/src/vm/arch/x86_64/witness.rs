//! A read of a word that may be gone: the signal handler then says 0.

#![allow(unsafe_code)]

use std::arch::asm;
use std::ptr;

/// The instruction that reads the word: `mov rax, [rax]`.
const LOOK: [u8; 3] = [0x48, 0x8b, 0x00];

/// Reads a word, by an instruction that [`skip_look`] knows.
#[inline(always)]
pub(crate) fn look(witness: *const usize) -> usize {
    let word;
    // SAFETY: a word of memory is read, or, if there is none, the signal handler says 0.
    unsafe {
        asm!(
            ".byte 0x48, 0x8b, 0x00",
            inout("rax") witness => word,
            options(nostack, readonly, preserves_flags)
        );
    }
    word
}

/// Has a [`look`] at the word go on that found it unmapped: it has read zero then. `false` if the fault, an
/// access to the given address, is another.
///
/// Async-signal-safe.
pub(crate) fn skip_look(witness: usize, address: usize, context: &mut libc::ucontext_t) -> bool {
    let registers = &mut context.uc_mcontext.gregs;
    let (pc, register) = (registers[libc::REG_RIP as usize], registers[libc::REG_RAX as usize]);
    let is_look = address == witness && register as usize == witness;
    if !is_look || pc as usize == witness {
        return false;
    }
    let code = ptr::with_exposed_provenance::<[u8; LOOK.len()]>(pc as usize);
    // SAFETY: the data was not there for an instruction, which itself was.
    if unsafe { code.read() } != LOOK {
        return false;
    }
    registers[libc::REG_RAX as usize] = 0;
    registers[libc::REG_RIP as usize] += LOOK.len() as i64;
    true
}
