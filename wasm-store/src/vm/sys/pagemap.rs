//! Which pages of a private mapping were written. These are the pages that must be reset before
//! another instance gets the mapping, and that a snapshot must keep.
//!
//! A page of a private mapping that was written belongs to the process: it is in memory or swapped
//! out, and is neither a page of the file nor the page of zeros. `PAGEMAP_SCAN` (Linux 6.7) lists
//! such pages in one system call, without any preparation of the mapping. Where the kernel does not
//! have it, or a sandbox refuses it, the answer is [`Scan::Unknown`], and every page must be
//! treated as written. The answer may have too many pages (a page may have been overwritten with
//! the same bytes), never too few.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fs::File;
use std::io::ErrorKind;
use std::mem::{MaybeUninit, size_of};
use std::ops::{ControlFlow, Range};
use std::os::fd::IntoRawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use super::mapping::{HOST_PAGE, Mapping};
use super::process;

/// How a scan ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::vm) enum Scan {
    /// Every written page was reported.
    Complete,
    /// The callback did not want more pages.
    Stopped,
    /// The kernel does not provide the information. Some pages may have been reported; any page may
    /// be written.
    Unknown,
}

/// Whether the kernel tells which pages were written.
pub(crate) fn reports_written_pages() -> bool {
    let Ok(page) = Mapping::reserve(HOST_PAGE, "a page") else { return false };
    for_each_written(page.base(), HOST_PAGE, |_| ControlFlow::Continue(())) == Scan::Complete
}

/// Calls `each` with the pages that were written, in rising order, as ranges of bytes from `start`.
/// Adjacent ranges may be reported separately.
///
/// `start` is the address of a page; `len` is rounded up to whole pages. What is mapped there must
/// be private, as all memories are; in a shared mapping no page counts as written. Pages that were
/// only read, and parts of the range where nothing is mapped, are not reported.
pub(in crate::vm) fn for_each_written(
    start: *const u8,
    len: usize,
    mut each: impl FnMut(Range<usize>) -> ControlFlow<()>,
) -> Scan {
    let base = start.addr() as u64;
    let end = base + len.next_multiple_of(HOST_PAGE) as u64;
    let mut from = base;
    while from < end {
        let Some(pagemap) = pagemap() else { return Scan::Unknown };
        let mut regions = [const { MaybeUninit::<PageRegion>::uninit() }; REGIONS];
        let mut request = PmScanArg {
            size: size_of::<PmScanArg>() as u64,
            flags: 0,
            start: from,
            end,
            walk_end: 0,
            vec: regions.as_mut_ptr().addr() as u64,
            vec_len: REGIONS as u64,
            max_pages: 0,
            category_inverted: PAGE_IS_FILE | PAGE_IS_PFNZERO,
            category_mask: PAGE_IS_FILE | PAGE_IS_PFNZERO,
            category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
            return_mask: PAGE_IS_PRESENT,
        };
        // The kernel gets the address as a number: from here on the buffer may be written to.
        let _ = regions.as_mut_ptr().expose_provenance();
        // SAFETY: the request and what it points to are valid for the call, and as large as it
        // says. It only reads page tables.
        let count = unsafe { libc::ioctl(pagemap, PAGEMAP_SCAN, &raw mut request) };
        let count = match usize::try_from(count) {
            Ok(count) if count <= REGIONS && request.walk_end > from => count,
            _ => {
                refused();
                return Scan::Unknown;
            }
        };
        for region in &regions[..count] {
            // SAFETY: the kernel has filled as many elements as it said.
            let region = unsafe { region.assume_init_ref() };
            let range = (region.start - base) as usize..(region.end - base) as usize;
            if each(range).is_break() {
                return Scan::Stopped;
            }
        }
        from = request.walk_end;
    }
    Scan::Complete
}

/// How many ranges the kernel is queried for at once.
const REGIONS: usize = 42;

/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: libc::Ioctl = 0xc060_6610_u32 as libc::Ioctl;

const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;
const PAGE_IS_PFNZERO: u64 = 1 << 5;

/// `struct pm_scan_arg` of `linux/fs.h`.
#[repr(C)]
struct PmScanArg {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// `struct page_region` of `linux/fs.h`.
#[repr(C)]
struct PageRegion {
    start: u64,
    end: u64,
    _categories: u64,
}

const _: () = assert!(size_of::<PmScanArg>() == 0x60 && size_of::<PageRegion>() == 24);

/// The descriptor was not opened yet in this process. This is what a page of zeros holds.
const NOT_OPENED: i32 = 0;
/// The kernel does not have the system call, or does not allow it.
const REFUSED: i32 = -1;

/// The process's descriptor of its own page tables plus one, or one of the above.
///
/// A descriptor that was opened before a `fork` refers to the parent's memory. So its number is one
/// of the words that the kernel clears in the child, where the next scan opens another.
fn state() -> Option<&'static AtomicI32> {
    process::own().map(|own| &own.pagemap)
}

/// The descriptor to query, if there is one.
fn pagemap() -> Option<c_int> {
    let state = state()?;
    match state.load(Ordering::Acquire) {
        NOT_OPENED => open(state),
        REFUSED => None,
        opened => Some(opened - 1),
    }
}

#[cold]
fn open(state: &AtomicI32) -> Option<c_int> {
    // The standard library opens all files with close-on-exec.
    let file = match File::open("/proc/self/pagemap") {
        Ok(file) => file,
        Err(error) => {
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) {
                refused();
            }
            // Other errors may be temporary, such as too many open files: the next scan tries
            // again.
            return None;
        }
    };
    let fd = file.into_raw_fd();
    match state.compare_exchange(NOT_OPENED, fd + 1, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Some(fd),
        Err(other) => {
            // SAFETY: opened above, and nobody else knows it. Another thread was faster.
            unsafe { libc::close(fd) };
            (other > 0).then(|| other - 1)
        }
    }
}

/// Remembers that the kernel refuses, so that it is not queried each time. The descriptor stays
/// open: another thread may be about to use it.
#[cold]
fn refused() {
    if let Some(state) = state() {
        state.store(REFUSED, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::ptr;

    use super::*;

    /// A private mapping that is unmapped at the end.
    struct Pages {
        base: *mut u8,
        len: usize,
    }

    impl Pages {
        fn new(pages: usize, fd: Option<c_int>) -> Self {
            let len = pages * HOST_PAGE;
            let anonymous = if fd.is_some() { 0 } else { libc::MAP_ANONYMOUS };
            // SAFETY: a new mapping touches nothing that exists.
            let base = unsafe {
                libc::mmap(
                    ptr::null_mut(),
                    len,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | anonymous,
                    fd.unwrap_or(-1),
                    0,
                )
            };
            assert_ne!(base, libc::MAP_FAILED);
            Self { base: base.cast(), len }
        }

        fn write(&self, page: usize) {
            // SAFETY: within the mapping, which nothing borrows.
            unsafe { self.base.add(page * HOST_PAGE + 17).write_volatile(1) };
        }

        fn read(&self, page: usize) -> u8 {
            // SAFETY: as above.
            unsafe { self.base.add(page * HOST_PAGE).read_volatile() }
        }

        /// The numbers of the written pages, or `None` where the kernel does not provide them.
        fn written(&self) -> Option<Vec<usize>> {
            let mut pages = Vec::new();
            let scan = for_each_written(self.base, self.len, |range| {
                assert!(range.start < range.end && range.end <= self.len);
                pages.extend(range.step_by(HOST_PAGE).map(|offset| offset / HOST_PAGE));
                ControlFlow::Continue(())
            });
            match scan {
                Scan::Complete => Some(pages),
                Scan::Unknown => None,
                Scan::Stopped => unreachable!("nobody stopped it"),
            }
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: the mapping is this value's own.
            unsafe { libc::munmap(self.base.cast(), self.len) };
        }
    }

    fn file(pages: usize) -> File {
        let path = std::env::temp_dir().join(format!("written-{}-{pages}", std::process::id()));
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(&vec![7; pages * HOST_PAGE]).unwrap();
        file
    }

    /// Whether this kernel has the system call at all. If not, the answer must be that it is
    /// unknown.
    fn supported() -> bool {
        let pages = Pages::new(1, None);
        pages.write(0);
        pages.written().is_some()
    }

    #[test]
    fn pages_without_a_file() {
        let pages = Pages::new(64, None);
        if !supported() {
            assert_eq!(pages.written(), None);
            return;
        }
        assert_eq!(pages.written().unwrap(), []);
        assert_eq!(pages.read(5), 0);
        assert_eq!(pages.written().unwrap(), [], "what is only read is the page of zeros");
        pages.write(5);
        pages.write(6);
        pages.write(63);
        assert_eq!(pages.written().unwrap(), [5, 6, 63]);
    }

    #[test]
    fn pages_of_a_file() {
        let file = file(40);
        let pages = Pages::new(40, Some(file.as_raw_fd()));
        if !supported() {
            return assert_eq!(pages.written(), None);
        }
        (0..40).for_each(|page| assert_eq!(pages.read(page), 7));
        assert_eq!(pages.written().unwrap(), []);
        pages.write(0);
        pages.write(39);
        assert_eq!(pages.written().unwrap(), [0, 39]);
        // SAFETY: within the mapping, which nothing borrows.
        unsafe { libc::madvise(pages.base.cast(), HOST_PAGE, libc::MADV_DONTNEED) };
        assert_eq!(pages.read(0), 7);
        assert_eq!(pages.written().unwrap(), [39]);
    }

    #[test]
    fn more_ranges_than_one_query_reports() {
        let pages = Pages::new(8 * REGIONS, None);
        if !supported() {
            return assert_eq!(pages.written(), None);
        }
        let odd: Vec<_> = (0..8 * REGIONS).filter(|page| page % 2 == 1).collect();
        odd.iter().for_each(|page| pages.write(*page));
        assert_eq!(pages.written().unwrap(), odd);
        let mut reported = 0;
        let scan = for_each_written(pages.base, pages.len, |_| {
            reported += 1;
            if reported == REGIONS + 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((scan, reported), (Scan::Stopped, REGIONS + 1));
    }

    #[test]
    fn pages_that_became_inaccessible_count() {
        let pages = Pages::new(8, None);
        if !supported() {
            return assert_eq!(pages.written(), None);
        }
        pages.write(2);
        // SAFETY: the pages belong to the mapping.
        unsafe { libc::mprotect(pages.base.cast(), pages.len, libc::PROT_NONE) };
        assert_eq!(pages.written().unwrap(), [2]);
    }

    #[test]
    fn huge_pages_count_whole() {
        const HUGE: usize = 512;
        let pages = Pages::new(3 * HUGE, None);
        // SAFETY: the pages belong to the mapping. Where there are no huge pages this does nothing.
        unsafe { libc::madvise(pages.base.cast(), pages.len, libc::MADV_HUGEPAGE) };
        let first = pages.base.addr().next_multiple_of(HUGE * HOST_PAGE) - pages.base.addr();
        let page = first / HOST_PAGE + 100;
        assert_eq!(pages.read(page), 0);
        if !supported() {
            return assert_eq!(pages.written(), None);
        }
        assert_eq!(pages.written().unwrap(), [], "the huge page of zeros is not written");
        pages.write(page);
        let written = pages.written().unwrap();
        assert!(written.contains(&page));
        assert!(written.len() == 1 || written.len() == HUGE, "{}", written.len());
    }

    #[test]
    fn a_forked_process_looks_at_its_own_pages() {
        if !supported() {
            return;
        }
        let pages = Pages::new(4, None);
        pages.write(1);
        assert_eq!(pages.written().unwrap(), [1]);
        // SAFETY: the child makes system calls only, no allocation but for opening a file by a name
        // of fixed length, and leaves without running anything of the parent's.
        let child = unsafe { libc::fork() };
        if child == 0 {
            pages.write(3);
            let (mut seen, mut count) = ([0; 4], 0);
            let scan = for_each_written(pages.base, pages.len, |range| {
                for offset in range.step_by(HOST_PAGE) {
                    seen[count.min(3)] = offset / HOST_PAGE;
                    count += 1;
                }
                ControlFlow::Continue(())
            });
            let good = scan == Scan::Complete && count == 2 && seen[..2] == [1, 3];
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(if good { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(status, 0);
        assert_eq!(pages.written().unwrap(), [1], "what the child wrote is the child's");
    }
}
