//! The contents of a memory at some time: taken, put back, and given to other memories.
//!
//! Contents are a **base**, which is pages in a sealed file without a name, and the few pages that
//! are **changed** compared with it. When contents are first taken, the memory itself switches to
//! the base, mapped privately. From then on its own pages are exactly those that were written
//! ([`for_each_written`]). So putting contents back touches only these pages, and taking contents
//! again keeps only these. Once they are many, the next contents get a base of their own. Other
//! memories map the same file, so that they share the pages that none of them writes.

use std::ops::{ControlFlow, Range};
use std::os::fd::{AsFd, OwnedFd};
use std::ptr;
use std::slice;
use std::sync::{Arc, OnceLock, Weak};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::retry_on_intr;
use rustix::mm::{MapFlags, ProtFlags};
use wasm_types::MemoryType;

use super::VmMemory;
use crate::Error;
use crate::vm::context::MemoryRecord;
use crate::vm::room_for;
use crate::vm::store::VmEngine;
use crate::vm::sys::mapping::HOST_PAGE;
use crate::vm::sys::pagemap::{Scan, for_each_written};
use crate::vm::sys::signals;

/// Up to this many changed pages are kept beside a base, even if the memory is small.
const FEW_CHANGED: usize = 512;

/// Larger memories may keep one in this many of their pages beside a base. So a whole copy is made
/// at most once for that many written pages.
const CHANGED_PART: usize = 8;

/// At most this many changed pages are copied into each fork. For more, a file is made that
/// includes them.
const FEW_COPIED: usize = 16;

/// Written pages are compared and copied back, which leaves them in memory. As a rule the same code
/// writes them again, and then takes no page fault, which costs ten times as much. But comparing
/// pages that turn out to be unchanged is wasted work. Once there are this many such pages, and
/// more than changed ones, all pages are given back to the kernel.
const MANY_UNCHANGED: usize = 512;

/// The bytes of a page.
type Page = [u8; HOST_PAGE];

/// A page that differs from the base, with its number. It is boxed, since an `Arc` itself can't be
/// allocated fallibly.
type Changed = (usize, Arc<Box<[Page]>>);

/// What there was no room for.
const WHAT: &str = "a snapshot of a memory";

/// The one page of a box that holds a page.
fn kept(page: &[Page]) -> &Page {
    &page[0]
}

static ZERO: Page = [0; HOST_PAGE];

/// Pages from the start of a memory, in a file that cannot change. What follows them is zero.
#[derive(Debug)]
struct Base {
    /// `None` if there are no pages.
    file: Option<OwnedFd>,
    /// The pages, mapped for reading.
    view: *const u8,
    /// The length in bytes, a whole number of pages.
    len: usize,
}

// SAFETY: the view is the base's own, and is never written.
unsafe impl Send for Base {}
// SAFETY: as above.
unsafe impl Sync for Base {}

impl Base {
    /// The page with this number.
    fn page(&self, number: usize) -> &Page {
        if number >= self.len / HOST_PAGE {
            return &ZERO;
        }
        // SAFETY: the view has that many pages; they never change.
        unsafe { &*self.view.add(number * HOST_PAGE).cast::<Page>() }
    }

    /// Makes a base of pages given as runs, in rising order: the number of the first page, and the
    /// pages. Zero pages take no room. The base has at least `least` pages.
    fn new<'a>(
        runs: impl Iterator<Item = (usize, &'a [Page])>,
        least: usize,
    ) -> Result<Self, Error> {
        let mut writer = Writer { file: None, end: least };
        for (first, pages) in runs {
            let mut written = 0;
            for (place, page) in pages.iter().enumerate() {
                if is_zero(page) {
                    writer.write(first + written, &pages[written..place])?;
                    written = place + 1;
                }
            }
            writer.write(first + written, &pages[written..])?;
        }
        writer.finish()
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        if self.len > 0 {
            // Where the system has no room for that, the view stays; nothing depends on it.
            // SAFETY: mapped when the base was made; nothing borrows it any more.
            let _ = unsafe { rustix::mm::munmap(self.view.cast_mut().cast(), self.len) };
        }
    }
}

/// Writes the file of a base.
struct Writer {
    file: Option<OwnedFd>,
    /// The end of the base, in pages.
    end: usize,
}

impl Writer {
    fn file(&mut self) -> Result<&OwnedFd, Error> {
        Ok(match &mut self.file {
            Some(file) => file,
            none => {
                // The file may exceed the limit for the size of files.
                signals::install()?;
                let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
                none.insert(memfd_create("wasm-snapshot", flags).map_err(no_file)?)
            }
        })
    }

    fn write(&mut self, first: usize, pages: &[Page]) -> Result<(), Error> {
        if pages.is_empty() {
            return Ok(());
        }
        self.end = self.end.max(first + pages.len());
        let mut bytes = pages.as_flattened();
        let mut offset = (first * HOST_PAGE) as u64;
        let file = self.file()?;
        while !bytes.is_empty() {
            match retry_on_intr(|| rustix::io::pwrite(file, bytes, offset)).map_err(no_file)? {
                0 => return Err(no_file(rustix::io::Errno::NOSPC)),
                count => {
                    bytes = &bytes[count..];
                    offset += count as u64;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Base, Error> {
        let len = self.end * HOST_PAGE;
        if len == 0 {
            return Ok(Base { file: None, view: ptr::null(), len });
        }
        let file = self.file()?;
        retry_on_intr(|| ftruncate(file, len as u64)).map_err(no_file)?;
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
        fcntl_add_seals(file, seals).map_err(no_file)?;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let view = unsafe {
            rustix::mm::mmap(ptr::null_mut(), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0)
        };
        let view = view.map_err(no_file)?.cast_const().cast();
        Ok(Base { file: self.file, view, len })
    }
}

fn no_file(errno: rustix::io::Errno) -> Error {
    Error::msg(format!(
        "could not keep the contents of a memory in a file without a name (memfd_create): {errno}; \
         snapshots need room for a copy of each memory, and a file descriptor for each"
    ))
}

fn is_zero(page: &Page) -> bool {
    page.chunks_exact(64).all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
}

/// The contents of a memory when they were taken.
#[derive(Debug)]
pub(crate) struct MemoryContents {
    /// The size in bytes.
    len: usize,
    base: Arc<Base>,
    /// The pages that differ from the base, in rising order.
    changed: Arc<Vec<Changed>>,
    /// A base that includes the changed pages, for forks.
    whole: OnceLock<Arc<Base>>,
}

impl MemoryContents {
    /// The size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The pages that are not all zero, with their offsets in bytes, in rising order. The last page
    /// may extend beyond the end of the memory; that part is zero.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut changed = self.changed.iter().peekable();
        (0..self.len.div_ceil(HOST_PAGE)).filter_map(move |number| {
            let page = match changed.next_if(|(other, _)| *other == number) {
                Some((_, page)) => kept(page),
                None => self.base.page(number),
            };
            (!is_zero(page)).then_some((number * HOST_PAGE, &page[..]))
        })
    }

    /// The base that a fork maps, and the pages that it copies.
    fn for_fork(&self) -> Result<(&Arc<Base>, &[Changed]), Error> {
        if self.changed.len() <= FEW_COPIED {
            return Ok((&self.base, &self.changed));
        }
        if let Some(whole) = self.whole.get() {
            return Ok((whole, &[]));
        }
        let mut changed = self.changed.iter().peekable();
        let runs = (0..self.len.div_ceil(HOST_PAGE)).map(|number| {
            let page = match changed.next_if(|(other, _)| *other == number) {
                Some((_, page)) => kept(page),
                None => self.base.page(number),
            };
            (number, slice::from_ref(page))
        });
        let whole = Base::new(runs, 0)?;
        Ok((self.whole.get_or_init(|| Arc::new(whole)), &[]))
    }
}

/// The contents that a memory shows where it was not written.
#[derive(Debug)]
pub(super) struct Shown {
    base: Arc<Base>,
    /// The changed pages of the contents that were taken last. Pages that are still the same are
    /// shared.
    last: Weak<Vec<Changed>>,
}

/// What was written to a memory since it shows its base.
struct Changes {
    /// The pages that differ from the base.
    pages: Arc<Vec<Changed>>,
    /// How many were written but are unchanged.
    unchanged: usize,
}

impl VmMemory {
    /// Takes the contents of the memory.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes, and nothing changes them meanwhile.
    pub(in crate::vm) unsafe fn take_contents(&mut self) -> Result<MemoryContents, Error> {
        let len = self.byte_size();
        if let Some(Changes { pages: changed, unchanged }) = self.changed_pages()? {
            if unchanged > MANY_UNCHANGED.max(changed.len()) {
                // Whether this succeeds or not, the memory holds what it held.
                let _ = self.mapping.forget(0, self.accessible);
                // SAFETY: as the caller promises.
                unsafe { self.copy_in(&changed) };
            }
            let shown = self.shown.as_mut().expect("only a memory with a base has changed pages");
            shown.last = Arc::downgrade(&changed);
            let base = Arc::clone(&shown.base);
            return Ok(MemoryContents { len, base, changed, whole: OnceLock::new() });
        }
        let image = self.image.as_ref().map_or(0..0, |image| image.range.clone());
        let backed = [0..self.shown.as_ref().map_or(0, |shown| shown.base.len), image];
        let start = self.mapping.base();
        let runs = self.pages_to_look_at(&backed)?.into_iter().map(|range| {
            // SAFETY: the pages are accessible; as the caller promises, they stay as they are.
            let pages = unsafe {
                slice::from_raw_parts(
                    start.add(range.start * HOST_PAGE).cast::<Page>(),
                    range.len(),
                )
            };
            (range.start, pages)
        });
        // From now on this file is behind all parts of the memory that had a file behind them, even
        // where they are zero.
        let least = backed.iter().map(|range| range.end).max().unwrap_or(0).min(self.accessible());
        let base = Arc::new(Base::new(runs, least.div_ceil(HOST_PAGE))?);
        // SAFETY: the base has what the memory holds, so that nothing seems to change.
        unsafe { self.map_base(&base)? };
        // Pages that were written beyond the base are zero, and stay.
        Ok(MemoryContents { len, base, changed: Arc::default(), whole: OnceLock::new() })
    }

    /// What differs from the base that the memory shows. `None` if the memory shows no base, or if
    /// so many pages differ that a new base is better.
    ///
    /// # Errors
    ///
    /// If the machine has no room for them.
    fn changed_pages(&self) -> Result<Option<Changes>, Error> {
        let Some(shown) = &self.shown else { return Ok(None) };
        let limit = FEW_CHANGED.max(self.accessible / HOST_PAGE / CHANGED_PART);
        let last = shown.last.upgrade().unwrap_or_default();
        let mut last = last.iter().peekable();
        let (mut changed, mut unchanged, mut failed) = (Vec::new(), 0, None);
        let mut look_at = |range: Range<usize>| {
            for number in range.start / HOST_PAGE..range.end / HOST_PAGE {
                // SAFETY: only accessible pages are reported; nothing changes them meanwhile.
                let page = unsafe { &*self.mapping.base().add(number * HOST_PAGE).cast::<Page>() };
                while last.next_if(|(other, _)| *other < number).is_some() {}
                if page == shown.base.page(number) {
                    unchanged += 1;
                    continue;
                }
                if changed.len() == limit {
                    return ControlFlow::Break(());
                }
                let known = last.next_if(|(other, _)| *other == number);
                let known = known.filter(|(_, known)| kept(known) == page);
                let page = match known {
                    Some((_, known)) => Ok(Arc::clone(known)),
                    None => room_for::copied(slice::from_ref(page), WHAT).map(Arc::new),
                };
                let added =
                    page.and_then(|page| room_for::push(&mut changed, (number, page), WHAT));
                if let Err(error) = added {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        let scan = for_each_written(self.mapping.base(), self.accessible(), &mut look_at);
        match (scan, failed) {
            (_, Some(error)) => Err(error),
            (Scan::Complete, None) => Ok(Some(Changes { pages: Arc::new(changed), unchanged })),
            // Without an answer from the kernel, every page may differ.
            (Scan::Stopped | Scan::Unknown, None) => Ok(None),
        }
    }

    /// The numbers of the pages that may be other than zero: those that were written, and those in
    /// the given ranges of bytes.
    ///
    /// # Errors
    ///
    /// If the machine has no room for the list.
    fn pages_to_look_at(&self, backed: &[Range<usize>]) -> Result<Vec<Range<usize>>, Error> {
        let clamp = |bytes: &Range<usize>| {
            let end = bytes.end.min(self.accessible()).div_ceil(HOST_PAGE);
            bytes.start / HOST_PAGE..end
        };
        let mut ranges: Vec<_> =
            backed.iter().map(clamp).filter(|range| !range.is_empty()).collect();
        let mut failed = None;
        let scan =
            for_each_written(self.mapping.base(), self.accessible(), |range| match room_for::push(
                &mut ranges,
                clamp(&range),
                WHAT,
            ) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            });
        if let Some(error) = failed {
            return Err(error);
        }
        if scan == Scan::Unknown {
            ranges = vec![clamp(&(0..self.accessible()))];
        }
        ranges.sort_unstable_by_key(|range| range.start);
        let mut end = 0;
        for range in &mut ranges {
            // A page is looked at once.
            range.start = range.start.max(end).min(range.end);
            end = end.max(range.end);
        }
        Ok(ranges)
    }

    /// How many bytes from the start can be read. None of a memory that was emptied: some of its
    /// pages may be inaccessible.
    fn accessible(&self) -> usize {
        if self.given_up { 0 } else { self.accessible }
    }

    /// Makes the memory what it was when the contents were taken. After an error the memory may be
    /// empty.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes; the contents are of this memory.
    pub(in crate::vm) unsafe fn put_back(
        &mut self,
        contents: &MemoryContents,
    ) -> Result<(), Error> {
        let accessible = contents.len.next_multiple_of(HOST_PAGE);
        let shows = |shown: &Shown| Arc::ptr_eq(&shown.base, &contents.base);
        // SAFETY: as the caller promises.
        unsafe {
            if self.shown.as_ref().is_some_and(shows) && contents.base.len <= accessible {
                if self.accessible > accessible {
                    self.mapping.forget(accessible, self.accessible)?;
                    self.mapping.make_inaccessible(accessible, self.accessible)?;
                    self.accessible = accessible;
                }
                self.set_len(contents.len)?;
                self.undo_writes(contents)?;
            } else {
                self.clear()?;
                self.set_len(contents.len)?;
                self.map_base(&contents.base)?;
                self.copy_in(&contents.changed);
            }
        }
        Ok(())
    }

    /// Restores the pages that were written since the memory shows the base of the contents.
    unsafe fn undo_writes(&mut self, contents: &MemoryContents) -> Result<(), Error> {
        let MemoryContents { base, changed, .. } = contents;
        let start = self.mapping.base();
        let (mut next, mut copied, mut unchanged) = (0, 0, 0);
        let scan = for_each_written(start, self.accessible, |range| {
            for number in range.start / HOST_PAGE..range.end / HOST_PAGE {
                // SAFETY: pages of contents, and pages that are reported, are accessible; nothing
                // borrows them.
                let live =
                    |number: usize| unsafe { &mut *start.add(number * HOST_PAGE).cast::<Page>() };
                // Changed pages that were not written since the base was mapped, and so show the
                // base.
                while next < changed.len() && changed[next].0 < number {
                    live(changed[next].0).copy_from_slice(kept(&changed[next].1));
                    next += 1;
                }
                let is_changed = next < changed.len() && changed[next].0 == number;
                let page = if is_changed { kept(&changed[next].1) } else { base.page(number) };
                if live(number) != page {
                    live(number).copy_from_slice(page);
                    copied += 1;
                } else if !is_changed {
                    unchanged += 1;
                }
                next += usize::from(is_changed);
            }
            ControlFlow::Continue(())
        });
        let mostly_unchanged = unchanged > MANY_UNCHANGED.max(copied);
        let rest = if scan == Scan::Complete && !mostly_unchanged {
            &changed[next..]
        } else {
            self.mapping.forget(0, self.accessible)?;
            changed
        };
        // SAFETY: as the caller promises.
        unsafe { self.copy_in(rest) };
        Ok(())
    }

    unsafe fn copy_in(&mut self, pages: &[Changed]) {
        for (number, page) in pages {
            debug_assert!((number + 1) * HOST_PAGE <= self.accessible);
            // SAFETY: pages of contents lie within the memory that they are put into; nothing
            // borrows it.
            unsafe {
                let to = self.mapping.base().add(number * HOST_PAGE).cast::<Page>();
                ptr::copy_nonoverlapping(kept(page), to, 1);
            }
        }
    }

    /// Makes the memory empty, and its reservation as it was at first.
    unsafe fn clear(&mut self) -> Result<(), Error> {
        let accessible = self.accessible;
        self.set_len(0)?;
        if accessible == 0 {
            (self.shown, self.image) = (None, None);
            return Ok(());
        }
        self.replace(0..accessible, None).map_err(|errno| not_mapped(accessible, errno))?;
        // Only after the replacement succeeded: what is still mapped must not be mistaken for zeros
        // by the next memory in this reservation.
        (self.accessible, self.shown, self.image) = (0, None, None);
        Ok(())
    }

    /// Makes the memory empty, as far as the machine allows, because what it should hold can't be
    /// put back. Instances that have it can't run until a state of it is put back.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes.
    pub(in crate::vm) unsafe fn give_up(&mut self) {
        self.given_up = true;
        // If even that fails, none of the pages counts as part of the memory.
        // SAFETY: as the caller promises.
        let _ = unsafe { self.clear() };
    }

    /// Maps a base over the start of the memory, and records that the memory shows it.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes.
    unsafe fn map_base(&mut self, base: &Arc<Base>) -> Result<(), Error> {
        if let Some(file) = &base.file {
            if base.len > self.accessible {
                return Err(Error::msg("the contents do not lie within their memory"));
            }
            // The file never changes.
            let mapped = self.replace(0..base.len, Some((file.as_fd(), 0)));
            mapped.map_err(|errno| not_mapped(base.len, errno))?;
        }
        self.shown = Some(Shown { base: Arc::clone(base), last: Weak::new() });
        self.image = None;
        Ok(())
    }

    /// A new memory with the contents of another.
    ///
    /// # Safety
    ///
    /// The record stays valid as long as the memory.
    pub(in crate::vm) unsafe fn of_contents(
        ty: MemoryType,
        engine: &VmEngine,
        record: ptr::NonNull<MemoryRecord>,
        contents: &MemoryContents,
    ) -> Result<Self, Error> {
        let (base, changed) = contents.for_fork()?;
        let pages = ty.pages_of(contents.len as u64);
        // SAFETY: as the caller promises; nothing borrows the new memory.
        unsafe {
            let mut memory = Self::new(MemoryType { minimum: pages, ..ty }, engine, record)?;
            memory.ty = ty;
            memory.map_base(base)?;
            memory.copy_in(changed);
            Ok(memory)
        }
    }
}

fn not_mapped(len: usize, errno: rustix::io::Errno) -> Error {
    Error::msg(format!(
        "could not map {len} bytes of a snapshot: {errno}; keep fewer instances or raise the limit on \
         mappings (sysctl vm.max_map_count)"
    ))
}
