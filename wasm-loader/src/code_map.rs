//! Which loaded code an address belongs to.
//!
//! Loaded code is found here by addresses in it. Signal handlers use this to find out whether an
//! instruction may trap, and backtraces use it too. The list is a sorted array that is never
//! changed but replaced (`Published`); reading takes no lock and no memory. The owner of loaded
//! code is an opaque handle here.
#![allow(unsafe_code)]

mod published;

use std::any::Any;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Weak};

use wasm_artifact::Artifact;
use wasm_types::TrapCode;

use published::{Present, Published};
use sync::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// The primitives of [`published`].
mod sync {
    pub(super) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
    pub(super) use std::thread::yield_now;
}

/// Why the instruction at an address traps. `Ok(None)` if the address is not in loaded code, or the
/// instruction is not one that may trap.
///
/// Async-signal-safe: it takes no lock, allocates nothing and does not panic.
///
/// # Errors
///
/// If the address is in loaded code, and the artifact is damaged where it says why the instruction
/// traps.
pub fn trap_at(pc: usize) -> Result<Option<TrapCode>, wasm_artifact::Error> {
    let found =
        with_entry(pc, |entry, record| record.artifact.traps().lookup((pc - entry.start) as u32));
    found.unwrap_or(Ok(None))
}

/// How much fuel was taken ahead, or is still to be taken if negative, where the instruction at an
/// address traps: see [`Artifact::fuel_ahead`]. 0 if the address is not in loaded code.
///
/// # Errors
///
/// If the artifact is damaged where it says so.
pub fn fuel_ahead_at(pc: usize) -> Result<i32, wasm_artifact::Error> {
    let ahead =
        |entry: &Entry, record: &Record| record.artifact.fuel_ahead((pc - entry.start) as u32);
    with_entry(pc, ahead).unwrap_or(Ok(0))
}

/// Whether an address is in loaded code.
///
/// Async-signal-safe: it takes no lock, allocates nothing and does not panic.
pub fn is_code(pc: usize) -> bool {
    code_range(pc).is_some()
}

/// The range of loaded code that contains an address.
///
/// Async-signal-safe: it takes no lock, allocates nothing and does not panic.
pub fn code_range(pc: usize) -> Option<Range<usize>> {
    with_entry(pc, |entry, _| entry.start..entry.end)
}

/// The owner of the code that contains an address, if it still lives. Not for signal handlers: if
/// the result is the last reference to be dropped, that drops the owner.
pub(crate) fn owner_at(pc: usize) -> Option<Arc<dyn Any + Send + Sync>> {
    with_entry(pc, |_, record| record.owner.upgrade())?
}

/// The record of loaded code.
struct Record {
    artifact: Arc<Artifact<'static>>,
    owner: Weak<dyn Any + Send + Sync>,
}

/// An element of the array.
#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    record: NonNull<Record>,
}

/// The array, sorted by address.
static ENTRIES: Published<Vec<Entry>, &Present> = Published {
    current: AtomicPtr::new(ptr::null_mut()),
    epoch: AtomicUsize::new(0),
    present: &PRESENT,
};

/// The threads that read or replace the array.
static PRESENT: Present =
    Present { readers: [AtomicUsize::new(0), AtomicUsize::new(0)], writer: AtomicUsize::new(0) };

/// Makes the system clear, in each forked child, the counts of threads that read or replace the
/// array. The child does not have these threads, and would wait for them for ever. Where the system
/// does not support that, a child may wait for ever if other threads were loading, or trapping, at
/// the fork.
fn forget_others_in_children() {
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    if IS_DONE.load(Ordering::Acquire) {
        return;
    }
    let page = (&raw const PRESENT).cast_mut().cast();
    let advice = rustix::mm::Advice::LinuxWipeOnFork;
    // SAFETY: the page belongs to a static with nothing else in it. It stays as it is in this
    // process. In a child, zero is a valid value of everything in it, and no thread there holds
    // anything of it.
    let _ = unsafe { rustix::mm::madvise(page, size_of::<Present>(), advice) };
    IS_DONE.store(true, Ordering::Release);
}

/// Calls `use_entry` with the entry that contains an address. The entry lives as long as the call.
fn with_entry<R>(pc: usize, use_entry: impl FnOnce(&Entry, &Record) -> R) -> Option<R> {
    ENTRIES.read(|entries| {
        let entries = entries?;
        let place = entries.partition_point(|entry| entry.start <= pc).checked_sub(1)?;
        let entry = entries.get(place).filter(|entry| pc < entry.end)?;
        // SAFETY: a record is freed only after its entry was taken out of the array and all readers
        // of the old array have finished.
        Some(use_entry(entry, unsafe { entry.record.as_ref() }))
    })
}

/// Keeps loaded code in the array; dropping it takes it out.
pub(crate) struct Registration {
    /// None if there is no code.
    record: Option<NonNull<Record>>,
}

// SAFETY: the record is shared by readers of all threads anyway, and its parts allow that.
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

impl Registration {
    /// # Safety
    ///
    /// The addresses must be those of the artifact's text, and what the artifact reads must stay
    /// valid until the registration is dropped.
    pub(crate) unsafe fn new(
        text: Range<usize>,
        artifact: Arc<Artifact<'static>>,
        owner: Weak<dyn Any + Send + Sync>,
    ) -> Self {
        if text.is_empty() {
            return Self { record: None };
        }
        forget_others_in_children();
        let record = NonNull::from(Box::leak(Box::new(Record { artifact, owner })));
        ENTRIES.replace(|entries| {
            let place = entries.partition_point(|entry| entry.start < text.start);
            entries.insert(place, Entry { start: text.start, end: text.end, record });
        });
        Self { record: Some(record) }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Some(record) = self.record else { return };
        ENTRIES.replace(|entries| entries.retain(|entry| entry.record != record));
        // SAFETY: the record was made by a box, and no reader can have it any more.
        drop(unsafe { Box::from_raw(record.as_ptr()) });
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system lists for each mapping what happens to it in children.
    #[test]
    fn the_page_of_present_threads_is_cleared_in_children() {
        forget_others_in_children();
        let page = (&raw const PRESENT).addr();
        assert_eq!((page % 4096, size_of::<Present>()), (0, 4096));
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let flags = |address: usize| {
            let mut lines = maps.lines().skip_while(|line| {
                let range = line.split(' ').next().and_then(|range| range.split_once('-'));
                let number = |text| usize::from_str_radix(text, 16);
                let range = range.map(|(start, end)| (number(start), number(end)));
                !matches!(range, Some((Ok(start), Ok(end))) if (start..end).contains(&address))
            });
            lines.find(|line| line.starts_with("VmFlags:")).unwrap()
        };
        assert!(flags(page).split(' ').any(|flag| flag == "wf"), "{}", flags(page));
        let others = [(&raw const ENTRIES.current).addr(), (&raw const ENTRIES.epoch).addr()];
        for other in others {
            assert!(!flags(other).split(' ').any(|flag| flag == "wf"), "{}", flags(other));
        }
    }
}
