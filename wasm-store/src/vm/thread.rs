//! What each thread needs: to know the store that runs on it, a stack for signals, and how deep its
//! own stack may go.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

use super::context::VMStoreContext;

/// Room on the host's stack that must be left for a nested entry, in bytes. Host functions and
/// the entry itself take a few kilobytes; this leaves a wide margin for what they call.
const HOST_STACK_RESERVE: usize = 192 << 10;

/// The size of a signal stack, in bytes. The kernel's frame takes up to 12 KiB with all vector
/// state, and the handler itself little.
const SIGNAL_STACK_SIZE: usize = 64 << 10;

struct ThreadState {
    current: Cell<*mut VMStoreContext>,
    ready: Cell<bool>,
    /// How far down the thread's own stack may be used for nested entries. `None` as long as none was made:
    /// finding out takes the system reading a list of all mappings.
    stack_limit: Cell<Option<usize>>,
}

thread_local! {
    static STATE: ThreadState = const {
        ThreadState {
            current: Cell::new(ptr::null_mut()),
            ready: Cell::new(false),
            stack_limit: Cell::new(None),
        }
    };
    static SIGNAL_STACK: Cell<Option<SignalStack>> = const { Cell::new(None) };
}

/// What tells this thread from the others that live: for lists that would rather give a thread what it has
/// used before.
pub(super) fn id() -> usize {
    STATE.try_with(|state| ptr::from_ref(state).addr()).unwrap_or(0)
}

/// The store whose code runs on this thread; null if none does.
pub(super) fn current() -> *mut VMStoreContext {
    // In a signal handler after the thread's locals are gone there is no store either.
    STATE.try_with(|state| state.current.get()).unwrap_or(ptr::null_mut())
}

/// Makes a store the one that runs on this thread, and returns the one that did before. `None` if
/// the thread's own stack has no room for a nested entry.
#[inline(always)]
pub(super) fn enter(store: *mut VMStoreContext) -> Option<*mut VMStoreContext> {
    STATE.with(|state| {
        if !state.ready.get() {
            prepare(state);
        }
        let previous = state.current.get();
        if !previous.is_null() && stack_pointer() < state.stack_limit() {
            return None;
        }
        state.current.set(store);
        Some(previous)
    })
}

/// Goes back to the store that ran before.
#[inline(always)]
pub(super) fn leave(previous: *mut VMStoreContext) {
    STATE.with(|state| state.current.set(previous));
}

#[inline(always)]
fn stack_pointer() -> usize {
    let here = 0u8;
    ptr::from_ref(&here).addr()
}

impl ThreadState {
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

#[cold]
fn prepare(state: &ThreadState) {
    super::signals::install();
    if let Some(stack) = SignalStack::if_needed() {
        SIGNAL_STACK.set(Some(stack));
    }
    state.ready.set(true);
}

/// The lowest address of this thread's own stack, if the system tells.
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

/// An alternate signal stack that this crate gave a thread: a fault on the guard of a Wasm stack
/// can't be handled on that stack.
struct SignalStack {
    memory: *mut libc::c_void,
}

impl SignalStack {
    /// Gives the thread a signal stack, unless it has one of a good size.
    fn if_needed() -> Option<Self> {
        // SAFETY: plain system calls; the new mapping belongs to the value that is returned.
        unsafe {
            let mut old = std::mem::zeroed::<libc::stack_t>();
            libc::sigaltstack(ptr::null(), &mut old);
            if old.ss_flags & libc::SS_DISABLE == 0 && old.ss_size >= SIGNAL_STACK_SIZE / 4 {
                return None;
            }
            let memory = libc::mmap(
                ptr::null_mut(),
                SIGNAL_STACK_SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if memory == libc::MAP_FAILED {
                return None;
            }
            let new = libc::stack_t { ss_sp: memory, ss_flags: 0, ss_size: SIGNAL_STACK_SIZE };
            libc::sigaltstack(&new, ptr::null_mut());
            Some(Self { memory })
        }
    }
}

impl Drop for SignalStack {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own. It is taken out of use before it goes, unless
        // something else has replaced it.
        unsafe {
            let mut old = std::mem::zeroed::<libc::stack_t>();
            libc::sigaltstack(ptr::null(), &mut old);
            if old.ss_sp == self.memory {
                let mut off = std::mem::zeroed::<libc::stack_t>();
                off.ss_flags = libc::SS_DISABLE;
                libc::sigaltstack(&off, ptr::null_mut());
            }
            libc::munmap(self.memory, SIGNAL_STACK_SIZE);
        }
    }
}
