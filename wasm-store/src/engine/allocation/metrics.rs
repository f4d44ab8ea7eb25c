//! What of an engine's pool is in use, for who watches it.

use std::fmt;

use crate::engine::Engine;
use crate::vm::PoolUsage;

/// What of an engine's pool ([`PoolingAllocationConfig`](crate::PoolingAllocationConfig)) is in
/// use at the moment: made by [`Engine::pooling_allocator_metrics`].
///
/// Each function counts anew, so that two of them may see different moments while other threads
/// make and drop stores. They take the locks of the pool's lists for a moment, and those about what
/// is unused look at each unused instance.
///
/// ```
/// use wasm_store::{Config, Engine, Memory, MemoryType, PoolingAllocationConfig, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut pool = PoolingAllocationConfig::new();
/// pool.total_memories(2).total_stacks(2);
/// let mut config = Config::new();
/// config.allocation_strategy(pool);
/// let engine = Engine::new(&config)?;
/// let metrics = engine.pooling_allocator_metrics().expect("the engine has a pool");
/// let mut store = Store::new(&engine, ());
/// Memory::new(&mut store, MemoryType::new(1, None))?;
/// assert_eq!((metrics.memories(), metrics.unused_warm_memories()), (1, 0));
/// drop(store);
/// assert_eq!((metrics.memories(), metrics.unused_warm_memories()), (0, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PoolingAllocatorMetrics {
    engine: Engine,
}

impl fmt::Debug for PoolingAllocatorMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolingAllocatorMetrics").finish_non_exhaustive()
    }
}

impl Engine {
    /// What of the engine's pool is in use; `None` if it reserves nothing up front.
    pub fn pooling_allocator_metrics(&self) -> Option<PoolingAllocatorMetrics> {
        self.get_pooling_config()?;
        Some(PoolingAllocatorMetrics { engine: self.clone() })
    }
}

impl PoolingAllocatorMetrics {
    fn usage(&self) -> PoolUsage {
        self.engine.vm().pool_usage().expect("it was made by an engine with a pool")
    }

    /// How many instances of modules stores have, those that failed half-way included.
    pub fn core_instances(&self) -> u64 {
        self.usage().instances as u64
    }

    /// How many instances of components stores have.
    pub fn component_instances(&self) -> u64 {
        self.usage().component_instances as u64
    }

    /// How many memories stores have, those of the host included.
    pub fn memories(&self) -> usize {
        self.usage().memories
    }

    /// How many tables stores have, those of the host included.
    pub fn tables(&self) -> usize {
        self.usage().tables
    }

    /// How many stacks stores and their continuations have. A store has one from its first call of
    /// Wasm on, whether that may wait or not; one that has called none has no stack.
    pub fn stacks(&self) -> usize {
        self.usage().stacks
    }

    /// How many stores have a garbage-collected heap. It is made with the first object, or the
    /// first instance of a module with types of objects.
    pub fn gc_heaps(&self) -> usize {
        self.usage().heaps
    }

    /// How many memories are not in use and were before: those of unused instances, which wait for
    /// the next of their module, and reservations that any memory can have.
    pub fn unused_warm_memories(&self) -> u32 {
        count(self.usage().unused_memories)
    }

    /// How many bytes of memories that are not in use stay in memory
    /// (`PoolingAllocationConfig::linear_memory_keep_resident`).
    pub fn unused_memory_bytes_resident(&self) -> usize {
        self.usage().unused_memory_bytes
    }

    /// How many tables unused instances have.
    pub fn unused_warm_tables(&self) -> u32 {
        count(self.usage().unused_tables)
    }

    /// How many bytes the tables of unused instances take.
    pub fn unused_table_bytes_resident(&self) -> usize {
        self.usage().unused_table_bytes
    }

    /// How many stacks are not in use and were before.
    pub fn unused_warm_stacks(&self) -> u32 {
        count(self.usage().unused_stacks)
    }

    /// How many bytes of unused stacks stay in memory: not known, since they are not cleared.
    pub fn unused_stack_bytes_resident(&self) -> Option<usize> {
        None
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
