//! Faults of compiled code become traps. Signals that are not ours go on to the handler that was
//! there before.
//!
//! The handler does only what is async-signal-safe: it reads a thread-local pointer, looks the
//! program counter up in a table without locks, writes plain data to the store's context, and
//! changes where the thread goes on.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::Once;

use wasm_types::TrapCode;

use super::context::VMStoreContext;
use super::thunks::unwind_thunk;
use super::unwind::PendingTrap;

const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// What handled each signal before. Written once, before the handler is in place.
static mut PREVIOUS: [MaybeUninit<libc::sigaction>; SIGNALS.len()] =
    [const { MaybeUninit::uninit() }; SIGNALS.len()];

/// Puts the handler in place, once for the process.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        for (place, signal) in SIGNALS.into_iter().enumerate() {
            // SAFETY: the previous action is read before ours can run, and written nowhere else.
            unsafe {
                let previous = (&raw mut PREVIOUS[place]).cast::<libc::sigaction>();
                libc::sigaction(signal, std::ptr::null(), previous);
                let mut action = std::mem::zeroed::<libc::sigaction>();
                action.sa_sigaction = handler as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                libc::sigemptyset(&mut action.sa_mask);
                libc::sigaction(signal, &action, std::ptr::null_mut());
            }
        }
    });
}

unsafe extern "C" fn handler(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel calls this with the interrupted thread's state.
    unsafe {
        if !become_trap(signal, &*info, &mut *context.cast()) {
            forward(signal, info, context);
        }
    }
}

/// Turns a fault of compiled code into a trap: the thread goes on at the store's innermost entry.
unsafe fn become_trap(
    signal: libc::c_int,
    info: &libc::siginfo_t,
    context: &mut libc::ucontext_t,
) -> bool {
    let store = super::thread::current();
    if store.is_null() {
        return false;
    }
    let registers = &context.uc_mcontext.gregs;
    let pc = registers[libc::REG_RIP as usize] as usize;
    let is_access = signal == libc::SIGSEGV || signal == libc::SIGBUS;
    // SAFETY: the field is meaningful for these signals.
    let address = if is_access { unsafe { info.si_addr() }.addr() } else { 0 };
    // SAFETY: the store that runs on this thread lives, and the thread itself is stopped here.
    let Some(code) = (unsafe { trap_code(store, pc, address, is_access) }) else {
        return false;
    };
    let mut code = code;
    if code == TrapCode::Interrupt as u8 {
        // SAFETY: as above, and the fault is one of compiled code.
        if unsafe { super::interruption::divert(store, context) } {
            return true;
        }
        // There is no room on the stack.
        code = TrapCode::StackOverflow as u8;
    }
    let registers = &mut context.uc_mcontext.gregs;
    // SAFETY: as above. The entry's frame is in place, since compiled code or a thunk was running.
    unsafe {
        (*store).trap =
            PendingTrap { code, pc, fp: registers[libc::REG_RBP as usize] as usize, address };
        registers[libc::REG_RIP as usize] = unwind_thunk as *const () as i64;
        registers[libc::REG_RDI as usize] = store as i64;
        registers[libc::REG_RSP as usize] = (*store).host_sp as i64;
    }
    true
}

/// The number for [`PendingTrap::code`]; `None` if it is no trap.
unsafe fn trap_code(
    store: *const VMStoreContext,
    pc: usize,
    address: usize,
    is_access: bool,
) -> Option<u8> {
    // SAFETY: the caller's store lives.
    let guard = unsafe { &(*store).guard };
    // The guard first: any instruction that touches the stack may hit it, one that can trap for
    // another reason too.
    if is_access && guard.contains(&address) {
        return Some(TrapCode::StackOverflow as u8);
    }
    match wasm_loader::registry::trap_at(pc) {
        Ok(code) => code.map(|code| code as u8),
        Err(_) => Some(PendingTrap::UNKNOWN),
    }
}

/// Does what would have been done without our handler.
unsafe fn forward(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let place = SIGNALS.iter().position(|s| *s == signal);
    // SAFETY: the previous actions were written before the handler was in place; the function is
    // called as its own flags ask for.
    unsafe {
        let previous = match place {
            Some(place) => *(&raw const PREVIOUS[place]).cast::<libc::sigaction>(),
            None => return,
        };
        match previous.sa_sigaction {
            // The default action: put it back, and run into the same fault again.
            libc::SIG_DFL => {
                libc::sigaction(signal, &previous, std::ptr::null_mut());
            }
            libc::SIG_IGN => {}
            function if previous.sa_flags & libc::SA_SIGINFO != 0 => {
                let function: unsafe extern "C" fn(
                    libc::c_int,
                    *mut libc::siginfo_t,
                    *mut libc::c_void,
                ) = std::mem::transmute(function);
                function(signal, info, context);
            }
            function => {
                let function: unsafe extern "C" fn(libc::c_int) = std::mem::transmute(function);
                function(signal);
            }
        }
    }
}
