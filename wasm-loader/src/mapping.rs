//! Bytes mapped read-only, one part of which becomes executable.
//!
//! No page is ever writable and executable at once, and none that was executable becomes writable.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::slice;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};

use crate::place;

/// A private mapping that is never written once it was made.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<u8>,
    len: usize,
    executable: Range<usize>,
}

// SAFETY: the mapping is owned, and only read after its construction.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes of a file; `len` must not be zero.
    ///
    /// # Safety
    ///
    /// Nobody may change the file, or truncate it, as long as the mapping exists.
    pub(crate) unsafe fn of_file(file: BorrowedFd<'_>, len: usize) -> io::Result<Self> {
        // SAFETY: the kernel follows a hint only where nothing is mapped: the new mapping touches
        // nothing that exists.
        let base =
            unsafe { mmap(place::hint(len), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0)? };
        Ok(Self { base: non_null(base)?, len, executable: 0..0 })
    }

    /// Maps a part of a file, executable from the start; `offset` must be that of a page, and `len`
    /// not zero.
    ///
    /// # Safety
    ///
    /// As for [`of_file`](Self::of_file).
    pub(crate) unsafe fn of_code(
        file: BorrowedFd<'_>,
        offset: u64,
        len: usize,
    ) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::EXEC;
        // SAFETY: as above.
        let base = unsafe { mmap(place::hint(len), len, access, MapFlags::PRIVATE, file, offset)? };
        Ok(Self { base: non_null(base)?, len, executable: 0..len })
    }

    /// A copy of the bytes, which must not be empty.
    pub(crate) fn of_bytes(bytes: &[u8]) -> io::Result<Self> {
        Self::filled(bytes.len(), |copy| {
            copy.copy_from_slice(bytes);
            Ok(())
        })
    }

    /// `len` bytes that `fill` writes (they are zero before) and that nobody writes afterwards.
    /// `len` must not be zero.
    pub(crate) fn filled(
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> io::Result<()>,
    ) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: as above.
        let base = unsafe { mmap_anonymous(place::hint(len), len, access, MapFlags::PRIVATE)? };
        let mapping = Self { base: non_null(base)?, len, executable: 0..0 };
        // SAFETY: the mapping has that many bytes, is writable and belongs to nobody else yet.
        fill(unsafe { slice::from_raw_parts_mut(mapping.base.as_ptr(), len) })?;
        // SAFETY: it is the mapping's own range, and no reference to it exists any more.
        unsafe { mprotect(base, len, MprotectFlags::READ)? };
        Ok(mapping)
    }

    /// Makes a range of bytes executable. It must start at a page and lie within the mapping.
    /// Nothing happens if it is executable already.
    pub(crate) fn make_executable(&mut self, range: Range<usize>) -> io::Result<()> {
        if range == self.executable {
            return Ok(());
        }
        let fits = range.start <= range.end && range.end <= self.len;
        if !fits {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the start lies within the mapping.
        let start = unsafe { self.base.as_ptr().add(range.start) };
        // SAFETY: the range lies within the mapping's own pages. They stay readable, so that
        // references to them stay valid. The instruction cache needs nothing: the kernel brings it
        // up to date when a page first becomes executable.
        unsafe {
            mprotect(start.cast(), range.len(), MprotectFlags::READ | MprotectFlags::EXEC)?;
        }
        self.executable = range;
        Ok(())
    }

    /// The bytes. They live as long as the mapping; the caller must not use them any longer.
    ///
    /// # Safety
    ///
    /// The result must not be used after the mapping was dropped.
    pub(crate) unsafe fn bytes(&self) -> &'static [u8] {
        // SAFETY: the mapping is readable and is never written again. The caller promises that the
        // mapping lives as long as the result is used.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // A system that has no room to split what it has merged with this mapping refuses. Then it
        // stays; nothing depends on it.
        // SAFETY: the mapping belongs to this value, and all users of its bytes have promised not
        // to use them any more.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
    }
}

fn non_null(address: *mut c_void) -> io::Result<NonNull<u8>> {
    NonNull::new(address.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}
