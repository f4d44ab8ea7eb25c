//! From a fault at the read of an interrupt page to the host, and back.
//!
//! The signal handler writes the registers of the interrupted code to the host's stack, and makes
//! the thread continue in the thunk. The thunk saves the rest, and calls a function that looks up
//! the reason, as a host function would be called. If the code may continue, all registers get back
//! their values, and it continues after the read. Nothing uses the value that would have been read.
//! So the code makes progress even if a deadline is reached again at once.
//!
//! On the Wasm stack, below what the code has there, the handler makes a frame like those of other
//! thunks, so that backtraces and nested calls work as usual. If there is no room for a frame, the
//! stack counts as used up: code that was to be stopped is stopped for the reason that was found,
//! and code that might have continued ends with a stack overflow.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
#[cfg(feature = "async")]
use std::task::Poll;

use wasm_types::TrapCode;

use super::saved::{REGISTERS, Saved, restore_thunk};
use super::thunks::raise;
use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::interruption::{Decision, Verdict};
use crate::vm::store::VmStore;
use crate::vm::unwind::{PendingTrap, Unwind};

/// Bytes below the stack pointer that are left alone. The way back uses some of them.
const BELOW_STACK_POINTER: usize = 128;

/// The size of a frame that has nothing but a return address, in bytes.
const FRAME_SIZE: usize = 16;

/// Saves the state at a fault, and makes the thread continue in the thunk.
///
/// Async-signal-safe.
///
/// # Safety
///
/// To be called by the signal handler for a fault of compiled code of the store that runs on this
/// thread.
pub(crate) unsafe fn divert(store: *mut VMStoreContext, context: &mut libc::ucontext_t) {
    let registers = &mut context.uc_mcontext.gregs;
    let register = |number: libc::c_int| registers[number as usize] as usize;
    let place = frame_below(register(libc::REG_RSP));
    let (fp, pc) = (register(libc::REG_RBP), register(libc::REG_RIP));
    // SAFETY: the store lives, and the thread that uses it is stopped here. The frame is on its
    // Wasm stack, below everything that is in use. The saved state is on the host's stack, below
    // the entry's frame. Vector registers are left to the thunk.
    unsafe {
        let has_frame = (*store).bounds().can_hold_frame(place);
        if has_frame {
            let frame = std::ptr::with_exposed_provenance_mut::<[usize; 2]>(place);
            // An address right after the first byte of the instruction, as if it were a call of one
            // byte.
            frame.write([fp, pc + 1]);
            (*store).wasm_sp = frame.cast();
        }
        // The entry's frame is 16-byte aligned.
        let saved = (*store).host_sp.cast::<Saved>().sub(1);
        (*saved).has_frame = has_frame;
        (*saved).registers.copy_from_slice(&registers[..REGISTERS]);
        registers[libc::REG_RIP as usize] = interrupt_thunk as *const () as i64;
        registers[libc::REG_RDI as usize] = store as i64;
        registers[libc::REG_RBP as usize] = saved as i64;
        registers[libc::REG_RSP as usize] = saved as i64;
    }
}

/// As [`divert`], for an instruction that traps, whose trap is the store's: so that the debugger is
/// told of it. `false`, with nothing done, if there is no room for a frame.
///
/// Async-signal-safe.
///
/// # Safety
///
/// As for [`divert`].
#[cfg(feature = "debug")]
pub(crate) unsafe fn divert_trap(
    store: *mut VMStoreContext,
    context: &mut libc::ucontext_t,
) -> bool {
    let sp = context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize;
    // SAFETY: as the caller promises.
    unsafe {
        if !(*store).bounds().can_hold_frame(frame_below(sp)) {
            return false;
        }
        divert(store, context);
        true
    }
}

/// Where the frame goes.
fn frame_below(sp: usize) -> usize {
    (sp - BELOW_STACK_POINTER - FRAME_SIZE) & !(FRAME_SIZE - 1)
}

/// From interrupted Wasm to the host, with the store in `rdi`, and [`Saved`] at `rbp` and `rsp`. If
/// the host returns, the code continues with the saved state.
///
/// # Safety
///
/// Only the signal handler makes a thread continue here.
#[unsafe(naked)]
unsafe extern "C" fn interrupt_thunk() {
    naked_asm!(
        "movaps [rbp + {vectors}], xmm0
         movaps [rbp + {vectors} + 16], xmm1
         movaps [rbp + {vectors} + 32], xmm2
         movaps [rbp + {vectors} + 48], xmm3
         movaps [rbp + {vectors} + 64], xmm4
         movaps [rbp + {vectors} + 80], xmm5
         movaps [rbp + {vectors} + 96], xmm6
         movaps [rbp + {vectors} + 112], xmm7
         movaps [rbp + {vectors} + 128], xmm8
         movaps [rbp + {vectors} + 144], xmm9
         movaps [rbp + {vectors} + 160], xmm10
         movaps [rbp + {vectors} + 176], xmm11
         movaps [rbp + {vectors} + 192], xmm12
         movaps [rbp + {vectors} + 208], xmm13
         movaps [rbp + {vectors} + 224], xmm14
         movaps [rbp + {vectors} + 240], xmm15
         mov rsi, rbp
         cld
         call {interrupted}
         jmp {restore}",
        interrupted = sym interrupted,
        restore = sym restore_thunk,
        vectors = const offset_of!(Saved, vectors),
    )
}

/// Returns if the code may continue; else leaves Wasm.
unsafe extern "C" fn interrupted(store: *mut VMStoreContext, saved: *mut Saved) {
    // SAFETY: the thunk calls this for the store whose code was interrupted. It runs on behalf of
    // an entry, and at the end nothing is left to drop.
    unsafe {
        #[cfg(feature = "debug")]
        if (*store).trap.code != 0 && crate::vm::debugging::takes_traps(store) {
            // It was no read of the page: a debugger is to be told of a trap.
            raise(store)
        }
        let saved = &mut *saved;
        // Nobody knows which registers of the code hold references, so nothing may move.
        let vm = (*store).vm;
        (*vm).gc.put_off();
        #[cfg(feature = "async")]
        let may_wait = super::waiting::is_waiting_entry(store);
        #[cfg(not(feature = "async"))]
        let may_wait = false;
        let has_frame = saved.has_frame;
        let decision = catch_unwind(AssertUnwindSafe(|| outcome(store, has_frame, may_wait)));
        (*vm).gc.resume();
        let failure = match decision {
            Ok(Ok(Outcome::GoOn)) => {
                saved.registers[libc::REG_RIP as usize] += read_len(saved.pc()) as i64;
                return;
            }
            #[cfg(feature = "async")]
            Ok(Ok(Outcome::Wait(pending))) => {
                saved.registers[libc::REG_RIP as usize] += read_len(saved.pc()) as i64;
                match crate::vm::suspend::wait_interrupted(store, saved, pending) {
                    Poll::Ready(true) => return,
                    Poll::Ready(false) => raise(store),
                    Poll::Pending => super::waiting::suspend(store),
                }
            }
            Ok(Ok(Outcome::Trap(code))) => {
                let (code, pc, fp) = (code as u8, saved.pc(), saved.fp());
                (*store).trap = PendingTrap { code, pc, fp, address: 0 };
                raise(store)
            }
            Ok(Err(error)) => Unwind::Error(error),
            Err(payload) => Unwind::Panic(payload),
        };
        VmStore::fail(store, failure);
        raise(store)
    }
}

/// The length of the instruction that reads the page, in bytes: a 32-bit load from a register and a
/// constant. 0 if it is none of the forms that the code generator emits; then the instruction is
/// executed again.
///
/// # Safety
///
/// There is an instruction of loaded code at the address.
unsafe fn read_len(pc: usize) -> usize {
    let code = std::ptr::with_exposed_provenance::<u8>(pc);
    // SAFETY: each byte that is read is part of the instruction, as the bytes before it show.
    unsafe {
        let prefix = usize::from((*code & 0xf0) == 0x40);
        if *code.add(prefix) != 0x8b {
            return 0;
        }
        let operand = *code.add(prefix + 1);
        let has_index = operand & 7 == 4;
        let base = if has_index { *code.add(prefix + 2) & 7 } else { operand & 7 };
        let constant = match operand >> 6 {
            0 if base == 5 => 4,
            0 => 0,
            1 => 1,
            2 => 4,
            _ => return 0,
        };
        prefix + 2 + usize::from(has_index) + constant
    }
}

/// What becomes of the code.
enum Outcome {
    GoOn,
    Trap(TrapCode),
    /// It goes on when this is ready.
    #[cfg(feature = "async")]
    Wait(Box<dyn crate::vm::suspend::Pending>),
}

/// Whether code that waits, and can't be left meanwhile, is to stop: what to trap with, or `None`
/// if it may continue, which is possible only if there is a frame.
///
/// # Safety
///
/// To be called on behalf of code of the store, which lives.
pub(crate) unsafe fn decide(
    store: *mut VMStoreContext,
    has_frame: bool,
) -> Result<Option<TrapCode>, Error> {
    // SAFETY: as the caller promises.
    Ok(match unsafe { outcome(store, has_frame, false)? } {
        Outcome::GoOn => None,
        Outcome::Trap(code) => Some(code),
        // Only code that may wait is told to.
        #[cfg(feature = "async")]
        Outcome::Wait(_) => Some(TrapCode::Interrupt),
    })
}

/// As [`decide`], for code that can be left meanwhile: it may also have to wait before it goes on.
///
/// # Safety
///
/// As for [`decide`].
#[cfg(feature = "async")]
pub(crate) unsafe fn decide_or_wait(store: *mut VMStoreContext) -> Result<Decision, Error> {
    // SAFETY: as the caller promises.
    Ok(match unsafe { outcome(store, true, true)? } {
        Outcome::GoOn => Decision::GoOn,
        Outcome::Trap(_) => Decision::Stop,
        Outcome::Wait(pending) => Decision::Wait(pending),
    })
}

/// Looks up why the code was interrupted, and runs the callback if a deadline is reached. The code
/// may continue only if there is a frame.
unsafe fn outcome(
    store: *mut VMStoreContext,
    has_frame: bool,
    may_wait: bool,
) -> Result<Outcome, Error> {
    // SAFETY: the store lives. What is borrowed of it is not kept while the callback runs, which
    // may use all of it.
    let (interrupts, callback) = unsafe {
        let vm = (*store).vm;
        match (*vm).interrupts() {
            Some(interrupts) => (Arc::clone(interrupts), (*vm).epoch_callback()),
            None => return Ok(Outcome::Trap(TrapCode::Interrupt)),
        }
    };
    match (interrupts.verdict()?, callback) {
        (Verdict::Stop, _) | (Verdict::Deadline, None) => Ok(Outcome::Trap(TrapCode::Interrupt)),
        (Verdict::GoOn | Verdict::Deadline, _) if !has_frame => {
            Ok(Outcome::Trap(TrapCode::StackOverflow))
        }
        (Verdict::GoOn, _) => Ok(Outcome::GoOn),
        (Verdict::Deadline, Some(callback)) => {
            #[cfg(feature = "debug")]
            if may_wait {
                // SAFETY: code that may wait is in an entry that may be left.
                let pending = unsafe { crate::vm::debugging::at_deadline(store, callback) };
                if let Some(pending) = pending {
                    return Ok(Outcome::Wait(pending));
                }
            }
            // SAFETY: whoever set the callback knows how to borrow the store.
            Ok(match unsafe { callback(store, may_wait)? } {
                Decision::GoOn => Outcome::GoOn,
                Decision::Stop => Outcome::Trap(TrapCode::Interrupt),
                #[cfg(feature = "async")]
                Decision::Wait(pending) => Outcome::Wait(pending),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_measured() {
        for code in [
            &[0x8b_u8, 0x48, 0xfc][..],
            &[0x41, 0x8b, 0x4f, 0xfc],
            &[0x8b, 0x00],
            &[0x8b, 0x05, 1, 2, 3, 4],
            &[0x44, 0x8b, 0x80, 0, 0xff, 0xff, 0xff],
            &[0x41, 0x8b, 0x44, 0x24, 0xf8],
            &[0x41, 0x8b, 0x84, 0x24, 0, 0xff, 0xff, 0xff],
            &[0x8b, 0x04, 0x25, 1, 2, 3, 4],
        ] {
            // SAFETY: the bytes are an instruction.
            assert_eq!(unsafe { read_len(code.as_ptr().expose_provenance()) }, code.len());
        }
        // A load of one byte, and an instruction that loads nothing.
        for code in [&[0x0f_u8, 0xb6, 0x48, 0xfc][..], &[0x8b, 0xc8]] {
            // SAFETY: as above.
            assert_eq!(unsafe { read_len(code.as_ptr().expose_provenance()) }, 0);
        }
    }
}
