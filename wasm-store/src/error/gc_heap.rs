//! The error of a garbage-collected heap that is full.

use std::fmt;

/// The garbage-collected heap of a store has no room for an object.
///
/// It has what the object was to hold. A program may forget some of what it refers to, collect
/// ([`Store::gc`](crate::Store::gc)) and try again.
pub struct GcHeapOutOfMemory<T> {
    inner: T,
    bytes_needed: u64,
}

impl<T> GcHeapOutOfMemory<T> {
    pub(crate) fn new(inner: T, bytes_needed: u64) -> Self {
        Self { inner, bytes_needed }
    }

    /// How many bytes there was no room for.
    pub(crate) fn bytes_needed(&self) -> u64 {
        self.bytes_needed
    }

    /// What the object was to hold.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// What the object was to hold, and the error without it.
    pub fn take_inner(self) -> (T, GcHeapOutOfMemory<()>) {
        (self.inner, GcHeapOutOfMemory { inner: (), bytes_needed: self.bytes_needed })
    }
}

impl<T> fmt::Debug for GcHeapOutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> fmt::Display for GcHeapOutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Sizes that can't even be said are this large.
        let what = match self.bytes_needed >= u32::MAX.into() {
            true => "allocation size too large:",
            false => "no capacity for allocation of",
        };
        write!(f, "GC heap out of memory: {what} {} bytes", self.bytes_needed)
    }
}

impl<T> std::error::Error for GcHeapOutOfMemory<T> {}
