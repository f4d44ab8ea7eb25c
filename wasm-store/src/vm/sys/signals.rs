//! Faults of compiled code become traps. Signals that are not ours are passed on to the previous
//! handler (see [`forward`]).
//!
//! The handler does only what is async-signal-safe: it reads thread-local data, looks the program
//! counter up in a table without locks, writes plain data to the store's context, and changes where
//! the thread continues.

#![allow(unsafe_code)]

mod forward;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use forward::{forward, remember};
use wasm_types::TrapCode;

use crate::Error;
#[cfg(feature = "debug")]
use crate::vm::arch::divert_trap;
use crate::vm::arch::{Interrupted, divert, go_on_unwinding};
use crate::vm::unwind::PendingTrap;

const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// Installs the handler, once for the process.
///
/// # Errors
///
/// If the system does not allow it. The next call tries again.
pub(in crate::vm) fn install() -> Result<(), Error> {
    /// How many of the signals have the handler. What was before it is remembered only once.
    static INSTALLED: Mutex<usize> = Mutex::new(0);
    /// Whether nothing is left to be done: a child that was forked does not need the lock then.
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.load(Ordering::Acquire) {
        return Ok(());
    }
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(signal) = SIGNALS.get(*installed) {
        // SAFETY: the previous action is remembered before ours can run.
        unsafe {
            remember(*installed, *signal)?;
            let mut action = std::mem::zeroed::<libc::sigaction>();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigemptyset(&mut action.sa_mask);
            if libc::sigaction(*signal, &action, std::ptr::null_mut()) != 0 {
                return Err(failed());
            }
        }
        *installed += 1;
    }
    survive_file_size_limit();
    DONE.store(true, Ordering::Release);
    Ok(())
}

fn failed() -> Error {
    let error = std::io::Error::last_os_error();
    Error::msg(format!(
        "the system accepts no handler for the signals by which it reports traps: {error}"
    ))
}

/// Makes a write beyond the limit for the size of files fail, and nothing else. By default the
/// system ends the process as well. But the host does not decide how far a guest writes, or how
/// large a memory is that is copied to a file.
fn survive_file_size_limit() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: plain system calls. A handler that the signal already has stays. Unlike an ignored
    // signal, one with a handler is reset to its default in programs that this process executes.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        libc::sigaction(libc::SIGXFSZ, std::ptr::null(), &mut action);
        if action.sa_sigaction == libc::SIG_DFL {
            action.sa_sigaction = nothing as *const () as usize;
            action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigaction(libc::SIGXFSZ, &action, std::ptr::null_mut());
        }
    }
}

unsafe extern "C" fn handler(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel calls this with the interrupted thread's state.
    unsafe {
        // A signal that was sent by somebody is not about the instruction that the thread happens
        // to be at.
        let is_fault = is_fault(&*info);
        if is_fault {
            let state = &mut *context.cast();
            if super::thread::witness_is_gone(&*info, state) || become_trap(signal, &*info, state) {
                return;
            }
        }
        forward(signal, is_fault, info, context);
    }
}

/// Whether the thread itself caused the signal. The kernel's reasons are positive numbers.
fn is_fault(info: &libc::siginfo_t) -> bool {
    info.si_code > 0
}

/// Turns a fault of compiled code into a trap: the thread continues at the store's innermost entry.
unsafe fn become_trap(
    signal: libc::c_int,
    info: &libc::siginfo_t,
    context: &mut libc::ucontext_t,
) -> bool {
    let store = super::thread::current();
    if store.is_null() {
        return false;
    }
    let Interrupted { pc, sp, fp } = Interrupted::new(context);
    // SAFETY: the store that runs on this thread lives, and the thread itself is stopped here.
    let bounds = unsafe { (*store).bounds() };
    // A fault of the host's own code is not the store's, wherever it is, though the store waits for
    // the host.
    if !bounds.is_stack_pointer(sp) {
        return false;
    }
    let is_access = signal == libc::SIGSEGV || signal == libc::SIGBUS;
    // SAFETY: the field is meaningful for these signals.
    let address = if is_access { unsafe { info.si_addr() }.addr() } else { 0 };
    // The guard comes first: any instruction that touches the stack may hit it, also one that can
    // trap for another reason.
    let code = if is_access && bounds.is_guard(address) {
        Some(TrapCode::StackOverflow as u8)
    } else {
        match wasm_loader::registry::trap_at(pc) {
            Ok(code) => code.map(|code| code as u8),
            Err(_) => Some(PendingTrap::UNKNOWN),
        }
    };
    let Some(code) = code else { return false };
    if code == TrapCode::Interrupt as u8 {
        // SAFETY: as above, and the fault is one of compiled code.
        unsafe { divert(store, context) }
        return true;
    }
    // SAFETY: as above. The entry's frame is in place, since the thread is on the Wasm stack.
    unsafe {
        (*store).trap = PendingTrap { code, pc, fp, address };
        // Where the stack is used up, there is no room for what a debugger would look at.
        #[cfg(feature = "debug")]
        if code != TrapCode::StackOverflow as u8
            && crate::vm::debugging::takes_traps(store)
            && divert_trap(store, context)
        {
            return true;
        }
        go_on_unwinding(store, context);
    }
    true
}
