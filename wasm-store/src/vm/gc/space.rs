//! The reservation of a heap, and which parts of it are in use for what.
//!
//! Its first 4 GiB are what [`wasm_types::abi::heap`] says. The log of objects that were written to
//! follows. What compiled code moves on stands in a record that it shares with this module: where
//! the next object goes, and where the next entry of the log.

#![allow(unsafe_code)]

use std::mem::offset_of;
use std::ops::Range;

use wasm_types::abi::heap;

use super::object::{ALIGNMENT, Header};
use crate::Error;
use crate::vm::context::FuncRef;
use crate::vm::sys::mapping::{HOST_PAGE, Mapping};

/// Where the nursery starts.
pub(super) const NURSERY: u32 = heap::NURSERY;
/// The largest nursery, in bytes.
pub(super) const MAX_NURSERY: u32 = 8 << 20;
/// How large a half of the old space can get, in bytes. What remains behind both is never
/// accessible.
pub(super) const HALF: u32 = (((1 << 32) - heap::OLD as u64) / 2) as u32 - (64 << 10);
/// Where the halves of the old space start. One of them is in use at a time.
const HALVES: [u32; 2] = [heap::OLD, heap::OLD + HALF];
/// Where the log starts: beyond what a reference can reach.
const LOG: usize = 1 << 32;
/// How much the log grows with each byte of the old space: an entry for each object.
const OBJECTS_PER_ENTRY: usize = (ALIGNMENT / 4) as usize;
/// All of it, in bytes.
const RESERVATION: usize = LOG + HALF as usize / OBJECTS_PER_ENTRY;
/// How much of the half that is not in use stays, in bytes: to get memory from the system again
/// takes about as long as to copy small objects there.
const KEPT: u32 = 16 << 20;
/// A log of more bytes is given back once it is empty.
const MUCH_LOG: usize = 1 << 20;

const _: () = {
    assert!(NURSERY + MAX_NURSERY <= heap::TYPES);
    assert!((heap::OLD as usize).is_multiple_of(HOST_PAGE));
    assert!((HALF as usize).is_multiple_of(HOST_PAGE));
    assert!((heap::TOP as usize).is_multiple_of(HOST_PAGE));
    assert!((heap::FUNCTIONS as usize).is_multiple_of(HOST_PAGE));
    assert!(offset_of!(Record, limit) as u32 == heap::LIMIT - heap::TOP);
    assert!(offset_of!(Record, log_top) as u32 == heap::LOG_TOP - heap::TOP);
    assert!(offset_of!(Record, failed_cast) as u32 == heap::FAILED_CAST - heap::TOP);
};

/// What is shared with compiled code.
#[derive(Debug)]
#[repr(C)]
struct Record {
    /// Where the next object goes.
    top: u32,
    /// Where there is no more room for those that code makes.
    limit: u32,
    /// Where the next entry of the log goes.
    log_top: *mut u32,
    /// What a cast was of that has just failed, and what it was to.
    failed_cast: [u32; 2],
}

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

    #[inline(always)]
    pub(super) fn contains(&self, reference: u32) -> bool {
        (self.start..self.top).contains(&reference)
    }
}

/// The memory of a heap.
#[derive(Debug)]
pub(super) struct Space {
    mapping: Mapping,
    /// The half of the old space that is in use.
    pub(super) old: Bump,
    /// Where the part of the nursery ends that may be used.
    young_limit: u32,
    /// How much of the nursery is accessible, in bytes.
    nursery_size: u32,
    /// How much of each half is accessible, in bytes.
    accessible: [u32; 2],
    /// The same of the log.
    log_size: usize,
    /// How many types there is room for.
    types: u32,
    /// How many functions there is room for.
    functions: u32,
    /// Whether compiled code has to call for each object that it makes.
    zeal: bool,
}

impl Space {
    pub(super) fn new(zeal: bool) -> Result<Self, Error> {
        let mut mapping = Mapping::reserve(RESERVATION, "a garbage-collected heap")?;
        mapping.make_accessible(heap::TOP as usize, NURSERY as usize)?;
        let mut space = Self {
            mapping,
            old: Bump { start: HALVES[0], top: HALVES[0], limit: HALVES[0] },
            young_limit: NURSERY,
            nursery_size: 0,
            accessible: [0; 2],
            log_size: 0,
            types: 0,
            functions: 0,
            zeal,
        };
        // SAFETY: the page of the record was made accessible above.
        unsafe {
            space.record().write(Record {
                top: NURSERY,
                limit: NURSERY,
                log_top: space.log(),
                failed_cast: [0; 2],
            });
        }
        // The type of host values, of which everything is zero.
        space.make_room_for_types(1)?;
        Ok(space)
    }

    /// The address of offset 0.
    #[inline(always)]
    pub(super) fn base(&self) -> *mut u8 {
        self.mapping.base()
    }

    #[inline(always)]
    fn record(&self) -> *mut Record {
        self.base().wrapping_add(heap::TOP as usize).cast()
    }

    /// The part of the nursery that has objects.
    #[inline(always)]
    pub(super) fn young(&self) -> Range<u32> {
        // SAFETY: the record is accessible as long as the mapping lives.
        NURSERY..unsafe { (*self.record()).top }
    }

    /// How many bytes of the nursery may be used, with those that are.
    pub(super) fn usable_nursery(&self) -> u32 {
        self.young_limit - NURSERY
    }

    /// Room for an object in the nursery.
    #[inline(always)]
    pub(super) fn take_young(&mut self, size: u32) -> Option<u32> {
        // SAFETY: as above.
        unsafe {
            let record = self.record();
            let place = (*record).top;
            if size > self.young_limit - place {
                return None;
            }
            (*record).top = place + size;
            if self.zeal {
                (*record).limit = place + size;
            }
            Some(place)
        }
    }

    /// Takes what code has left about a cast that failed: what it was of, and what it was to.
    pub(super) fn take_failed_cast(&mut self) -> [u32; 2] {
        // SAFETY: as above.
        unsafe { std::mem::take(&mut (*self.record()).failed_cast) }
    }

    /// Sets how many bytes of the nursery may be used: at least those that are.
    pub(super) fn set_usable_nursery(&mut self, size: u32) {
        debug_assert!(size <= self.nursery_size && NURSERY + size >= self.young().end);
        self.young_limit = NURSERY + size;
        // SAFETY: as above.
        unsafe {
            let record = self.record();
            (*record).limit = if self.zeal { (*record).top } else { self.young_limit };
        }
    }

    /// Forgets all objects of the nursery. None of it may be used for now.
    pub(super) fn empty_nursery(&mut self) {
        self.young_limit = NURSERY;
        // SAFETY: as above.
        unsafe { (*self.record()).top = NURSERY };
        self.set_usable_nursery(0);
    }

    /// How large the nursery is, in bytes. Not all of it may be usable.
    pub(super) fn nursery_size(&self) -> u32 {
        self.nursery_size
    }

    /// How many bytes the heap holds between two collections.
    pub(super) fn capacity(&self) -> usize {
        self.nursery_size as usize + (self.old.limit - self.old.start) as usize
    }

    /// Makes the nursery, which is empty, larger.
    pub(super) fn grow_nursery(&mut self, size: u32) -> Result<(), Error> {
        debug_assert!(self.young().is_empty() && size <= MAX_NURSERY);
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

    /// Uses the other half from now on, and gives what is large of the one before back.
    pub(super) fn flip(&mut self, to: Bump) {
        let from = self.old;
        self.old = to;
        let end = (from.top as usize).next_multiple_of(HOST_PAGE);
        let start = (from.start + KEPT) as usize;
        if start < end {
            // If the system refuses, the memory stays; nothing depends on it.
            let _ = self.mapping.forget(start, end);
        }
    }

    fn half(&self) -> usize {
        usize::from(self.old.start == HALVES[1])
    }

    /// Makes a half accessible, and the log of as many objects as it may have.
    fn make_half_accessible(&mut self, half: usize, size: u32) -> Result<(), Error> {
        let log = (size as usize / OBJECTS_PER_ENTRY).next_multiple_of(HOST_PAGE);
        if log > self.log_size {
            self.mapping.make_accessible(LOG + self.log_size, LOG + log)?;
            self.log_size = log;
        }
        let accessible = self.accessible[half];
        if size > accessible {
            let start = HALVES[half] as usize;
            self.mapping.make_accessible(start + accessible as usize, start + size as usize)?;
            self.accessible[half] = size;
        }
        Ok(())
    }

    fn log(&self) -> *mut u32 {
        self.base().wrapping_add(LOG).cast()
    }

    /// Adds an object of the old space to the log, in which it is not.
    ///
    /// # Safety
    ///
    /// There is an object at the place, which has [`heap::LOGGED`] from now on.
    pub(super) unsafe fn add_to_log(&mut self, object: u32) {
        // SAFETY: the log has room for each object of the old space.
        unsafe {
            let top = &raw mut (*self.record()).log_top;
            debug_assert!(self.logged() * 4 < self.log_size);
            (*top).write(object);
            *top = (*top).add(1);
        }
    }

    /// How many objects are in the log.
    pub(super) fn logged(&self) -> usize {
        // SAFETY: as for the record.
        (unsafe { (*self.record()).log_top }.addr() - self.log().addr()) / size_of::<u32>()
    }

    /// An object of the log.
    ///
    /// # Safety
    ///
    /// There are as many.
    #[inline(always)]
    pub(super) unsafe fn log_entry(&self, place: usize) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { self.log().add(place).read() }
    }

    /// Forgets all objects of the log.
    pub(super) fn empty_log(&mut self) {
        let used = (self.logged() * 4).next_multiple_of(HOST_PAGE).min(self.log_size);
        if used > MUCH_LOG {
            // If the system refuses, the memory stays; nothing depends on it.
            let _ = self.mapping.forget(LOG, LOG + used);
        }
        // SAFETY: as for the record.
        unsafe { (*self.record()).log_top = self.log() };
    }

    /// Makes room for what is known of so many types, [`heap::MAX_TYPES`] at most. With types of
    /// structures, objects may also refer to no function.
    pub(super) fn make_room_for_types(&mut self, types: u32) -> Result<(), Error> {
        debug_assert!(types <= heap::MAX_TYPES);
        if types <= self.types {
            return Ok(());
        }
        let bytes = |types: u32| ((types * heap::TYPE_SIZE) as usize).next_multiple_of(HOST_PAGE);
        let start = heap::TYPES as usize;
        let wanted = types.max(self.types.saturating_mul(2).min(heap::MAX_TYPES));
        self.mapping.make_accessible(start + bytes(self.types), start + bytes(wanted))?;
        self.types = bytes(wanted) as u32 / heap::TYPE_SIZE;
        Ok(())
    }

    /// Makes room for so many functions, [`heap::MAX_FUNCTIONS`] at most.
    pub(super) fn make_room_for_functions(&mut self, functions: u32) -> Result<(), Error> {
        debug_assert!(functions <= heap::MAX_FUNCTIONS);
        if functions <= self.functions {
            return Ok(());
        }
        let bytes = |count: u32| (count as usize * size_of::<usize>()).next_multiple_of(HOST_PAGE);
        let start = heap::FUNCTIONS as usize;
        let wanted = functions.max(self.functions.saturating_mul(2).min(heap::MAX_FUNCTIONS));
        self.mapping.make_accessible(start + bytes(self.functions), start + bytes(wanted))?;
        self.functions = (bytes(wanted) / size_of::<usize>()) as u32;
        Ok(())
    }

    /// Where the function with a number is, for which there is room.
    pub(super) fn function(&self, number: u32) -> *mut *mut FuncRef {
        debug_assert!(number < self.functions);
        let place = heap::FUNCTIONS as usize + number as usize * size_of::<usize>();
        self.base().wrapping_add(place).cast()
    }

    /// What is known of the type with a number, for which there is room: the display, then the
    /// kind.
    pub(super) fn ty(&self, number: u32) -> *mut [u32; heap::TYPE_SIZE as usize / 4] {
        debug_assert!(number < self.types);
        let place = heap::TYPES as usize + (number * heap::TYPE_SIZE) as usize;
        self.base().wrapping_add(place).cast()
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
}
