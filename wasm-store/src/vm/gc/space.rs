//! The reservation of a heap, and which parts of it are in use for what.

#![allow(unsafe_code)]

use std::ops::Range;

use super::object::Header;
use crate::Error;
use crate::vm::sys::mapping::{HOST_PAGE, Mapping};

/// Where the nursery starts. What lies before is never accessible, so that an access through null
/// faults.
pub(super) const NURSERY: u32 = 64 << 10;
/// The largest nursery, in bytes.
pub(super) const MAX_NURSERY: u32 = 2 << 20;
/// Where the halves of the old space start. One of them is in use at a time.
const HALVES: [u32; 2] = [4 << 20, 1 << 31];
/// How large a half can get, in bytes.
pub(super) const HALF: u32 = HALVES[1] - HALVES[0];
/// All of it, in bytes: as much as a reference can reach.
const RESERVATION: usize = 1 << 32;

/// Bytes that are handed out from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bump {
    pub(super) start: u32,
    /// Where the next object goes.
    pub(super) top: u32,
    /// Where there is no more.
    pub(super) limit: u32,
}

impl Bump {
    fn empty(start: u32) -> Self {
        Self { start, top: start, limit: start }
    }

    #[inline(always)]
    pub(super) fn take(&mut self, size: u32) -> Option<u32> {
        if size > self.limit - self.top {
            return None;
        }
        let place = self.top;
        self.top += size;
        Some(place)
    }

    pub(super) fn used(&self) -> u32 {
        self.top - self.start
    }

    pub(super) fn free(&self) -> u32 {
        self.limit - self.top
    }

    pub(super) fn contains(&self, reference: u32) -> bool {
        (self.start..self.top).contains(&reference)
    }
}

/// The memory of a heap.
#[derive(Debug)]
pub(super) struct Space {
    mapping: Mapping,
    pub(super) nursery: Bump,
    /// The half of the old space that is in use.
    pub(super) old: Bump,
    /// How much of the nursery is accessible, in bytes.
    nursery_size: u32,
    /// How much of each half is accessible, in bytes.
    accessible: [u32; 2],
}

impl Space {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            mapping: Mapping::reserve(RESERVATION, "a garbage-collected heap")?,
            nursery: Bump::empty(NURSERY),
            old: Bump::empty(HALVES[0]),
            nursery_size: 0,
            accessible: [0; 2],
        })
    }

    /// The address of offset 0.
    pub(super) fn base(&self) -> *mut u8 {
        self.mapping.base()
    }

    /// How large the nursery is, in bytes. Not all of it may be handed out.
    pub(super) fn nursery_size(&self) -> u32 {
        self.nursery_size
    }

    /// How many bytes the heap holds between two collections.
    pub(super) fn capacity(&self) -> usize {
        self.nursery_size as usize + (self.old.limit - self.old.start) as usize
    }

    /// Makes the nursery, which is empty, larger.
    pub(super) fn grow_nursery(&mut self, size: u32) -> Result<(), Error> {
        debug_assert!(self.nursery.used() == 0 && size <= MAX_NURSERY);
        let (from, to) = (NURSERY + self.nursery_size, NURSERY + size);
        self.mapping.make_accessible(from as usize, to as usize)?;
        self.nursery_size = size;
        Ok(())
    }

    /// Sets where the half in use ends: at a whole page, with room for so many bytes.
    pub(super) fn set_old_size(&mut self, size: u32) -> Result<(), Error> {
        let size = size.next_multiple_of(HOST_PAGE as u32);
        debug_assert!(size >= self.old.used() && size <= HALF);
        self.make_half_accessible(self.half(), size)?;
        self.old.limit = self.old.start + size;
        Ok(())
    }

    /// The half that is not in use, empty, with room for so many bytes.
    pub(super) fn other_half(&mut self, size: u32) -> Result<Bump, Error> {
        let size = size.next_multiple_of(HOST_PAGE as u32);
        let other = 1 - self.half();
        self.make_half_accessible(other, size)?;
        let start = HALVES[other];
        Ok(Bump { start, top: start, limit: start + size })
    }

    /// Uses the other half from now on, and gives the memory of the one before back.
    pub(super) fn flip(&mut self, to: Bump) {
        let from = self.old;
        self.old = to;
        let end = (from.top as usize).next_multiple_of(HOST_PAGE);
        // If the system refuses, the memory stays; nothing depends on it.
        let _ = self.mapping.forget(from.start as usize, end);
    }

    fn half(&self) -> usize {
        usize::from(self.old.start == HALVES[1])
    }

    fn make_half_accessible(&mut self, half: usize, size: u32) -> Result<(), Error> {
        let accessible = self.accessible[half];
        if size > accessible {
            let start = HALVES[half] as usize;
            self.mapping.make_accessible(start + accessible as usize, start + size as usize)?;
            self.accessible[half] = size;
        }
        Ok(())
    }

    /// A word of an object.
    ///
    /// # Safety
    ///
    /// The place is a multiple of 4 and lies in an object.
    #[inline(always)]
    pub(super) unsafe fn word(&self, place: u32) -> u32 {
        // SAFETY: objects are in accessible parts of the reservation, which is aligned to pages.
        unsafe { self.base().add(place as usize).cast::<u32>().read() }
    }

    /// Sets a word of an object.
    ///
    /// # Safety
    ///
    /// As for [`word`](Self::word); and nothing borrows the object.
    #[inline(always)]
    pub(super) unsafe fn set_word(&self, place: u32, value: u32) {
        // SAFETY: as above.
        unsafe { self.base().add(place as usize).cast::<u32>().write(value) };
    }

    /// The header of an object.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    #[inline(always)]
    pub(super) unsafe fn header(&self, object: u32) -> Header {
        // SAFETY: objects are aligned to 8 bytes.
        Header::from_bits(unsafe { self.word(object) })
    }

    /// Sets the header of an object.
    ///
    /// # Safety
    ///
    /// As for [`header`](Self::header).
    #[inline(always)]
    pub(super) unsafe fn set_header(&self, object: u32, header: Header) {
        // SAFETY: as above.
        unsafe { self.set_word(object, header.bits()) };
    }

    /// Sets all bytes of a part of the reservation.
    ///
    /// # Safety
    ///
    /// The part is accessible, and nothing refers to it.
    pub(super) unsafe fn fill(&self, part: Range<u32>, byte: u8) {
        let len = (part.end - part.start) as usize;
        // SAFETY: as the caller promises.
        unsafe { self.base().add(part.start as usize).write_bytes(byte, len) };
    }

    /// Copies an object to where there is room for it.
    ///
    /// # Safety
    ///
    /// Both parts are accessible and do not overlap.
    #[inline(always)]
    pub(super) unsafe fn copy(&self, from: u32, to: u32, size: u32) {
        // SAFETY: as the caller promises; objects are aligned to 8 bytes, and so are their sizes.
        unsafe {
            let from = self.base().add(from as usize).cast::<u64>();
            let to = self.base().add(to as usize).cast::<u64>();
            from.copy_to_nonoverlapping(to, size as usize / 8);
        }
    }
}
