//! What each thread needs: the store that runs on it, a stack for signals, and how deep its own
//! stack may go.

#![allow(unsafe_code)]

mod signal_stack;

use std::cell::Cell;
use std::ptr;

use wasm_types::TrapCode;

use crate::vm::arch::{look, skip_look};
use crate::vm::context::VMStoreContext;
use crate::vm::unwind::{TrapInfo, Unwind};

/// Room on the host's stack that must be left for a nested entry, in bytes. Host functions and the
/// entry itself take a few kilobytes; this leaves a wide margin for what they call.
const HOST_STACK_RESERVE: usize = 192 << 10;

/// A thread's own data. It is never destroyed, so that destructors of other thread-local data can
/// call Wasm.
struct ThreadState {
    current: Cell<*mut VMStoreContext>,
    /// A word that is the address of this state as long as the thread is ready for faults.
    /// [`signal_stack`] explains why it may be anywhere, and even be unmapped.
    witness: Cell<*const usize>,
    /// The word for threads that need no other.
    own_witness: Cell<usize>,
    /// How far down the thread's own stack may be used for nested entries. `None` until the first
    /// nested entry: to find out, the system has to read a list of all mappings.
    stack_limit: Cell<Option<usize>>,
}

/// The witness of threads that are not ready.
static NOT_READY: usize = 0;

thread_local! {
    static STATE: ThreadState = const {
        ThreadState {
            current: Cell::new(ptr::null_mut()),
            witness: Cell::new(&raw const NOT_READY),
            own_witness: Cell::new(0),
            stack_limit: Cell::new(None),
        }
    };
}

/// Distinguishes this thread from all others that live. Lists prefer to give a thread what it has
/// used before.
pub(in crate::vm) fn id() -> usize {
    STATE.with(ThreadState::address)
}

/// The store whose code runs on this thread; null if none does.
pub(in crate::vm) fn current() -> *mut VMStoreContext {
    STATE.with(|state| state.current.get())
}

/// Makes a store the one that runs on this thread, and returns the one that ran before.
///
/// # Errors
///
/// If the thread's own stack has no room for a nested entry, or the system has none for a stack for
/// signals, or accepts no handler of signals.
#[inline(always)]
pub(in crate::vm) fn enter(store: *mut VMStoreContext) -> Result<*mut VMStoreContext, Box<Unwind>> {
    STATE.with(|state| {
        if !state.is_ready() {
            state.prepare()?;
        }
        let previous = state.current.get();
        if !previous.is_null() && stack_pointer() < state.stack_limit() {
            return Err(host_stack_exhausted());
        }
        state.current.set(store);
        Ok(previous)
    })
}

/// Restores the store that ran before.
#[inline(always)]
pub(in crate::vm) fn leave(previous: *mut VMStoreContext) {
    STATE.with(|state| state.current.set(previous));
}

/// Makes a look at the witness continue that found it unmapped. `false` if the fault is another
/// one.
///
/// Async-signal-safe.
pub(in crate::vm) fn witness_is_gone(
    info: &libc::siginfo_t,
    context: &mut libc::ucontext_t,
) -> bool {
    let witness = STATE.with(|state| state.witness.get());
    // SAFETY: the field is meaningful for the two signals that accesses cause. For the others it is
    // an address of code, which is no witness.
    let address = unsafe { info.si_addr() };
    skip_look(witness.addr(), address.addr(), context)
}

#[inline(always)]
fn stack_pointer() -> usize {
    let here = 0u8;
    ptr::from_ref(&here).addr()
}

#[cold]
fn host_stack_exhausted() -> Box<Unwind> {
    let code = TrapCode::StackOverflow;
    Box::new(Unwind::Trap(TrapInfo { code, pc: 0, fp: 0, address: None }))
}

impl ThreadState {
    #[inline(always)]
    fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    #[inline(always)]
    fn is_ready(&self) -> bool {
        look(self.witness.get()) == self.address()
    }

    #[cold]
    fn prepare(&self) -> Result<(), Box<Unwind>> {
        let witness = super::signals::install()
            .and_then(|()| signal_stack::provide(self.address()))
            .map_err(|error| Box::new(Unwind::Error(error)))?;
        self.own_witness.set(self.address());
        self.witness.set(witness.unwrap_or(self.own_witness.as_ptr()));
        Ok(())
    }

    #[inline(always)]
    fn stack_limit(&self) -> usize {
        self.stack_limit.get().unwrap_or_else(|| self.find_stack_limit())
    }

    #[cold]
    fn find_stack_limit(&self) -> usize {
        let limit = stack_bottom().map_or(0, |bottom| bottom + HOST_STACK_RESERVE);
        self.stack_limit.set(Some(limit));
        limit
    }
}

/// Records that the thread has no signal stack any more.
fn is_not_ready() {
    STATE.with(|state| state.witness.set(&raw const NOT_READY));
}

/// The lowest address of this thread's own stack, if the system provides it.
fn stack_bottom() -> Option<usize> {
    // SAFETY: the attributes are initialised by the first call, and destroyed after use.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let (mut address, mut size) = (ptr::null_mut(), 0);
        let found = libc::pthread_attr_getstack(&attributes, &mut address, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        found.then(|| address.addr())
    }
}
