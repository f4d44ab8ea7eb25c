//! Memories that several stores share, and their threads.
//!
//! The whole of what such a memory may become is reserved, so that it never moves, and it is
//! unmapped with the last who has it: no other memory gets its reservation. Its size becomes larger
//! under a lock, and never smaller, so that a size that is out of date is safe.

#![allow(unsafe_code)]

use std::mem::offset_of;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use wasm_types::{MemoryType, TrapCode};

use super::growth::{Growth, Request};
use super::{bytes, reservation_for};
use crate::Error;
use crate::vm::context::MemoryRecord;
use crate::vm::engine::VmEngine;
use crate::vm::interruption::Interrupts;
#[cfg(feature = "async")]
use crate::vm::parking::Parked;
use crate::vm::parking::{ParkingLot, Waited};
use crate::vm::room::Room;
use crate::vm::store::StoreHost;
use crate::vm::sys::mapping::{HOST_PAGE, Mapping};

/// A memory that several stores share.
#[derive(Debug)]
pub(crate) struct VmSharedMemory {
    record: SharedRecord,
    ty: MemoryType,
    /// How large the engine lets it become, in bytes.
    limit: usize,
    reserved: Mutex<Reserved>,
    parking: ParkingLot,
}

/// The record that compiled code reads, as [`MemoryRecord`].
#[derive(Debug)]
#[repr(C)]
struct SharedRecord {
    base: *mut u8,
    length: AtomicU64,
}

const _: () = {
    assert!(offset_of!(SharedRecord, base) == offset_of!(MemoryRecord, base));
    assert!(offset_of!(SharedRecord, length) == offset_of!(MemoryRecord, length));
    assert!(size_of::<SharedRecord>() == size_of::<MemoryRecord>());
};

/// What the lock of growth guards.
#[derive(Debug)]
struct Reserved {
    mapping: Mapping,
    /// Bytes from the start of the mapping that are accessible: whole host pages.
    accessible: usize,
    /// How many bytes of the mapping are the memory's.
    room: usize,
}

// SAFETY: the base is the address of bytes that live as long as the value. Whoever reads or writes
// them answers for it that other threads may do so, too.
unsafe impl Send for VmSharedMemory {}
// SAFETY: as above; everything else is behind a lock or atomic.
unsafe impl Sync for VmSharedMemory {}

impl VmSharedMemory {
    /// A new memory of the minimum size, all zero.
    ///
    /// # Errors
    ///
    /// If the engine does not allow shared memories, or the machine has no room.
    pub(crate) fn new(ty: MemoryType, engine: &VmEngine) -> Result<Arc<Self>, Error> {
        if !engine.shared_memory {
            return Err(Error::msg(
                "shared memories are switched off in this engine: `Config::shared_memory(true)` \
                 allows them",
            ));
        }
        let maximum = ty.maximum.unwrap_or(ty.absolute_maximum()).min(ty.absolute_maximum());
        let is_static = engine.tunables.memory_is_static(&ty);
        let (len, room) = reservation_for(&ty, engine, |len| match is_static {
            true => (engine.tunables.memory_reservation as usize).max(len),
            false => bytes(&ty, maximum).unwrap_or(usize::MAX).max(len),
        })?;
        let guard = engine.tunables.memory_guard_size as usize;
        let mapping = Mapping::reserve(room.saturating_add(guard), "a shared memory")?;
        let limit = engine.memory_limit();
        let base = mapping.base();
        let memory = Self {
            record: SharedRecord { base, length: AtomicU64::new(0) },
            ty,
            limit,
            reserved: Mutex::new(Reserved { mapping, accessible: 0, room }),
            parking: ParkingLot::new(),
        };
        memory.grow_to(0, len)?;
        Ok(Arc::new(memory))
    }

    /// The type it was declared with.
    pub(crate) fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Where compiled code finds the memory. Nobody writes the record but this value.
    pub(super) fn record(&self) -> NonNull<MemoryRecord> {
        NonNull::from(&self.record).cast()
    }

    /// The first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.record.base
    }

    /// The current size in bytes.
    pub(crate) fn byte_size(&self) -> usize {
        self.record.length.load(Ordering::SeqCst) as usize
    }

    /// The current size in pages.
    pub(crate) fn pages(&self) -> u64 {
        self.ty.pages_of(self.byte_size() as u64)
    }

    /// As [`VmMemory::grow`](super::VmMemory::grow). If another thread was quicker, the host is
    /// queried again, with the size that the memory has then.
    pub(crate) fn grow(
        &self,
        delta: u64,
        mut host: Option<&mut dyn StoreHost>,
        room: Room,
        mut why: Option<&mut String>,
    ) -> Result<Option<u64>, Error> {
        loop {
            let old_len = self.byte_size();
            let host = host.as_mut().map(|host| &mut **host as &mut dyn StoreHost);
            match self.grow_from(old_len, delta, host, room, why.as_deref_mut())? {
                Growth::Grown(old) => return Ok(Some(old)),
                Growth::Failed => return Ok(None),
                Growth::Overtaken => {}
            }
        }
    }

    /// Grows if the memory has a certain size, in bytes.
    fn grow_from(
        &self,
        old_len: usize,
        delta: u64,
        host: Option<&mut dyn StoreHost>,
        room: Room,
        why: Option<&mut String>,
    ) -> Result<Growth, Error> {
        let request = Request { ty: self.ty, old_len, delta, host, room, why };
        request.grow(|len| self.grow_to(old_len, len))
    }

    /// As [`grow`](Self::grow), for a host that was asked about the growth from a certain size, in
    /// bytes, and can't be asked again: `None` if another thread was quicker.
    #[cfg(feature = "async")]
    pub(in crate::vm) fn grow_once(
        &self,
        old_len: usize,
        delta: u64,
        host: Option<&mut dyn StoreHost>,
        room: Room,
    ) -> Result<Option<u64>, Error> {
        Ok(match self.grow_from(old_len, delta, host, room, None)? {
            Growth::Grown(old) => Some(old),
            Growth::Failed | Growth::Overtaken => None,
        })
    }

    /// Makes the first `len` bytes accessible, if the size is `old_len`. Returns whether it was.
    fn grow_to(&self, old_len: usize, len: usize) -> Result<bool, Error> {
        if len > self.limit {
            return Err(Error::msg(format!(
                "the memory can't grow to {len} bytes: this engine allows {} \
                 (`PoolingAllocationConfig::max_memory_size`)",
                self.limit
            ))
            .context("Memory maximum size exceeded"));
        }
        // Between any two operations the state is consistent.
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if self.byte_size() != old_len {
            return Ok(false);
        }
        if len > reserved.room {
            return Err(Error::msg("the memory's reservation is used up"));
        }
        let accessible = len.next_multiple_of(HOST_PAGE);
        if accessible > reserved.accessible {
            let from = reserved.accessible;
            reserved.mapping.make_accessible(from, accessible)?;
            reserved.accessible = accessible;
        }
        self.record.length.store(len as u64, Ordering::SeqCst);
        Ok(true)
    }

    /// Waits as long as so many bytes at an address, 4 or 8, are those of a number.
    ///
    /// # Errors
    ///
    /// What `interrupted` returns: see [`ParkingLot::wait`].
    pub(crate) fn wait<S, E>(
        &self,
        place: AtomicPlace,
        expected: u64,
        deadline: Option<Instant>,
        interrupts: Option<&Arc<Interrupts>>,
        interrupted: impl FnMut() -> Result<Option<S>, E>,
    ) -> Result<Waited<S>, E> {
        let is_expected = || self.read(place) == expected;
        let alert = |parked: &_| interrupts.map(|own| own.wake_when_raised(parked));
        self.parking.wait(place.address, is_expected, deadline, alert, interrupted)
    }

    /// Has somebody wait for a place, if the bytes there are those of a number. Returns whether
    /// they are. [`leave`](Self::leave) is to follow.
    #[cfg(feature = "async")]
    pub(in crate::vm) fn enter(
        &self,
        place: AtomicPlace,
        expected: u64,
        parked: &Arc<Parked>,
    ) -> bool {
        self.parking.enter(place.address, || self.read(place) == expected, parked)
    }

    /// Whether nobody has notified somebody that waits for a place.
    #[cfg(feature = "async")]
    pub(in crate::vm) fn is_waiting(&self, place: AtomicPlace, parked: &Arc<Parked>) -> bool {
        self.parking.is_queued(place.address, parked)
    }

    /// Ends the wait of somebody. `false` if it was notified before.
    #[cfg(feature = "async")]
    pub(in crate::vm) fn leave(&self, place: AtomicPlace, parked: &Arc<Parked>) -> bool {
        self.parking.leave(place.address, parked)
    }

    /// Wakes at most so many who wait at an address. Returns how many.
    pub(crate) fn notify(&self, place: AtomicPlace, count: u32) -> u32 {
        self.parking.notify(place.address, count)
    }

    fn read(&self, place: AtomicPlace) -> u64 {
        // SAFETY: the place is aligned and within the memory, which never becomes smaller; others
        // access it atomically, or the program has a race of its own, which changes no more than
        // the number that is read.
        unsafe {
            let at = self.record.base.add(place.address as usize);
            match place.size {
                4 => u32::from_le(AtomicU32::from_ptr(at.cast()).load(Ordering::SeqCst)).into(),
                _ => u64::from_le(AtomicU64::from_ptr(at.cast()).load(Ordering::SeqCst)),
            }
        }
    }
}

/// A place in a memory that can be accessed atomically.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtomicPlace {
    address: u64,
    size: u8,
}

impl AtomicPlace {
    /// The place of so many bytes, 4 or 8, in a memory of `length` bytes.
    ///
    /// # Errors
    ///
    /// If it is not aligned, or else out of bounds.
    pub(crate) fn new(address: u64, size: u8, length: usize) -> Result<Self, TrapCode> {
        if !address.is_multiple_of(size.into()) {
            return Err(TrapCode::HeapMisaligned);
        }
        match address.checked_add(size.into()) {
            Some(end) if end <= length as u64 => Ok(Self { address, size }),
            _ => Err(TrapCode::MemoryOutOfBounds),
        }
    }
}
