//! How an engine comes by the memory that instances need, and how much of it is kept for the next
//! instances.

mod metrics;
mod pool;

use std::time::Duration;

pub use metrics::PoolingAllocatorMetrics;
pub use pool::{Enabled, PoolingAllocationConfig};

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
    /// unused reservations: those of memories that the host made, and of instances of modules that
    /// are gone. Default: 128; 0 keeps none.
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
    /// system. Default: 512 KiB. Initial contents of up to 16 KiB are written back in any case, and
    /// stay resident beside that.
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
        limits.instances = pool.get_max_unused_warm_slots() as usize;
        if let Some(bytes) = pool.keep_resident {
            limits.keep_resident = bytes;
        }
        (limits, Some(pool.limits()))
    }
}
