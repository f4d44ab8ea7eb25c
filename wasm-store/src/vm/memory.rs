//! Linear memories.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::MemoryType;

use super::context::MemoryRecord;
use super::mapping::{HOST_PAGE, Mapping};
use super::memory_pool::{ImageKey, Reservation};
use super::store::{StoreHost, VmEngine};
use crate::Error;

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
    /// The image that is mapped at its start.
    image: Option<ImageKey>,
    /// In the context of the instance that defines it, or a box of the store's.
    record: NonNull<MemoryRecord>,
}

// SAFETY: a memory and its record belong to one store, which is `Send` only as a whole.
unsafe impl Send for VmMemory {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for VmMemory {}

/// Bytes of a number of pages, if that many can be addressed here.
fn bytes(ty: &MemoryType, pages: u64) -> Option<usize> {
    pages.checked_mul(ty.page_size()).and_then(|len| usize::try_from(len).ok())
}

impl VmMemory {
    /// A new memory of the minimum size that writes its place to `record`. It is all zero, or if
    /// the second value says so, has the image that was asked for.
    ///
    /// # Safety
    ///
    /// The record stays valid as long as the memory.
    pub(super) unsafe fn new(
        ty: MemoryType,
        engine: &VmEngine,
        record: NonNull<MemoryRecord>,
        image: Option<ImageKey>,
    ) -> Result<(Self, bool), Error> {
        let tunables = &engine.tunables;
        let too_large = || {
            Error::msg(format!(
                "a memory of {} pages of {} bytes is larger than this machine's address space",
                ty.minimum,
                ty.page_size()
            ))
        };
        let len = bytes(&ty, ty.minimum).ok_or_else(too_large)?;
        let guard = tunables.memory_guard_size as usize;
        let growth = tunables.memory_reservation_for_growth as usize;
        let is_static = tunables.memory_is_static(&ty);
        if is_static {
            let accessible = len.next_multiple_of(HOST_PAGE);
            if let Some(reservation) = engine.memories.take(image.as_ref(), accessible) {
                let Reservation { mapping, accessible, image } = reservation;
                let has_image = image.is_some();
                let mut memory =
                    Self { mapping, accessible, ty, is_static, guard, growth, image, record };
                memory.set_len(len)?;
                return Ok((memory, has_image));
            }
        }
        let reservation = if is_static {
            (tunables.memory_reservation as usize).max(len)
        } else {
            let largest = ty.maximum.and_then(|pages| bytes(&ty, pages)).unwrap_or(usize::MAX);
            len.saturating_add(growth).min(largest).max(len)
        };
        let reservation = reservation.checked_next_multiple_of(HOST_PAGE).ok_or_else(too_large)?;
        let mapping = Mapping::reserve(reservation.saturating_add(guard), "a linear memory")?;
        let mut memory =
            Self { mapping, accessible: 0, ty, is_static, guard, growth, image: None, record };
        memory.set_len(len)?;
        Ok((memory, false))
    }

    /// Gives the memory's reservation back for the next one.
    pub(super) fn recycle(self, engine: &VmEngine) {
        if self.is_static {
            let initial = bytes(&self.ty, self.ty.minimum).unwrap_or(0);
            let Self { mapping, accessible, image, .. } = self;
            let reservation = Reservation { mapping, accessible, image };
            engine.memories.put(reservation, initial.next_multiple_of(HOST_PAGE));
        }
    }

    /// Makes the first `len` bytes accessible and tells compiled code.
    fn set_len(&mut self, len: usize) -> Result<(), Error> {
        let accessible = len.next_multiple_of(HOST_PAGE);
        if accessible > self.accessible {
            self.mapping.make_accessible(self.accessible, accessible)?;
            self.accessible = accessible;
        }
        let record = MemoryRecord { base: self.mapping.base(), length: len as u64 };
        // SAFETY: the record is valid, as promised when the memory was made.
        unsafe { self.record.write(record) };
        Ok(())
    }

    /// Where compiled code finds the memory.
    pub(super) fn record(&self) -> NonNull<MemoryRecord> {
        self.record
    }

    /// The first byte. Changes when a memory that may move grows.
    pub(crate) fn base(&self) -> *mut u8 {
        self.mapping.base()
    }

    /// The current size in bytes.
    pub(crate) fn byte_size(&self) -> usize {
        // SAFETY: the record is valid, as promised when the memory was made.
        unsafe { self.record.as_ref().length as usize }
    }

    /// The current size in pages.
    pub(crate) fn pages(&self) -> u64 {
        self.byte_size() as u64 >> self.ty.page_size_log2
    }

    /// The type it was declared with.
    pub(crate) fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Grows by a number of pages; returns the old size in pages, or `None` if that can't be done or
    /// the host does not allow it. An error is the host's own, and ends the computation.
    pub(crate) fn grow(
        &mut self,
        delta: u64,
        host: Option<&mut dyn StoreHost>,
    ) -> Result<Option<u64>, Error> {
        let old_len = self.byte_size();
        let old = self.pages();
        if delta == 0 {
            return Ok(Some(old));
        }
        let declared = self.ty.maximum.unwrap_or(u64::MAX).min(self.ty.absolute_maximum());
        let wanted = old.checked_add(delta);
        let new_len = wanted.and_then(|pages| bytes(&self.ty, pages));
        let maximum = self.ty.maximum.and_then(|pages| bytes(&self.ty, pages));
        let mut host = host;
        if let Some(host) = &mut host {
            // As the field does it, the host is asked for what was asked for, even if it is absurd.
            let desired = new_len.unwrap_or(usize::MAX);
            if !host.memory_growing(old_len, desired, maximum)? {
                return Ok(None);
            }
        }
        let grown = match (wanted, new_len) {
            (Some(pages), Some(len)) if pages <= declared => self.grow_to(len),
            _ => Err(Error::msg("memory maximum size exceeded")),
        };
        match (grown, host) {
            (Ok(()), _) => Ok(Some(old)),
            (Err(error), Some(host)) => {
                host.memory_grow_failed(error)?;
                Ok(None)
            }
            (Err(_), None) => Ok(None),
        }
    }

    fn grow_to(&mut self, len: usize) -> Result<(), Error> {
        let room = self.mapping.len() - self.guard.min(self.mapping.len());
        if len <= room {
            return self.set_len(len);
        }
        if self.is_static {
            return Err(Error::msg("the memory's reservation is used up"));
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
        let mut mapping = Mapping::reserve(reservation, "a linear memory")?;
        let accessible = len.next_multiple_of(HOST_PAGE);
        mapping.make_accessible(0, accessible)?;
        // SAFETY: both are accessible for that many bytes, and apart.
        unsafe { std::ptr::copy_nonoverlapping(self.mapping.base(), mapping.base(), old_len) };
        self.mapping = mapping;
        self.accessible = accessible;
        self.set_len(len)
    }

    /// Maps pages of a file, private and writable, over accessible bytes. `key` says what is then
    /// mapped, for the next memory that wants the same.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes, and the file's pages do not change.
    pub(super) unsafe fn map_image(
        &mut self,
        file: std::os::fd::BorrowedFd<'_>,
        file_offset: u64,
        memory_offset: usize,
        len: usize,
        key: ImageKey,
    ) -> Result<(), Error> {
        let end = memory_offset.checked_add(len).filter(|end| *end <= self.accessible);
        if end.is_none()
            || !memory_offset.is_multiple_of(HOST_PAGE)
            || !len.is_multiple_of(HOST_PAGE)
        {
            return Err(Error::msg("the memory image does not lie within its memory"));
        }
        // SAFETY: the pages belong to this memory.
        let mapped = unsafe {
            rustix::mm::mmap(
                self.mapping.base().add(memory_offset).cast(),
                len,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::PRIVATE | rustix::mm::MapFlags::FIXED,
                file,
                file_offset,
            )
        };
        mapped.map_err(|errno| {
            Error::msg(format!("could not map the initial image of a memory: {errno}"))
        })?;
        self.image = Some(key);
        Ok(())
    }
}
