//! Wasm stacks, and the engine's free list of them.
//!
//! A stack is not cleared between two stores: compiled code never reads a part of it before it has
//! written there.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::in_use::Slots;
use super::reuse::instances::{ReuseLimits, now};
use super::sys::mapping::{HOST_PAGE, Mapping};
use super::sys::thread;
use crate::Error;
use crate::error::PoolConcurrencyLimitError;

/// How much of an unused stack stays in memory, in bytes, however much of it was used: few programs
/// use more.
const KEEP_RESIDENT: usize = 64 << 10;

/// How often a stack is used before the memory beyond [`KEEP_RESIDENT`] is given back to the
/// system.
const USES: u32 = 32;

/// Where a Wasm stack lies, as plain data for the signal handler. All zero as long as there is no
/// stack.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub(crate) struct StackBounds {
    /// The first address of the guard.
    guard: usize,
    /// The first address of the stack itself, right above the guard.
    pub(super) bottom: usize,
    /// The address above its last byte.
    pub(super) top: usize,
}

/// A stack that Wasm runs on, or is to run on: a store's own, or that of a continuation.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct StackHead {
    /// Where it lies.
    pub(crate) bounds: StackBounds,
    /// The stack that it was resumed from. Null for a store's own, and for what is suspended.
    pub(crate) parent: *mut StackHead,
    /// The frame that the other one was left from.
    pub(crate) resumer: *mut u8,
    /// The list of what handles its suspension there.
    pub(crate) handlers: *const u8,
}

impl StackHead {
    /// No stack.
    pub(super) const NONE: Self = Self {
        bounds: StackBounds { guard: 0, bottom: 0, top: 0 },
        parent: std::ptr::null_mut(),
        resumer: std::ptr::null_mut(),
        handlers: std::ptr::null(),
    };
}

impl StackBounds {
    /// Whether code with this stack pointer runs on the stack. The code may have moved the pointer
    /// into the guard without having touched it yet.
    pub(super) fn is_stack_pointer(self, address: usize) -> bool {
        (self.guard..=self.top).contains(&address)
    }

    /// Whether an access to the address overflows the stack.
    pub(super) fn is_guard(self, address: usize) -> bool {
        (self.guard..self.bottom).contains(&address)
    }

    /// Whether an address is in the stack itself.
    pub(super) fn contains(self, address: usize) -> bool {
        (self.bottom..self.top).contains(&address)
    }

    /// How large the stack is, in bytes, without the guard.
    pub(super) fn size(self) -> usize {
        self.top - self.bottom
    }

    /// Whether a frame can be at the address: two words of the stack.
    pub(super) fn can_hold_frame(self, address: usize) -> bool {
        let end = address.saturating_add(2 * size_of::<usize>());
        address.is_multiple_of(align_of::<usize>()) && self.bottom <= address && end <= self.top
    }
}

/// A stack for compiled code: a guard, then the stack itself, growing down towards it.
#[derive(Debug)]
pub(crate) struct WasmStack {
    mapping: Mapping,
    guard: usize,
    uses: u32,
}

impl WasmStack {
    fn new(size: usize, guard: usize) -> Result<Self, Error> {
        let guard = guard.next_multiple_of(HOST_PAGE);
        let Some(size) = size.checked_next_multiple_of(HOST_PAGE) else {
            return Err(Error::msg(format!(
                "a Wasm stack of {size} bytes is larger than this machine's address space"
            )));
        };
        let mut mapping = Mapping::reserve(guard.saturating_add(size), "a Wasm stack")?;
        mapping.make_accessible(guard, guard + size)?;
        Ok(Self { mapping, guard, uses: 0 })
    }

    /// How large it is, in bytes, without the guard.
    pub(super) fn size(&self) -> usize {
        self.mapping.len() - self.guard
    }

    /// Where the stack starts: 16-byte aligned, above its last byte.
    pub(super) fn top(&self) -> *mut u8 {
        self.mapping.base().wrapping_add(self.mapping.len())
    }

    /// Where it lies.
    pub(super) fn bounds(&self) -> StackBounds {
        let base = self.mapping.base().addr();
        StackBounds { guard: base, bottom: base + self.guard, top: base + self.mapping.len() }
    }

    /// Now and then gives back the memory that a deep recursion has left.
    fn trim(&mut self) {
        self.uses += 1;
        if self.uses >= USES {
            self.uses = 0;
            let end = self.mapping.len().saturating_sub(KEEP_RESIDENT).max(self.guard);
            // If the system refuses, the memory stays; nothing depends on it.
            let _ = self.mapping.forget(self.guard, end);
        }
    }
}

/// The stacks of an engine: one store after the other uses each of them.
#[derive(Debug)]
pub(super) struct StackPool {
    size: usize,
    guard: usize,
    free: Mutex<Vec<Unused>>,
    /// How many there are, if they were all made up front.
    total: Option<u32>,
}

#[derive(Debug)]
struct Unused {
    stack: WasmStack,
    /// The thread that it was last used on.
    thread: usize,
    since: Duration,
}

impl StackPool {
    /// A pool of stacks of the given size, above guards of the given size, in bytes. It starts
    /// empty and keeps the stacks that come back.
    pub(super) fn on_demand(size: usize, guard: usize) -> Self {
        Self { size, guard, free: Mutex::default(), total: None }
    }

    /// A pool with this many stacks and never more.
    pub(super) fn up_front(total: u32, size: usize, guard: usize) -> Result<Self, Error> {
        let mut free = Vec::new();
        for made in 0..total {
            let stack = WasmStack::new(size, guard).map_err(|error| {
                error.context(format!(
                    "could not reserve {total} Wasm stacks up front, only {made}: set a smaller \
                     `PoolingAllocationConfig::total_stacks`"
                ))
            })?;
            free.push(Unused { stack, thread: 0, since: Duration::ZERO });
        }
        Ok(Self { size, guard, free: Mutex::new(free), total: Some(total) })
    }

    fn free(&self) -> MutexGuard<'_, Vec<Unused>> {
        // Between any two operations the list is in a consistent state: a panic elsewhere does not
        // harm it.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are in use, if they were all made up front.
    pub(super) fn slots(&self) -> Option<Slots> {
        let total = self.total? as usize;
        let free = self.free();
        let used_before = free.iter().filter(|unused| unused.since > Duration::ZERO).count();
        Some(Slots { taken: total.saturating_sub(free.len()), used_before })
    }

    /// How large the stacks of the pool are, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size.next_multiple_of(HOST_PAGE)
    }

    /// A stack of the given size. It belongs to the pool only if it has the pool's size.
    pub(super) fn make(&self, size: usize) -> Result<WasmStack, Error> {
        if size < HOST_PAGE {
            return Err(Error::msg(format!(
                "a Wasm stack of {size} bytes is too small: it must be at least a page ({HOST_PAGE})"
            )));
        }
        if size.checked_next_multiple_of(HOST_PAGE) == Some(self.size()) {
            return self.take();
        }
        if self.total.is_some() {
            return Err(Error::msg(format!(
                "a Wasm stack of {size} bytes is wanted, but the stacks of this engine are reserved up front \
                 with {} each: set `Config::max_wasm_stack`, or use \
                 `InstanceAllocationStrategy::OnDemand`",
                self.size()
            )));
        }
        WasmStack::new(size, self.guard)
            .map_err(|error| error.context(format!("no Wasm stack of {size} bytes could be made")))
    }

    /// A stack that is not in use.
    pub(super) fn take(&self) -> Result<WasmStack, Error> {
        let thread = thread::id();
        let mut free = self.free();
        // A stack that this thread has used before is in the caches of its core.
        let place = free.iter().rposition(|unused| unused.thread == thread);
        let found = match place {
            Some(place) => Some(free.remove(place)),
            None => free.pop(),
        };
        drop(free);
        match (found, self.total) {
            (Some(unused), _) => Ok(unused.stack),
            (None, None) => WasmStack::new(self.size, self.guard),
            (None, Some(total)) => {
                Err(PoolConcurrencyLimitError::new(total as usize, "stacks", "total_stacks").into())
            }
        }
    }

    /// Gives a stack back.
    pub(super) fn put(&self, mut stack: WasmStack, limits: &ReuseLimits) {
        // A stack of a size that one store requested is of no use to others.
        if stack.size() != self.size() {
            return;
        }
        stack.trim();
        let since = now();
        let mut free = self.free();
        free.push(Unused { stack, thread: thread::id(), since });
        let mut gone = Vec::new();
        if self.total.is_none() {
            let is_old = |unused: &Unused| limits.is_old(unused.since, since);
            while free.len() > limits.stacks || free.first().is_some_and(is_old) {
                gone.push(free.remove(0));
            }
        }
        // Unmapped only after the lock is released.
        drop(free);
        drop(gone);
    }

    /// Unmaps the stacks that are not in use, unless no others could be made afterwards.
    pub(super) fn clear(&self) {
        if self.total.is_none() {
            let gone = std::mem::take(&mut *self.free());
            drop(gone);
        }
    }
}
