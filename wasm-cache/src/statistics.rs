//! What a cache has counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a [`Cache`](crate::Cache) has counted since it was opened, with this handle and its clones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// How often an entry was found and could be used.
    pub hits: u64,
    /// How often there was no entry, or none that could be used.
    pub misses: u64,
    /// How many entries were removed because they were damaged, or not authenticated by this user.
    pub rejected: u64,
    /// How many artifacts were inserted.
    pub insertions: u64,
    /// How many artifacts could not be inserted.
    pub failures: u64,
    /// How many entries were removed to keep the limits.
    pub evictions: u64,
}

/// The numbers, while they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) rejected: Counter,
    pub(crate) insertions: Counter,
    pub(crate) failures: Counter,
    pub(crate) evictions: Counter,
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn statistics(&self) -> Statistics {
        let Self { hits, misses, rejected, insertions, failures, evictions } = self;
        Statistics {
            hits: hits.value(),
            misses: misses.value(),
            rejected: rejected.value(),
            insertions: insertions.value(),
            failures: failures.value(),
            evictions: evictions.value(),
        }
    }
}
