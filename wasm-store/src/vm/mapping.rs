//! Address space of our own: reserved without access, made accessible from the front.

#![allow(unsafe_code)]

use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use crate::Error;

/// The size of a page of the host's memory, in bytes. Linux on x86-64 has no other.
pub(super) const HOST_PAGE: usize = 4096;

/// A reservation of address space, inaccessible but for what was made accessible.
#[derive(Debug)]
pub(super) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Mapping {}
// SAFETY: a shared reference only gives out the address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes, rounded up to whole pages, inaccessible. `what` says in the error what
    /// they were for.
    pub(super) fn reserve(len: usize, what: &str) -> Result<Self, Error> {
        let rounded = len.checked_next_multiple_of(HOST_PAGE).filter(|len| *len <= 1 << 47);
        let Some(len) = rounded else {
            return Err(Error::msg(format!(
                "{what} needs {len} bytes of address space, more than this machine has"
            )));
        };
        if len == 0 {
            return Ok(Self { base: NonNull::dangling(), len: 0 });
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
            Ok(base) => Ok(Self { base: NonNull::new(base.cast()).expect("not mapped at 0"), len }),
            Err(errno) => Err(Error::msg(format!(
                "could not reserve {len} bytes of address space for {what}: {errno}; \
                 raise the limit on address space (`ulimit -v`), keep fewer instances, or compile \
                 for explicit bounds checks, which need no such reservation: \
                 `Config::memory_reservation(0)` and a small `Config::memory_reservation_for_growth`"
            ))),
        }
    }

    /// The first byte.
    pub(super) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// How many bytes are reserved.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Makes bytes `from..to` readable and writable; both are multiples of the page size.
    pub(super) fn make_accessible(&mut self, from: usize, to: usize) -> Result<(), Error> {
        self.protect(from, to, MprotectFlags::READ | MprotectFlags::WRITE)
    }

    /// Makes bytes `from..to` inaccessible again.
    pub(super) fn make_inaccessible(&mut self, from: usize, to: usize) -> Result<(), Error> {
        self.protect(from, to, MprotectFlags::empty())
    }

    /// Forgets what was written to bytes `from..to`: they are again what was mapped there.
    pub(super) fn forget(&mut self, from: usize, to: usize) -> Result<(), Error> {
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

    /// Replaces what is mapped at bytes `0..len` by zeros that are not accessible, as they were at first.
    pub(super) fn blank(&mut self, len: usize) -> Result<(), Error> {
        debug_assert!(len <= self.len && len.is_multiple_of(HOST_PAGE));
        if len == 0 {
            return Ok(());
        }
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: the pages belong to this mapping, and nothing borrows them.
        unsafe { mmap_anonymous(self.base.as_ptr().cast(), len, ProtFlags::empty(), flags) }
            .map(drop)
            .map_err(|errno| Error::msg(format!("could not reset a memory: {errno}")))
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
                    "could not make {} bytes of memory accessible: {errno}",
                    to - from
                ))
            },
        )
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: nothing refers to the mapping after its owner is gone.
            let result = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
            debug_assert!(result.is_ok(), "a mapping can be unmapped");
        }
    }
}
