//! Loom's locks and atomics, under the names of the standard library's.
//!
//! Loom treats a sequentially consistent load as an acquire load. That is too weak where a thread
//! writes one location and then reads another. So loads here are read-modify-write operations that
//! change nothing. These see the newest value, as sequentially consistent loads do in one total
//! order with all other such accesses.

pub(crate) use std::sync::{Arc, PoisonError};

pub(crate) use loom::sync::atomic::{Ordering, fence};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use loom::thread::yield_now;

macro_rules! integer {
    ($name:ident, $ty:ty) => {
        #[derive(Debug)]
        pub(crate) struct $name(loom::sync::atomic::$name);

        #[allow(dead_code, reason = "not all have all of them")]
        impl $name {
            pub(crate) fn new(value: $ty) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, _: Ordering) -> $ty {
                self.0.fetch_add(0, Ordering::AcqRel)
            }

            pub(crate) fn store(&self, value: $ty, _: Ordering) {
                self.0.swap(value, Ordering::AcqRel);
            }

            pub(crate) fn swap(&self, value: $ty, order: Ordering) -> $ty {
                self.0.swap(value, order)
            }

            pub(crate) fn fetch_add(&self, value: $ty, order: Ordering) -> $ty {
                self.0.fetch_add(value, order)
            }

            pub(crate) fn fetch_sub(&self, value: $ty, order: Ordering) -> $ty {
                self.0.fetch_sub(value, order)
            }
        }
    };
}

integer!(AtomicUsize, usize);
integer!(AtomicU64, u64);

pub(crate) struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    pub(crate) fn new(value: *mut T) -> Self {
        Self(loom::sync::atomic::AtomicPtr::new(value))
    }

    pub(crate) fn load(&self, _: Ordering) -> *mut T {
        let same = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, Some);
        same.unwrap_or_else(|found| found)
    }

    pub(crate) fn store(&self, value: *mut T, _: Ordering) {
        self.0.swap(value, Ordering::AcqRel);
    }
}
