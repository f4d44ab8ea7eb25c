//! What of an engine's pool is in use: counted for its limits, and for who asks
//! ([`PoolingAllocatorMetrics`](crate::PoolingAllocatorMetrics)).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::engine::VmEngine;
use crate::Error;
use crate::error::PoolConcurrencyLimitError;

/// How many there are of what is counted one by one.
#[derive(Debug, Default)]
pub(super) struct InUse {
    instances: AtomicUsize,
    tables: AtomicUsize,
    component_instances: AtomicUsize,
    heaps: AtomicUsize,
}

/// Adds to a count that may not exceed a limit; `false` if it would.
fn add(count: &AtomicUsize, more: usize, limit: usize) -> bool {
    let sum = |live: usize| live.checked_add(more).filter(|live| *live <= limit);
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
}

impl VmEngine {
    /// Counts an instance that is to be made, if there is a pool.
    ///
    /// # Errors
    ///
    /// If the pool allows no more.
    pub(super) fn count_instance(&self) -> Result<(), Error> {
        let Some(pool) = &self.pool else { return Ok(()) };
        if add(&self.in_use.instances, 1, pool.instances) {
            return Ok(());
        }
        let (kind, setting) = ("core instances", "total_core_instances");
        Err(PoolConcurrencyLimitError::new(pool.instances, kind, setting).into())
    }

    /// Takes back the count of instances that are gone.
    pub(super) fn uncount_instances(&self, count: usize) {
        if self.pool.is_some() {
            self.in_use.instances.fetch_sub(count, Ordering::Relaxed);
        }
    }

    /// Counts tables that are to be made, if there is a pool, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// If the pool allows no more.
    pub(crate) fn count_tables(self: &Arc<Self>, count: usize) -> Result<Option<Counted>, Error> {
        let Some(pool) = &self.pool else { return Ok(None) };
        let of: Kind = |in_use| &in_use.tables;
        if add(of(&self.in_use), count, pool.tables) {
            return Ok(Some(Counted { engine: Arc::clone(self), of, count }));
        }
        Err(PoolConcurrencyLimitError::new(pool.tables, "tables", "total_tables").into())
    }

    /// Counts an instance of a component, as for tables. Their number has no limit.
    #[cfg(feature = "component")]
    pub(crate) fn count_component_instance(self: &Arc<Self>) -> Option<Counted> {
        self.count_one(|in_use| &in_use.component_instances)
    }

    /// Counts a heap of objects, as for tables. Each store has at most one.
    pub(super) fn count_heap(self: &Arc<Self>) -> Option<Counted> {
        self.count_one(|in_use| &in_use.heaps)
    }

    fn count_one(self: &Arc<Self>, of: Kind) -> Option<Counted> {
        self.pool.as_ref()?;
        of(&self.in_use).fetch_add(1, Ordering::Relaxed);
        Some(Counted { engine: Arc::clone(self), of, count: 1 })
    }

    /// What of the pool is in use, and what is kept for the next store; `None` if there is no pool.
    pub(crate) fn pool_usage(&self) -> Option<PoolUsage> {
        self.pool.as_ref()?;
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        let (memories, stacks) = (self.memories.slots()?, self.stacks.slots()?);
        let unused = self.reusable.contents();
        Some(PoolUsage {
            instances: count(&self.in_use.instances),
            component_instances: count(&self.in_use.component_instances),
            memories: memories.taken.saturating_sub(unused.memories),
            tables: count(&self.in_use.tables),
            stacks: stacks.taken,
            heaps: count(&self.in_use.heaps),
            unused_memories: unused.memories + memories.used_before,
            unused_memory_bytes: unused.memory_bytes,
            unused_tables: unused.tables,
            unused_table_bytes: unused.table_bytes,
            unused_stacks: stacks.used_before,
        })
    }
}

/// One of the counts.
type Kind = fn(&InUse) -> &AtomicUsize;

/// What counts as in use until this is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    engine: Arc<VmEngine>,
    of: Kind,
    count: usize,
}

impl Counted {
    /// Counts these, which are of the same kind, as well.
    pub(crate) fn add(&mut self, mut more: Self) {
        self.count += std::mem::take(&mut more.count);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.count > 0 {
            (self.of)(&self.engine.in_use).fetch_sub(self.count, Ordering::Relaxed);
        }
    }
}

/// The places of one kind that a pool has.
pub(super) struct Slots {
    /// How many are not in the list of free ones.
    pub(super) taken: usize,
    /// How many of the free ones were in use before.
    pub(super) used_before: usize,
}

/// What of a pool is in use, and what is kept for the next store.
pub(crate) struct PoolUsage {
    pub(crate) instances: usize,
    pub(crate) component_instances: usize,
    pub(crate) memories: usize,
    pub(crate) tables: usize,
    pub(crate) stacks: usize,
    pub(crate) heaps: usize,
    /// Memories that were in use before: those of unused instances, and reservations.
    pub(crate) unused_memories: usize,
    pub(crate) unused_memory_bytes: usize,
    pub(crate) unused_tables: usize,
    pub(crate) unused_table_bytes: usize,
    pub(crate) unused_stacks: usize,
}
