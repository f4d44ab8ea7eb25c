//! Linear memories.

#![allow(unsafe_code)]

mod growth;
mod image;
mod provided;
mod reset;
mod shared;
mod snapshot;

use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use growth::{Growth, Request};
use image::Image;
use provided::Provided;
pub(crate) use provided::{MemoryBytes, MemoryProvider, WantedMemory};
pub(crate) use shared::{AtomicPlace, VmSharedMemory};
pub(crate) use snapshot::MemoryContents;
use snapshot::Shown;

use rustix::io::Errno;
use wasm_types::MemoryType;

use super::context::MemoryRecord;
use super::reuse::memories::Reservation;
use super::room::Room;
use super::store::{StoreHost, VmEngine};
use super::sys::mapping::{HOST_PAGE, Mapping, NotReplaced};
use crate::Error;

/// How many bytes of an unused instance's memory stay in memory when the instance goes: what most
/// modules write to first.
const KEPT_ALONE: usize = 64 << 10;

/// A linear memory, and where compiled code finds it.
#[derive(Debug)]
pub(crate) struct VmMemory {
    mapping: Mapping,
    /// Bytes from the start of the mapping that are accessible: whole host pages.
    accessible: usize,
    ty: MemoryType,
    /// Whether it never moves.
    is_static: bool,
    guard: usize,
    growth: usize,
    /// Whether it may move when its reservation is used up.
    may_move: bool,
    /// The image that it starts with.
    image: Option<Image>,
    /// The contents of a snapshot that are mapped at its start instead.
    shown: Option<Shown>,
    /// How large the engine lets it become, in bytes.
    limit: usize,
    /// Whether the address of its bytes was given out, for writing to them.
    touched: AtomicBool,
    /// Whether it was moved to another mapping.
    moved: bool,
    /// How many bytes of it were left in memory when it was last reset.
    resident: usize,
    /// Whether its instance takes it along to the next store.
    pub(super) kept: bool,
    /// Whether it was emptied because what it held could not be put back. Instances that have this
    /// memory do not run.
    pub(super) given_up: bool,
    /// If it is one that other stores have, too: then nothing is mapped here.
    shared: Option<Arc<VmSharedMemory>>,
    /// If its bytes are those of the program: then nothing is mapped here, either.
    provided: Option<Provided>,
    /// The record that compiled code reads: in the context of the instance that defines the memory,
    /// in a box of the store, or in what is shared.
    record: NonNull<MemoryRecord>,
}

// SAFETY: a memory and its record belong to one store, which is `Send` only as a whole.
unsafe impl Send for VmMemory {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for VmMemory {}

/// Bytes of a number of pages, if that many can be addressed here.
fn bytes(ty: &MemoryType, pages: u64) -> Option<usize> {
    ty.bytes_of(pages).and_then(|len| usize::try_from(len).ok())
}

/// The first size of a memory and how much address space is reserved for it, in bytes; `reserve`
/// says how much it needs.
fn reservation_for(
    ty: &MemoryType,
    engine: &VmEngine,
    reserve: impl FnOnce(usize) -> usize,
) -> Result<(usize, usize), Error> {
    let too_large = || {
        Error::msg(format!(
            "a memory of {} pages of {} bytes is larger than this machine's address space",
            ty.minimum,
            ty.page_size()
        ))
    };
    let len = bytes(ty, ty.minimum).ok_or_else(too_large)?;
    let limit = engine.memory_limit();
    if len > limit {
        return Err(Error::msg(format!(
            "a memory of {len} bytes is larger than this engine allows, {limit} bytes: raise \
             `PoolingAllocationConfig::max_memory_size`"
        )));
    }
    let reservation = reserve(len).checked_next_multiple_of(HOST_PAGE).ok_or_else(too_large)?;
    Ok((len, reservation))
}

impl VmMemory {
    /// A new memory of the minimum size, all zero, that writes its address to `record`.
    ///
    /// # Safety
    ///
    /// The record stays valid as long as the memory.
    pub(super) unsafe fn new(
        ty: MemoryType,
        engine: &VmEngine,
        record: NonNull<MemoryRecord>,
    ) -> Result<Self, Error> {
        if let Some(provider) = &engine.memory_provider {
            // SAFETY: as the caller promises.
            return unsafe { Self::of_provider(&*provider.0, ty, engine, record) };
        }
        let tunables = &engine.tunables;
        let is_static = tunables.memory_is_static(&ty);
        let guard = tunables.memory_guard_size as usize;
        let growth = tunables.memory_reservation_for_growth as usize;
        let limit = engine.memory_limit();
        let (len, reservation) = reservation_for(&ty, engine, |len| {
            if is_static {
                return (tunables.memory_reservation as usize).max(len);
            }
            if !engine.memories_may_move {
                return (tunables.memory_reservation as usize).max(len);
            }
            let largest = ty.maximum.and_then(|pages| bytes(&ty, pages)).unwrap_or(usize::MAX);
            len.saturating_add(growth).min(largest).max(len)
        })?;
        let Reservation { mapping, accessible } = engine.reserve_memory(
            reservation.saturating_add(guard),
            is_static,
            len.next_multiple_of(HOST_PAGE),
        )?;
        // The reservation may have belonged to another memory: everything that code takes for
        // granted must lie in it.
        let least = match is_static {
            true => tunables.static_memory_reach(),
            false => (len as u64).saturating_add(tunables.guard_after(&ty)),
        };
        if (mapping.len() as u64) < least {
            return Err(Error::msg(format!(
                "a memory was given {} bytes of address space in place of {least}",
                mapping.len()
            )));
        }
        let mut memory = Self {
            mapping,
            accessible,
            ty,
            is_static,
            guard,
            growth,
            may_move: engine.memories_may_move,
            image: None,
            shown: None,
            limit,
            touched: AtomicBool::new(false),
            moved: false,
            resident: 0,
            kept: false,
            given_up: false,
            shared: None,
            provided: None,
            record,
        };
        memory.set_len(len)?;
        Ok(memory)
    }

    /// A store's part in a memory that other stores have, too.
    pub(super) fn of_shared(shared: Arc<VmSharedMemory>) -> Self {
        let (ty, record) = (shared.ty(), shared.record());
        Self { shared: Some(shared), ..Self::unmapped(ty, record) }
    }

    /// The memory that other stores have, too, if it is such a one.
    pub(crate) fn shared(&self) -> Option<&Arc<VmSharedMemory>> {
        self.shared.as_ref()
    }

    /// Returns the memory's reservation to the engine for the next memory, with nothing in it.
    /// `ran` says whether code ran that may have written to the memory.
    pub(super) fn reuse(mut self, engine: &VmEngine, ran: bool) {
        let keeps_any = engine.limits.instances > 0 || engine.reserves_up_front();
        let keeps = keeps_any && engine.keeps_reservation(self.is_static);
        if self.moved || !self.is_mapped_here() || !keeps {
            return;
        }
        let is_copied = self.image.as_ref().map(|image| image.is_copied);
        let was_used = ran || self.touched.load(Ordering::Relaxed);
        let emptied = if is_copied == Some(false) || self.shown.is_some() || self.given_up {
            // What is mapped there is of no use to other memories.
            self.mapping.renew(self.accessible).is_ok()
        } else if was_used || is_copied.is_some() || self.resident > 0 {
            // What an unused instance kept in memory is not all kept without it.
            let most = if was_used { usize::MAX } else { KEPT_ALONE };
            // SAFETY: nothing is mapped but zeros, and nothing borrows the memory any more.
            unsafe { self.reset(None, engine.limits.keep_resident.min(most)) }.is_ok()
        } else {
            true
        };
        // What can't be reset is unmapped. Another reservation is made when one is needed.
        if emptied {
            let Self { mapping, accessible, .. } = self;
            engine.memories.put(Reservation { mapping, accessible }, &engine.limits);
        }
    }

    /// Makes the first `len` bytes accessible, and publishes the new size to compiled code.
    fn set_len(&mut self, len: usize) -> Result<(), Error> {
        let accessible = len.next_multiple_of(HOST_PAGE);
        if accessible > self.accessible {
            self.mapping.make_accessible(self.accessible, accessible)?;
            self.accessible = accessible;
        }
        self.publish(len);
        Ok(())
    }

    /// Publishes the memory's address and size to compiled code.
    fn publish(&mut self, len: usize) {
        let base = self.provided.as_ref().map_or_else(|| self.mapping.base(), Provided::base);
        let record = MemoryRecord { base, length: len as u64 };
        // SAFETY: the record is valid, as promised when the memory was made.
        unsafe { self.record.write(record) };
    }

    /// Where compiled code finds the memory.
    pub(super) fn record(&self) -> NonNull<MemoryRecord> {
        self.record
    }

    /// The first byte. Changes when a memory that may move grows.
    #[inline]
    pub(crate) fn base(&self) -> *mut u8 {
        // A memory that may have been written is scanned for changes when it is reset.
        self.touched.store(true, Ordering::Relaxed);
        self.base_to_read().cast_mut()
    }

    /// The first byte, for reading only.
    #[inline]
    pub(crate) fn base_to_read(&self) -> *const u8 {
        // SAFETY: the record is valid, as promised when the memory was made. The base of a memory
        // that is shared never changes.
        unsafe { (*self.record.as_ptr()).base }
    }

    /// Makes the page below the first byte readable, if there is one. Code reads it to find out
    /// whether it is to stop.
    ///
    /// # Errors
    ///
    /// If that can't be done, or there is none because the program provides the memory.
    pub(super) fn open_lead(&mut self) -> Result<(), Error> {
        if self.provided.is_some() {
            return Err(Error::msg(
                "the module was compiled for interruption by a page below its memory, which a memory of \
                 `Config::with_host_memory` does not have: compile it with `Config::memory_reservation(0)`",
            ));
        }
        self.mapping.open_lead()
    }

    /// The address of the page below the first byte, if it is readable and stays where it is.
    pub(super) fn lead_page(&self) -> Option<usize> {
        self.mapping.lead_page().filter(|_| self.is_static)
    }

    /// The current size in bytes.
    #[inline]
    pub(crate) fn byte_size(&self) -> usize {
        // SAFETY: the record is valid, as promised when the memory was made. If it is shared,
        // others write the size, and do so atomically.
        let length = unsafe { AtomicU64::from_ptr(&raw mut (*self.record.as_ptr()).length) };
        length.load(Ordering::SeqCst) as usize
    }

    /// The current size in pages.
    pub(crate) fn pages(&self) -> u64 {
        self.ty.pages_of(self.byte_size() as u64)
    }

    /// The type it was declared with.
    pub(crate) fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Grows by a number of pages. Returns the old size in pages, or `None` if that can't be done
    /// or the host does not allow it; then `why`, if given, is set to the reason. An error comes
    /// from the host and ends the computation.
    pub(crate) fn grow(
        &mut self,
        delta: u64,
        host: Option<&mut dyn StoreHost>,
        room: Room,
        why: Option<&mut String>,
    ) -> Result<Option<u64>, Error> {
        if let Some(shared) = &self.shared {
            return shared.grow(delta, host, room, why);
        }
        let request = Request { ty: self.ty, old_len: self.byte_size(), delta, host, room, why };
        Ok(match request.grow(|len| self.grow_to(len).map(|()| true))? {
            Growth::Grown(old) => Some(old),
            Growth::Failed | Growth::Overtaken => None,
        })
    }

    /// What the host is asked before the memory grows by a number of pages.
    #[cfg(feature = "async")]
    pub(crate) fn growing(&self, delta: u64) -> super::suspend::Growing {
        let len = |pages| bytes(&self.ty, pages);
        super::suspend::Growing {
            is_table: false,
            current: self.byte_size(),
            desired: self.pages().checked_add(delta).and_then(len).unwrap_or(usize::MAX),
            maximum: self.ty.maximum.and_then(len),
        }
    }

    fn grow_to(&mut self, len: usize) -> Result<(), Error> {
        if self.given_up {
            return Err(Error::msg(
                "the memory is empty, since an earlier state of it could not be put back: restore a snapshot of it",
            ));
        }
        if len > self.limit {
            return Err(Error::msg(format!(
                "the memory can't grow to {len} bytes: this engine allows {} \
                 (`PoolingAllocationConfig::max_memory_size`)",
                self.limit
            ))
            .context("Memory maximum size exceeded"));
        }
        if self.provided.is_some() {
            return self.grow_provided(len);
        }
        let room = self.mapping.len() - self.guard.min(self.mapping.len());
        if len <= room {
            self.touched.store(true, Ordering::Relaxed);
            return self.set_len(len);
        }
        if self.is_static {
            return Err(Error::msg("the memory's reservation is used up"));
        }
        if !self.may_move {
            return Err(Error::msg(
                "the memory's reservation is used up, and it may not move (`Config::memory_may_move`): raise \
                 `Config::memory_reservation`",
            ));
        }
        self.move_to(len)
    }

    /// Moves to a larger reservation.
    fn move_to(&mut self, len: usize) -> Result<(), Error> {
        let old_len = self.byte_size();
        let reservation = len
            .saturating_add(self.growth)
            .checked_next_multiple_of(HOST_PAGE)
            .and_then(|size| size.checked_add(self.guard))
            .ok_or_else(|| Error::msg("the memory is larger than the address space"))?;
        let reserve = match self.mapping.has_lead() {
            true => Mapping::reserve_with_lead,
            false => Mapping::reserve,
        };
        let mut mapping = reserve(reservation, "a linear memory")?;
        self.moved = true;
        let accessible = len.next_multiple_of(HOST_PAGE);
        mapping.make_accessible(0, accessible)?;
        // SAFETY: both are accessible for that many bytes, and apart.
        unsafe { std::ptr::copy_nonoverlapping(self.mapping.base(), mapping.base(), old_len) };
        *mapping.slot() = self.mapping.slot().take();
        self.mapping = mapping;
        self.shown = None;
        self.accessible = accessible;
        self.set_len(len)
    }

    /// As [`Mapping::replace`]. If the memory has lost what was there, it is empty, and the
    /// instances that have it do not run.
    fn replace(
        &mut self,
        range: Range<usize>,
        file: Option<(BorrowedFd<'_>, u64)>,
    ) -> Result<(), Errno> {
        self.mapping.replace(range, file).map_err(|NotReplaced { errno, emptied }| {
            if emptied {
                self.given_up = true;
                (self.shown, self.image) = (None, None);
                self.publish(0);
            }
            errno
        })
    }
}
