//! What the stores of an engine share at the machine's edge: reservations, stacks, and instances
//! that wait for the next store.

use std::fmt;
use std::sync::Arc;

use wasm_types::Tunables;

use super::in_use::InUse;
use super::interruption::Interruption;
use super::memory::MemoryProvider;
use super::reuse::instances::{ReusableInstances, ReuseLimits};
use super::reuse::memories::{MemoryPool, Reservation};
use super::stack::{StackPool, WasmStack};
use super::sys::mapping::{HOST_PAGE, Mapping};
use crate::Error;
use crate::error::PoolConcurrencyLimitError;

/// The hard limits of an engine that reserves everything up front.
#[derive(Clone, Debug)]
pub(crate) struct PoolLimits {
    /// How many instances may live.
    pub(crate) instances: usize,
    /// How many tables may live.
    pub(crate) tables: usize,
    /// How many elements a table may have.
    pub(crate) table_elements: usize,
    /// How many memories there are.
    pub(crate) memories: u32,
    /// How many stacks there are.
    pub(crate) stacks: u32,
    /// How large a memory may be, in bytes.
    pub(crate) memory_size: usize,
}

/// What the stores of an engine share at the machine's edge.
#[derive(Debug)]
pub(crate) struct VmEngine {
    pub(crate) tunables: Tunables,
    pub(super) limits: ReuseLimits,
    pub(super) memories: MemoryPool,
    pub(super) reusable: ReusableInstances,
    /// Present if the code of this engine can be interrupted.
    pub(super) interruption: Option<Interruption>,
    pub(super) stacks: StackPool,
    pub(super) pool: Option<PoolLimits>,
    /// What of the pool is in use.
    pub(super) in_use: InUse,
    pub(super) gc: GcSettings,
    /// Whether there may be memories that stores share.
    pub(super) shared_memory: bool,
    /// Whether memories may move when they grow.
    pub(super) memories_may_move: bool,
    /// Whether there is address space below memories that move, too.
    guards_all_memories: bool,
    /// Who provides the memories, if it is not the engine.
    pub(super) memory_provider: Option<Provider>,
}

/// Who provides memories.
pub(super) struct Provider(pub(super) Arc<dyn MemoryProvider>);

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").finish_non_exhaustive()
    }
}

/// How the heaps of an engine's stores are collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GcSettings {
    /// Whether they are collected at all.
    pub(crate) collects: bool,
    /// Whether everything is moved whenever something could be.
    pub(crate) zeal: bool,
    /// How large each may become, in bytes.
    pub(crate) limit: u64,
}

impl VmEngine {
    /// Shared state for stores whose Wasm stacks have the given size in bytes.
    ///
    /// # Errors
    ///
    /// If the machine has no room for what is to be reserved up front.
    pub(crate) fn new(
        tunables: Tunables,
        stack_size: usize,
        limits: ReuseLimits,
        pool: Option<PoolLimits>,
    ) -> Result<Self, Error> {
        let guard = tunables.stack_guard_size as usize;
        let (memories, stacks) = match &pool {
            None => (MemoryPool::on_demand(), StackPool::on_demand(stack_size, guard)),
            Some(pool) => {
                let size = usize::try_from(tunables.memory_reservation).unwrap_or(usize::MAX);
                let size = size
                    .max(pool.memory_size)
                    .checked_next_multiple_of(HOST_PAGE)
                    .and_then(|size| size.checked_add(tunables.memory_guard_size as usize))
                    .unwrap_or(usize::MAX);
                (
                    MemoryPool::up_front(pool.memories, size)?,
                    StackPool::up_front(pool.stacks, stack_size, guard)?,
                )
            }
        };
        let reusable = ReusableInstances::default();
        let interruption = tunables.interruption.then(Interruption::default);
        let gc = GcSettings { collects: true, zeal: false, limit: u64::MAX };
        Ok(Self {
            tunables,
            limits,
            memories,
            reusable,
            interruption,
            stacks,
            pool,
            in_use: InUse::default(),
            gc,
            shared_memory: false,
            memories_may_move: true,
            guards_all_memories: false,
            memory_provider: None,
        })
    }

    /// Sets how heaps are collected. To be called before there is a store.
    pub(crate) fn set_gc(&mut self, gc: GcSettings) {
        self.gc = gc;
    }

    /// Allows memories that stores share. To be called before there is a store.
    pub(crate) fn allow_shared_memories(&mut self, allow: bool) {
        self.shared_memory = allow;
    }

    /// Keeps memories where they are. To be called before there is a store.
    pub(crate) fn keep_memories_in_place(&mut self) {
        self.memories_may_move = false;
    }

    /// Has inaccessible address space below all memories. To be called before there is a store.
    pub(crate) fn guard_all_memories(&mut self) {
        self.guards_all_memories = true;
    }

    /// Has somebody else provide the memories. To be called before there is a store.
    ///
    /// # Errors
    ///
    /// If code relies on something that only memories of the engine's own have.
    pub(crate) fn provide_memories(
        &mut self,
        provider: Arc<dyn MemoryProvider>,
    ) -> Result<(), Error> {
        if self.pool.is_some() {
            return Err(Error::msg(
                "`Config::with_host_memory` and `InstanceAllocationStrategy::Pooling` can't be used together: a pool \
                 reserves memories of its own",
            ));
        }
        if self.interruption.is_some() && self.tunables.memory_reservation > 0 {
            return Err(Error::msg(
                "code that can be interrupted reads a page below its memory if that is reserved whole, and memories \
                 of `Config::with_host_memory` do not have it: set `Config::memory_reservation(0)`",
            ));
        }
        self.memory_provider = Some(Provider(provider));
        Ok(())
    }

    /// Makes code stop in stores that have no deadline.
    pub(crate) fn require_deadlines(&mut self) {
        if let Some(interruption) = &mut self.interruption {
            interruption.needs_deadline = true;
        }
    }

    /// Counts the epoch up.
    pub(crate) fn increment_epoch(&self) {
        if let Some(interruption) = &self.interruption {
            interruption.epochs.increment();
        }
    }

    /// Whether there will be no more than was reserved at the start.
    pub(super) fn reserves_up_front(&self) -> bool {
        self.pool.is_some()
    }

    /// How many elements a table of an instance may grow to.
    pub(super) fn table_elements(&self) -> u64 {
        self.pool.as_ref().map_or(u64::MAX, |pool| pool.table_elements as u64)
    }

    /// How large a memory may become, in bytes.
    pub(super) fn memory_limit(&self) -> usize {
        self.pool.as_ref().map_or(usize::MAX, |pool| pool.memory_size)
    }

    /// Whether the reservation of a memory is worth keeping: whether it has the size that all have.
    pub(super) fn keeps_reservation(&self, is_static: bool) -> bool {
        is_static || self.reserves_up_front()
    }

    /// A reservation of `size` bytes for a memory, of which at most `accessible` bytes are
    /// accessible already.
    pub(super) fn reserve_memory(
        &self,
        size: usize,
        is_static: bool,
        accessible: usize,
    ) -> Result<Reservation, Error> {
        let mut found = None;
        if self.keeps_reservation(is_static) {
            found = self.memories.take(accessible)?;
        }
        if let Some(total) = self.memories.total() {
            // Unused instances hold reservations too.
            while found.is_none() {
                let Some(reusable) = self.reusable.oldest() else {
                    let full = PoolConcurrencyLimitError::new(
                        total as usize,
                        "memories",
                        "total_memories",
                    );
                    return Err(full.into());
                };
                self.free(reusable, true);
                found = self.memories.take(accessible)?;
            }
        }
        let mut reservation = match found {
            Some(Reservation { mut mapping, accessible: has }) => {
                if has > accessible {
                    mapping.make_inaccessible(accessible, has)?;
                }
                Reservation { mapping, accessible: has.min(accessible) }
            }
            None => Reservation { mapping: self.map_memory(size, is_static)?, accessible: 0 },
        };
        if is_static && self.interruption.is_some() {
            reservation.mapping.open_lead()?;
        }
        Ok(reservation)
    }

    /// Reserves address space for a memory. Below a memory whose accesses need no bounds check
    /// there may be a page that code reads to find out whether it is to stop.
    fn map_memory(&self, size: usize, is_static: bool) -> Result<Mapping, Error> {
        let reserve = match self.keeps_reservation(is_static) || self.guards_all_memories {
            true => Mapping::reserve_with_lead,
            false => Mapping::reserve,
        };
        reserve(size, "a linear memory").or_else(|_| {
            // What is kept for later use is given up first.
            self.free_unused();
            reserve(size, "a linear memory")
        })
    }

    /// Unmaps everything that is kept for the next store and was not reserved up front.
    pub(super) fn free_unused(&self) {
        self.reusable.all().into_iter().for_each(|reusable| self.free(reusable, false));
        self.memories.clear();
        self.stacks.clear();
    }

    /// A stack that is not in use.
    pub(super) fn take_stack(&self) -> Result<WasmStack, Error> {
        self.stacks.take().or_else(|error| {
            if self.reserves_up_front() {
                return Err(error);
            }
            self.free_unused();
            self.stacks.take()
        })
    }

    /// How large the stacks are, in bytes, unless a store wants another size.
    pub(super) fn stack_size(&self) -> usize {
        self.stacks.size()
    }

    /// A stack of a size that a store wants.
    pub(super) fn make_stack(&self, size: usize) -> Result<WasmStack, Error> {
        self.stacks.make(size)
    }

    /// Gives a stack back.
    pub(super) fn put_stack(&self, stack: WasmStack) {
        self.stacks.put(stack, &self.limits);
    }
}

impl Drop for VmEngine {
    fn drop(&mut self) {
        self.reusable.all().into_iter().for_each(|reusable| self.free(reusable, false));
    }
}
