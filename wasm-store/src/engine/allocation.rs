//! How an engine comes by the memory that instances need, and how much of it is kept for the next
//! instances.

use std::time::Duration;

use crate::engine::Config;
use crate::vm::{PoolLimits, ReuseLimits};

/// How the memories, stacks and contexts of instances are allocated: see
/// [`Config::allocation_strategy`](crate::Config::allocation_strategy).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum InstanceAllocationStrategy {
    /// Each when it is requested, without a limit of the engine's own. What a dropped store leaves
    /// is used again, within the limits of [`ReuseConfig`].
    #[default]
    OnDemand,
    /// All when the engine is made, with hard limits.
    Pooling(PoolingAllocationConfig),
}

impl InstanceAllocationStrategy {
    /// Everything reserved up front, with default limits.
    pub fn pooling() -> Self {
        Self::Pooling(PoolingAllocationConfig::default())
    }
}

impl From<PoolingAllocationConfig> for InstanceAllocationStrategy {
    fn from(config: PoolingAllocationConfig) -> Self {
        Self::Pooling(config)
    }
}

/// The limits of an engine that reserves everything up front.
///
/// Reserving costs address space and no memory. An instantiation or call that needs more than there
/// is fails with an error that names the setting.
///
/// ```
/// use wasm_store::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut pool = PoolingAllocationConfig::new();
/// pool.total_core_instances(100).total_memories(100).total_stacks(8).max_memory_size(64 << 20);
/// let mut config = Config::new();
/// config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
/// let engine = Engine::new(&config)?;
/// # let _ = engine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PoolingAllocationConfig {
    pub(crate) total_core_instances: u32,
    pub(crate) total_memories: u32,
    pub(crate) total_stacks: u32,
    pub(crate) max_memory_size: usize,
    pub(crate) max_unused_warm_slots: u32,
    pub(crate) linear_memory_keep_resident: Option<usize>,
}

impl PoolingAllocationConfig {
    /// The default limits: 1000 each of instances, memories and stacks, memories of 4 GiB at most.
    pub fn new() -> Self {
        Self {
            total_core_instances: 1000,
            total_memories: 1000,
            total_stacks: 1000,
            max_memory_size: 4 << 30,
            max_unused_warm_slots: 100,
            linear_memory_keep_resident: None,
        }
    }

    /// How many instances may live at once. Default: 1000.
    pub fn total_core_instances(&mut self, count: u32) -> &mut Self {
        self.total_core_instances = count;
        self
    }

    /// How many memories may live at once, those of the host included. Default: 1000.
    ///
    /// For each, address space of [`memory_reservation`](crate::Config::memory_reservation) and
    /// [`memory_guard_size`](crate::Config::memory_guard_size) is reserved.
    pub fn total_memories(&mut self, count: u32) -> &mut Self {
        self.total_memories = count;
        self
    }

    /// How many stores may run Wasm at once, or have run it and not been dropped. Default: 1000.
    ///
    /// For each, a stack of [`max_wasm_stack`](crate::Config::max_wasm_stack) is reserved.
    pub fn total_stacks(&mut self, count: u32) -> &mut Self {
        self.total_stacks = count;
        self
    }

    /// How large a memory may be, in bytes. Default: 4 GiB.
    ///
    /// Making a larger memory is an error. Growing one beyond this size gives -1, as at its
    /// maximum.
    pub fn max_memory_size(&mut self, bytes: usize) -> &mut Self {
        self.max_memory_size = bytes;
        self
    }

    /// How many unused instances are kept as they are for the next instance of their module. When
    /// there are more, the one that has been unused for longest makes room. Default: 100.
    pub fn max_unused_warm_slots(&mut self, count: u32) -> &mut Self {
        self.max_unused_warm_slots = count;
        self
    }

    /// How much of a memory that was written stays in memory when it is reset, in bytes. Default:
    /// as [`ReuseConfig::linear_memory_keep_resident`], which this overrides.
    pub fn linear_memory_keep_resident(&mut self, bytes: usize) -> &mut Self {
        self.linear_memory_keep_resident = Some(bytes);
        self
    }
}

impl Default for PoolingAllocationConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// How much of what dropped stores leave is kept by an engine for the next: see
/// [`Config::reuse`](crate::Config::reuse).
///
/// What is kept has been reset: nothing of one instance can be seen by another.
///
/// ```
/// use std::time::Duration;
/// use wasm_store::{Config, ReuseConfig};
///
/// let mut reuse = ReuseConfig::new();
/// reuse.max_unused_instances(16).max_unused_time(Some(Duration::from_secs(1)));
/// Config::new().reuse(reuse);
/// ```
#[derive(Clone, Debug)]
pub struct ReuseConfig {
    pub(crate) max_unused_instances: u32,
    pub(crate) max_unused_stacks: u32,
    pub(crate) max_unused_memory_bytes: usize,
    pub(crate) max_unused_time: Option<Duration>,
    pub(crate) linear_memory_keep_resident: usize,
}

impl ReuseConfig {
    /// The default limits.
    pub fn new() -> Self {
        Self {
            max_unused_instances: 128,
            max_unused_stacks: 64,
            max_unused_memory_bytes: 64 << 20,
            max_unused_time: Some(Duration::from_secs(30)),
            linear_memory_keep_resident: 512 << 10,
        }
    }

    /// How many unused instances are kept, with the reservations of their memories, and how many
    /// unused memories that the host made. Default: 128; 0 keeps none.
    pub fn max_unused_instances(&mut self, count: u32) -> &mut Self {
        self.max_unused_instances = count;
        self
    }

    /// How many unused Wasm stacks are kept. Default: 64.
    pub fn max_unused_stacks(&mut self, count: u32) -> &mut Self {
        self.max_unused_stacks = count;
        self
    }

    /// How much memory (not address space) all unused instances may take, in bytes. Default: 64
    /// MiB.
    pub fn max_unused_memory_bytes(&mut self, bytes: usize) -> &mut Self {
        self.max_unused_memory_bytes = bytes;
        self
    }

    /// For how long something is kept without being used; `None` for as long as the engine lives.
    /// Default: 30 seconds.
    ///
    /// No thread watches the time: what has been unused for longer is released when the next store
    /// is dropped.
    pub fn max_unused_time(&mut self, time: Option<Duration>) -> &mut Self {
        self.max_unused_time = time;
        self
    }

    /// How many bytes of each memory that was written stay resident when the memory is reset. Up to
    /// this limit, pages are set to their initial contents; beyond it, they are given back to the
    /// system. Default: 512 KiB.
    ///
    /// Where the kernel can't report which pages were written (`PAGEMAP_SCAN`, Linux 6.7), all are
    /// given back. The query takes one file descriptor of the process, for `/proc/self/pagemap`.
    pub fn linear_memory_keep_resident(&mut self, bytes: usize) -> &mut Self {
        self.linear_memory_keep_resident = bytes;
        self
    }
}

impl Default for ReuseConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// How much an engine keeps, and its hard limits, if it has some.
    pub(crate) fn allocation_limits(&self) -> (ReuseLimits, Option<PoolLimits>) {
        let ReuseConfig { max_unused_instances, max_unused_stacks, .. } = self.reuse;
        let mut limits = ReuseLimits {
            instances: max_unused_instances as usize,
            stacks: max_unused_stacks as usize,
            bytes: self.reuse.max_unused_memory_bytes,
            keep_resident: self.reuse.linear_memory_keep_resident,
            time: self.reuse.max_unused_time,
        };
        let InstanceAllocationStrategy::Pooling(pool) = &self.allocation else {
            return (limits, None);
        };
        limits.instances = pool.max_unused_warm_slots as usize;
        if let Some(bytes) = pool.linear_memory_keep_resident {
            limits.keep_resident = bytes;
        }
        let pool = PoolLimits {
            instances: pool.total_core_instances as usize,
            memories: pool.total_memories,
            stacks: pool.total_stacks,
            memory_size: pool.max_memory_size,
        };
        (limits, Some(pool))
    }
}
