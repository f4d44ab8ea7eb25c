//! The engine's reservations of address space for linear memories that no memory uses now. These
//! come from dropped memories of the host, and from instances of dropped modules. If the engine
//! reserves everything up front, they are all that no memory uses.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use wasm_loader::Loaded;

use super::instances::{ReuseLimits, now};
use crate::Error;
use crate::vm::in_use::Slots;
use crate::vm::sys::mapping::Mapping;

/// Which image is mapped at the start of a reservation.
#[derive(Clone, Debug)]
pub(in crate::vm) struct ImageKey {
    module: Weak<Loaded>,
    memory: u32,
}

impl ImageKey {
    /// The image of one of a module's memories.
    pub(in crate::vm) fn new(module: &Arc<Loaded>, memory: u32) -> Self {
        Self { module: Arc::downgrade(module), memory }
    }

    /// Whether it is the image of the given memory.
    pub(in crate::vm) fn is_of(&self, module: &Arc<Loaded>, memory: u32) -> bool {
        self.memory == memory && std::ptr::eq(self.module.as_ptr(), Arc::as_ptr(module))
    }
}

/// A reservation that goes from one memory to the next: nothing but zeros is mapped in it.
#[derive(Debug)]
pub(in crate::vm) struct Reservation {
    pub(in crate::vm) mapping: Mapping,
    /// Bytes from the start that are accessible.
    pub(in crate::vm) accessible: usize,
}

/// One of a limited number of reservations. Its holder may unmap the reservation, for example after
/// an error. Dropping this value then counts the reservation as missing, and another is reserved
/// when one is needed.
#[derive(Debug)]
pub(in crate::vm) struct Slot {
    missing: Arc<AtomicU32>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.missing.fetch_add(1, Ordering::Relaxed);
    }
}

/// The reservations of an engine that are not in use. All are of one size.
#[derive(Debug)]
pub(in crate::vm) struct MemoryPool {
    /// Those that came back last are at the end.
    free: Mutex<Vec<(Reservation, Duration)>>,
    /// How many these are, to be read without the lock. Written while it is held.
    count: AtomicUsize,
    /// How many there are, if they were all made up front.
    total: Option<UpFront>,
}

/// What is known of reservations whose number is limited.
#[derive(Debug)]
struct UpFront {
    total: u32,
    /// The size of each, in bytes.
    size: usize,
    /// How many are neither in use nor in the list, because they were unmapped.
    missing: Arc<AtomicU32>,
}

impl UpFront {
    /// Reserves one of the missing reservations, if there are any.
    fn replace_missing(&self) -> Result<Option<Reservation>, Error> {
        let one_less = |missing: u32| missing.checked_sub(1);
        if self.missing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err() {
            return Ok(None);
        }
        // On failure, dropping the slot counts it as missing again.
        let slot = Slot { missing: Arc::clone(&self.missing) };
        let mut mapping = Mapping::reserve_with_lead(self.size, "a linear memory")?;
        *mapping.slot() = Some(slot);
        Ok(Some(Reservation { mapping, accessible: 0 }))
    }
}

impl MemoryPool {
    /// A pool that starts empty, and keeps the reservations that come back.
    pub(in crate::vm) fn on_demand() -> Self {
        Self { free: Mutex::default(), count: AtomicUsize::new(0), total: None }
    }

    /// A pool with this many reservations of the given size in bytes, and never more.
    pub(in crate::vm) fn up_front(total: u32, size: usize) -> Result<Self, Error> {
        let up_front = UpFront { total, size, missing: Arc::new(AtomicU32::new(total)) };
        let mut free = Vec::new();
        for made in 0..total {
            let reservation = up_front.replace_missing().map_err(|error| {
                error.context(format!(
                    "could not reserve {total} memories up front, only {made}: set a smaller \
                     `PoolingAllocationConfig::total_memories`"
                ))
            })?;
            free.extend(reservation.map(|reservation| (reservation, Duration::ZERO)));
        }
        let count = AtomicUsize::new(free.len());
        Ok(Self { free: Mutex::new(free), count, total: Some(up_front) })
    }

    /// How many reservations there are, if their number is limited.
    pub(in crate::vm) fn total(&self) -> Option<u32> {
        self.total.as_ref().map(|up_front| up_front.total)
    }

    /// How many are in use, by unused instances too, if their number is limited.
    pub(in crate::vm) fn slots(&self) -> Option<Slots> {
        let UpFront { total, missing, .. } = self.total.as_ref()?;
        let free = self.free();
        let missing = missing.load(Ordering::Relaxed) as usize;
        let taken = (*total as usize).saturating_sub(free.len() + missing);
        let used_before = free.iter().filter(|(_, since)| *since > Duration::ZERO).count();
        Some(Slots { taken, used_before })
    }

    fn free(&self) -> MutexGuard<'_, Vec<(Reservation, Duration)>> {
        // Between any two operations the list is in a consistent state: a panic elsewhere does not
        // harm it.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reservation, if there is one. If possible it has exactly this many accessible bytes.
    ///
    /// # Errors
    ///
    /// If one has to be reserved anew in place of one that was unmapped, and the machine has no
    /// room.
    pub(in crate::vm) fn take(&self, accessible: usize) -> Result<Option<Reservation>, Error> {
        if let Some(reservation) = self.take_free(accessible) {
            return Ok(Some(reservation));
        }
        self.total.as_ref().map_or(Ok(None), UpFront::replace_missing)
    }

    fn take_free(&self, accessible: usize) -> Option<Reservation> {
        let mut free = self.free();
        // The one that came back last is the most likely to be in the caches.
        let place = free.iter().rposition(|(one, _)| one.accessible == accessible);
        let found = match place {
            Some(place) => Some(free.remove(place).0),
            None => free.pop().map(|(reservation, _)| reservation),
        };
        self.count.store(free.len(), Ordering::Relaxed);
        found
    }

    /// Takes a reservation back that holds nothing but zeros.
    pub(in crate::vm) fn put(&self, reservation: Reservation, limits: &ReuseLimits) {
        let now = now();
        let mut free = self.free();
        free.push((reservation, now));
        let mut gone = Vec::new();
        if self.total.is_none() {
            let is_old = |(_, since): &(_, Duration)| limits.is_old(*since, now);
            while free.len() > limits.instances || free.first().is_some_and(is_old) {
                gone.push(free.remove(0));
            }
        }
        self.count.store(free.len(), Ordering::Relaxed);
        // Unmapped only after the lock is released.
        drop(free);
        drop(gone);
    }

    /// Unmaps what has been unused for too long.
    pub(in crate::vm) fn release_old(&self, limits: &ReuseLimits) {
        // Whoever misses one that was just put here looks again when the next store is dropped.
        if self.total.is_some() || self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let now = now();
        let mut free = self.free();
        let old = free.partition_point(|(_, since)| limits.is_old(*since, now));
        let gone: Vec<_> = free.drain(..old).collect();
        self.count.store(free.len(), Ordering::Relaxed);
        drop(free);
        drop(gone);
    }

    /// Unmaps what is not in use, unless no others could be reserved afterwards.
    pub(in crate::vm) fn clear(&self) {
        if self.total.is_none() {
            let mut free = self.free();
            let gone = std::mem::take(&mut *free);
            self.count.store(0, Ordering::Relaxed);
            drop(free);
            drop(gone);
        }
    }
}
