//! Address space of our own: reserved without access, and made accessible from the front.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};

use rustix::io::Errno;
use rustix::mm::{
    MapFlags, MprotectFlags, MsyncFlags, ProtFlags, mmap, mmap_anonymous, mprotect, msync, munmap,
};

use crate::Error;
use crate::vm::reuse::memories::Slot;

/// The size of a page of the host's memory, in bytes. Linux on x86-64 has no other.
pub(in crate::vm) const HOST_PAGE: usize = 4096;

// Code may read at most one page below a memory.
const _: () = assert!(HOST_PAGE <= wasm_types::abi::INTERRUPT_PAGE_SIZE as usize);

/// A reservation of address space, inaccessible except for what was made accessible.
#[derive(Debug)]
pub(in crate::vm) struct Mapping {
    base: NonNull<u8>,
    len: usize,
    /// Bytes below the base that belong to the mapping: none, or [`LEAD`].
    lead: usize,
    /// Whether the last page below the base is accessible.
    lead_is_open: bool,
    /// Present if it is one of a limited number that was made up front. It is given back when the
    /// mapping is unmapped, wherever that is.
    slot: Option<Slot>,
}

/// Why pages could not be replaced.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct NotReplaced {
    pub(in crate::vm) errno: Errno,
    /// Whether the previous contents are gone: then the pages are not accessible.
    pub(in crate::vm) emptied: bool,
}

/// The size of the address space below the base of a mapping that may need a page there, in bytes.
/// It is that of a huge page: the system aligns large mappings to huge pages, and so the base stays
/// aligned.
const LEAD: usize = 2 << 20;

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Mapping {}
// SAFETY: a shared reference only gives out the address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes, rounded up to whole pages, inaccessible. `what` says in the error what
    /// they were for.
    pub(in crate::vm) fn reserve(len: usize, what: &str) -> Result<Self, Error> {
        Self::reserve_after(0, len, what)
    }

    /// No bytes at all.
    pub(in crate::vm) fn empty() -> Self {
        Self { base: NonNull::dangling(), len: 0, lead: 0, lead_is_open: false, slot: None }
    }

    /// As [`reserve`](Self::reserve), with address space below the base. The last page of that can
    /// be made accessible.
    pub(in crate::vm) fn reserve_with_lead(len: usize, what: &str) -> Result<Self, Error> {
        Self::reserve_after(LEAD, len, what)
    }

    fn reserve_after(lead: usize, len: usize, what: &str) -> Result<Self, Error> {
        let rounded = len
            .checked_next_multiple_of(HOST_PAGE)
            .and_then(|len| len.checked_add(lead))
            .filter(|len| *len <= 1 << 47);
        let Some(len) = rounded else {
            return Err(Error::msg(format!(
                "{what} needs {len} bytes of address space, more than this machine has"
            )));
        };
        if len == 0 {
            return Ok(Self::empty());
        }
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                len,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        };
        match base {
            Ok(start) => {
                let base = start.cast::<u8>().wrapping_add(lead);
                let base = NonNull::new(base).expect("not mapped at 0");
                Ok(Self { base, len: len - lead, lead, lead_is_open: false, slot: None })
            }
            Err(errno) => Err(Error::msg(format!(
                "could not reserve {} bytes of address space for {what}: {errno}; \
                 raise the limit on address space (`ulimit -v`), keep fewer instances, or compile \
                 for explicit bounds checks, which need no such reservation: \
                 `Config::memory_reservation(0)` and a small `Config::memory_reservation_for_growth`",
                len - lead
            ))),
        }
    }

    /// The slot that makes the mapping one of a limited number. It can be set, or handed over to
    /// another mapping.
    pub(in crate::vm) fn slot(&mut self) -> &mut Option<Slot> {
        &mut self.slot
    }

    /// The first byte.
    pub(in crate::vm) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// How many bytes are reserved.
    pub(in crate::vm) fn len(&self) -> usize {
        self.len
    }

    /// Makes the page below the base readable, if it is not readable yet.
    pub(in crate::vm) fn open_lead(&mut self) -> Result<(), Error> {
        if !self.lead_is_open && self.lead > 0 {
            // SAFETY: the page belongs to this mapping, and nothing was ever written to it.
            unsafe { set_readable(self.base.as_ptr().addr() - HOST_PAGE, true)? };
            self.lead_is_open = true;
        }
        Ok(())
    }

    /// Whether there is address space below the base.
    pub(in crate::vm) fn has_lead(&self) -> bool {
        self.lead != 0
    }

    /// The address of the page below the base, if it was made readable.
    pub(in crate::vm) fn lead_page(&self) -> Option<usize> {
        self.lead_is_open.then(|| self.base.as_ptr().addr() - HOST_PAGE)
    }

    /// Makes bytes `from..to` readable and writable; both are multiples of the page size.
    pub(in crate::vm) fn make_accessible(&mut self, from: usize, to: usize) -> Result<(), Error> {
        self.protect(from, to, MprotectFlags::READ | MprotectFlags::WRITE)
    }

    /// Makes bytes `from..to` inaccessible again.
    pub(in crate::vm) fn make_inaccessible(&mut self, from: usize, to: usize) -> Result<(), Error> {
        self.protect(from, to, MprotectFlags::empty())
    }

    /// Discards what was written to bytes `from..to`: they are again what was mapped there.
    pub(in crate::vm) fn forget(&mut self, from: usize, to: usize) -> Result<(), Error> {
        debug_assert!(from <= to && to <= self.len);
        if from == to {
            return Ok(());
        }
        // SAFETY: the pages belong to this mapping, and nothing borrows them.
        unsafe {
            let start = self.base.as_ptr().add(from).cast();
            rustix::mm::madvise(start, to - from, rustix::mm::Advice::LinuxDontNeed)
        }
        .map_err(|errno| Error::msg(format!("could not reset a memory: {errno}")))
    }

    /// Replaces what is mapped at bytes `0..len`, all of which are accessible, by zeros that are
    /// accessible, too.
    pub(in crate::vm) fn renew(&mut self, len: usize) -> Result<(), NotReplaced> {
        self.map_over(0..len, ProtFlags::READ | ProtFlags::WRITE, None)
    }

    /// Replaces what is mapped at a range of bytes: by pages of a file from an offset on, private
    /// and writable, or by inaccessible zeros. Both ends are multiples of the page size.
    pub(in crate::vm) fn replace(
        &mut self,
        range: Range<usize>,
        file: Option<(BorrowedFd<'_>, u64)>,
    ) -> Result<(), NotReplaced> {
        let access = match file {
            Some(_) => ProtFlags::READ | ProtFlags::WRITE,
            None => ProtFlags::empty(),
        };
        self.map_over(range, access, file)
    }

    /// Maps pages of a file, or else zeros, over a range of bytes.
    ///
    /// This is the one place where anything is mapped over existing pages. The system may fail
    /// after it has unmapped these; then nobody else's mapping may come between.
    fn map_over(
        &mut self,
        range: Range<usize>,
        access: ProtFlags,
        file: Option<(BorrowedFd<'_>, u64)>,
    ) -> Result<(), NotReplaced> {
        assert!(range.start <= range.end && range.end <= self.len, "the range is in the mapping");
        debug_assert!(range.start.is_multiple_of(HOST_PAGE) && range.end.is_multiple_of(HOST_PAGE));
        if range.is_empty() {
            return Ok(());
        }
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: the pages belong to this mapping, and nothing borrows them.
        let replaced = unsafe {
            let start = self.base.as_ptr().add(range.start).cast();
            match file {
                None => mmap_anonymous(start, range.len(), access, flags),
                Some((file, offset)) => mmap(start, range.len(), access, flags, file, offset),
            }
        };
        replaced.map(drop).map_err(|errno| NotReplaced { errno, emptied: self.fill_hole(range) })
    }

    /// Reserves bytes of the mapping again, if the system has unmapped them. Returns whether it
    /// had.
    ///
    /// Ends the process if somebody else has mapped something there meanwhile: whatever is done
    /// with this mapping would be done to that.
    fn fill_hole(&mut self, range: Range<usize>) -> bool {
        // SAFETY: this gives an address within the mapping.
        let start = unsafe { self.base.as_ptr().add(range.start).cast::<c_void>() };
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
        // SAFETY: nothing that exists is replaced.
        match unsafe { mmap_anonymous(start, range.len(), ProtFlags::empty(), flags) } {
            Ok(place) if place == start => return true,
            // A system that does not know the flag treats the address as a hint.
            Ok(place) => {
                // SAFETY: just mapped, and nothing refers to it.
                let _ = unsafe { munmap(place, range.len()) };
            }
            Err(_) => {}
        }
        // Something is mapped there. If that is so everywhere, nothing was unmapped.
        // SAFETY: nothing is written: this only finds out whether everything is mapped.
        if unsafe { msync(start, range.len(), MsyncFlags::ASYNC) }.is_ok() {
            return false;
        }
        eprintln!(
            "the system has unmapped a part of a linear memory, and it can't be reserved again: \
             the process ends, since the address space may be another's"
        );
        std::process::abort()
    }

    fn protect(&mut self, from: usize, to: usize, access: MprotectFlags) -> Result<(), Error> {
        debug_assert!(from <= to && to <= self.len);
        debug_assert!(from.is_multiple_of(HOST_PAGE) && to.is_multiple_of(HOST_PAGE));
        if from == to {
            return Ok(());
        }
        // SAFETY: the pages belong to this mapping.
        unsafe { mprotect(self.base.as_ptr().add(from).cast(), to - from, access) }.map_err(
            |errno| {
                Error::msg(format!(
                    "could not make {} bytes of memory {}accessible: {errno}",
                    to - from,
                    if access.is_empty() { "in" } else { "" }
                ))
            },
        )
    }
}

/// Makes a page readable, or not accessible at all.
///
/// # Safety
///
/// The page is mapped, belongs to the caller, and is never written.
pub(in crate::vm) unsafe fn set_readable(page: usize, readable: bool) -> Result<(), Error> {
    let access = if readable { MprotectFlags::READ } else { MprotectFlags::empty() };
    // SAFETY: as the caller promises.
    unsafe { mprotect(ptr::with_exposed_provenance_mut(page), HOST_PAGE, access) }.map_err(
        |errno| {
            Error::msg(format!("could not change the access to the page for interruption: {errno}"))
        },
    )
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let len = self.len + self.lead;
        if len > 0 {
            // A system that has no room to split what it has merged with this mapping refuses. Then
            // it stays; nothing depends on it.
            // SAFETY: nothing refers to the mapping after its owner is gone.
            let _ = unsafe {
                let start = self.base.as_ptr().wrapping_sub(self.lead);
                munmap(start.cast(), len)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_has_unmapped_is_reserved_again() {
        let mut mapping = Mapping::reserve(8 * HOST_PAGE, "a test").unwrap();
        mapping.make_accessible(0, 4 * HOST_PAGE).unwrap();
        // SAFETY: the page is accessible.
        unsafe { mapping.base().write(7) };
        assert!(!mapping.fill_hole(0..4 * HOST_PAGE));
        // SAFETY: nothing was unmapped.
        assert_eq!(unsafe { mapping.base().read() }, 7);
        // SAFETY: the pages are this test's own.
        unsafe { munmap(mapping.base().cast(), 4 * HOST_PAGE) }.unwrap();
        assert!(mapping.fill_hole(0..4 * HOST_PAGE));
        mapping.make_accessible(0, 8 * HOST_PAGE).unwrap();
        // SAFETY: the page is accessible.
        assert_eq!(unsafe { mapping.base().read() }, 0);
    }

    /// A failure without an effect leaves what is mapped as it is.
    #[test]
    fn what_can_not_be_replaced_stays() {
        let mut mapping = Mapping::reserve(4 * HOST_PAGE, "a test").unwrap();
        mapping.make_accessible(0, 4 * HOST_PAGE).unwrap();
        // SAFETY: the page is accessible.
        unsafe { mapping.base().write(7) };
        let file = std::fs::File::open("/dev/null").unwrap();
        let file = std::os::fd::AsFd::as_fd(&file);
        // No file has pages at such an offset.
        let failed = mapping.replace(0..HOST_PAGE, Some((file, 1))).unwrap_err();
        assert!(!failed.emptied, "{failed:?}");
        // SAFETY: the page is still accessible.
        assert_eq!(unsafe { mapping.base().read() }, 7);
        mapping.renew(4 * HOST_PAGE).unwrap();
        // SAFETY: the page is accessible again.
        assert_eq!(unsafe { mapping.base().read() }, 0);
    }
}
