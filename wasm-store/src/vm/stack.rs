//! Wasm stacks, and the engine's free list of them.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::mapping::{HOST_PAGE, Mapping};
use crate::Error;

/// How many unused stacks an engine keeps.
const KEEP: usize = 64;

/// A stack for compiled code: a guard, then the stack itself, growing down towards it.
#[derive(Debug)]
pub(crate) struct WasmStack {
    mapping: Mapping,
    guard: usize,
}

impl WasmStack {
    fn new(size: usize, guard: usize) -> Result<Self, Error> {
        let guard = guard.next_multiple_of(HOST_PAGE);
        let size = size.next_multiple_of(HOST_PAGE);
        let mut mapping = Mapping::reserve(guard.saturating_add(size), "a Wasm stack")?;
        mapping.make_accessible(guard, guard + size)?;
        Ok(Self { mapping, guard })
    }

    /// Where the stack starts: 16-byte aligned, above its last byte.
    pub(super) fn top(&self) -> *mut u8 {
        self.mapping.base().wrapping_add(self.mapping.len())
    }

    /// The addresses of the guard.
    pub(super) fn guard(&self) -> Range<usize> {
        let base = self.mapping.base().addr();
        base..base + self.guard
    }
}

/// The stacks that an engine's stores share, one after the other.
#[derive(Debug)]
pub(super) struct StackPool {
    size: usize,
    guard: usize,
    free: Mutex<Vec<WasmStack>>,
}

impl StackPool {
    /// A pool of stacks of the given size, above guards of the given size, in bytes.
    pub(super) fn new(size: usize, guard: usize) -> Self {
        Self { size, guard, free: Mutex::new(Vec::new()) }
    }

    /// A stack that nobody uses.
    pub(super) fn take(&self) -> Result<WasmStack, Error> {
        // A list of stacks is whole between any two operations: a panic elsewhere does not harm it.
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match free {
            Some(stack) => Ok(stack),
            None => WasmStack::new(self.size, self.guard),
        }
    }

    /// Gives a stack back.
    pub(super) fn put(&self, stack: WasmStack) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEEP {
            free.push(stack);
        }
    }
}
