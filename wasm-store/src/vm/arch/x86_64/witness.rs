//! Reads a word that may be unmapped: the signal handler then makes it read as 0.

#![allow(unsafe_code)]

use std::arch::asm;
use std::ptr;

/// The instruction that reads the word: `mov rax, [rax]`.
const LOOK: [u8; 3] = [0x48, 0x8b, 0x00];

/// Reads a word, by an instruction that [`skip_look`] knows.
#[inline(always)]
pub(crate) fn look(witness: *const usize) -> usize {
    let word;
    // SAFETY: a word of memory is read. If it is unmapped, the signal handler supplies 0.
    unsafe {
        asm!(
            ".byte 0x48, 0x8b, 0x00",
            inout("rax") witness => word,
            options(nostack, readonly, preserves_flags)
        );
    }
    word
}

/// Makes a [`look`] at an unmapped word continue, as if it had read zero. `false` if the fault, an
/// access to the given address, is another one.
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
    // SAFETY: the fault was a data access, so the instruction itself is mapped.
    if unsafe { code.read() } != LOOK {
        return false;
    }
    registers[libc::REG_RAX as usize] = 0;
    registers[libc::REG_RIP as usize] += LOOK.len() as i64;
    true
}
