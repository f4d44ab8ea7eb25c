//! The identity of a store.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// Identifies a store: no two stores of a process have the same id, not even one that was dropped.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct StoreId(NonZeroU64);

impl StoreId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroU64::new(id).expect("fewer than 2^64 stores are ever made"))
    }

    /// Checks that something belongs to this store.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[inline(always)]
    pub(crate) fn assert_is(self, other: StoreId) {
        if self != other {
            wrong_store();
        }
    }
}

#[cold]
#[inline(never)]
fn wrong_store() -> ! {
    panic!("object used with the wrong store")
}
