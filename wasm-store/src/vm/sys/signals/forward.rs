//! What happens to signals that are not ours: the same as without our handler.
//!
//! | before us | a fault | sent by somebody |
//! |---|---|---|
//! | the default | happens again, and ends the process | is sent again, and ends the process |
//! | to be ignored | ends the process: the kernel does not ignore faults | is ignored |
//! | a handler | is called | is called |
//!
//! A handler is called with those signals blocked that its flags and its mask name. It is called
//! only once if it is installed for one signal only. It runs on the signal stack even if it did not
//! request one: the thread may be on a Wasm stack.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{SIGNALS, failed};
use crate::Error;

/// The previous handling of a signal.
struct Previous {
    /// Written before our handler is in place.
    action: UnsafeCell<MaybeUninit<libc::sigaction>>,
    /// Whether a handler for one signal only was called already.
    used: AtomicBool,
}

// SAFETY: the action is written before anybody reads it, and never again.
unsafe impl Sync for Previous {}

static PREVIOUS: [Previous; SIGNALS.len()] = [const {
    Previous { action: UnsafeCell::new(MaybeUninit::uninit()), used: AtomicBool::new(false) }
}; SIGNALS.len()];

/// Remembers how a signal is handled that has the given index in [`SIGNALS`].
///
/// # Safety
///
/// To be called before our handler is in place, by one thread at a time.
///
/// # Errors
///
/// If the system does not say how the signal is handled.
pub(super) unsafe fn remember(place: usize, signal: libc::c_int) -> Result<(), Error> {
    // SAFETY: nobody reads it yet.
    unsafe {
        let action = PREVIOUS[place].action.get();
        *action = MaybeUninit::zeroed();
        match libc::sigaction(signal, std::ptr::null(), action.cast()) {
            0 => Ok(()),
            _ => Err(failed()),
        }
    }
}

/// Does what would have happened without our handler.
///
/// # Safety
///
/// To be called by the handler, as its last act, with its own arguments.
pub(super) unsafe fn forward(
    signal: libc::c_int,
    is_fault: bool,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let Some(place) = SIGNALS.iter().position(|known| *known == signal) else { return };
    let previous = &PREVIOUS[place];
    // SAFETY: the previous actions were written before the handler was in place. The function is
    // called as its own flags require.
    unsafe {
        let action = (*previous.action.get()).assume_init();
        let once = action.sa_flags & libc::SA_RESETHAND != 0;
        match action.sa_sigaction {
            libc::SIG_IGN if !is_fault => {}
            libc::SIG_DFL | libc::SIG_IGN => end(signal, is_fault, info),
            _ if once && previous.used.swap(true, Ordering::Relaxed) => end(signal, is_fault, info),
            function => {
                block(signal, &action);
                if action.sa_flags & libc::SA_SIGINFO != 0 {
                    let function: unsafe extern "C" fn(
                        libc::c_int,
                        *mut libc::siginfo_t,
                        *mut libc::c_void,
                    ) = std::mem::transmute(function);
                    function(signal, info, context);
                } else {
                    let function: unsafe extern "C" fn(libc::c_int) = std::mem::transmute(function);
                    function(signal);
                }
            }
        }
    }
}

/// Makes the signal end the process as by default, with a dump that shows the thread where it was.
unsafe fn end(signal: libc::c_int, is_fault: bool, info: *const libc::siginfo_t) {
    // SAFETY: plain system calls, with what the kernel said of the signal.
    unsafe {
        let mut default = std::mem::zeroed::<libc::sigaction>();
        default.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, &default, std::ptr::null_mut());
        // A fault happens again as soon as the handler returns.
        if !is_fault {
            let (process, thread) = (libc::getpid(), libc::syscall(libc::SYS_gettid));
            libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, signal, info);
        }
    }
}

/// Blocks what the kernel would have blocked for a handler. When ours returns, the previous mask is
/// restored.
unsafe fn block(signal: libc::c_int, action: &libc::sigaction) {
    // SAFETY: plain system calls; `sigset_t` is plain data.
    unsafe {
        let mut blocked = action.sa_mask;
        if action.sa_flags & libc::SA_NODEFER == 0 {
            libc::sigaddset(&mut blocked, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, std::ptr::null_mut());
    }
}
