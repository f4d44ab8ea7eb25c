//! Which loaded code an address belongs to.
//!
//! Whatever is loaded is found here by addresses in its code: by signal handlers, which want to know
//! whether an instruction may trap, and for backtraces. The list is a sorted array that is never
//! changed but replaced ([`Published`]); reading takes no lock and no memory.
#![allow(unsafe_code)]

mod published;

use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Weak};

use wasm_artifact::Artifact;
use wasm_types::TrapCode;

use crate::loaded::Loaded;
use published::Published;
use sync::{AtomicPtr, AtomicUsize, Mutex};

/// What [`published`] is made of.
mod sync {
    pub(super) use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
    pub(super) use std::sync::{Mutex, PoisonError};
    pub(super) use std::thread::yield_now;
}

/// Why the instruction at an address traps; `Ok(None)` if the address is not in loaded code, or the
/// instruction is none that may trap.
///
/// Async-signal-safe: it takes no lock, allocates nothing and does not panic.
///
/// # Errors
///
/// If the address is in loaded code whose artifact is damaged where it says that.
pub fn trap_at(pc: usize) -> Result<Option<TrapCode>, wasm_artifact::Error> {
    let found =
        with_entry(pc, |entry, record| record.artifact.traps().lookup((pc - entry.start) as u32));
    found.unwrap_or(Ok(None))
}

/// How much fuel was taken ahead, or is still to be taken if negative, where the instruction at an address
/// traps: see [`Artifact::fuel_ahead`]. 0 if the address is not in loaded code.
///
/// # Errors
///
/// If the artifact is damaged where it says that.
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

/// The addresses of the loaded code that an address is in.
///
/// Async-signal-safe: it takes no lock, allocates nothing and does not panic.
pub fn code_range(pc: usize) -> Option<Range<usize>> {
    with_entry(pc, |entry, _| entry.start..entry.end)
}

/// The loaded artifact whose code an address is in. Not for signal handlers: if it is the last to
/// let go of the result, that unmaps it.
pub fn find(pc: usize) -> Option<Arc<Loaded>> {
    with_entry(pc, |_, record| record.loaded.upgrade())?
}

/// What is known of loaded code.
struct Record {
    artifact: Arc<Artifact<'static>>,
    loaded: Weak<Loaded>,
}

/// An element of the array.
#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    record: NonNull<Record>,
}

/// The array, sorted by address.
static ENTRIES: Published<Vec<Entry>> = Published {
    current: AtomicPtr::new(ptr::null_mut()),
    epoch: AtomicUsize::new(0),
    readers: [AtomicUsize::new(0), AtomicUsize::new(0)],
    writer: Mutex::new(()),
};

/// Calls `use_entry` with the entry that an address belongs to, which lives as long as the call.
fn with_entry<R>(pc: usize, use_entry: impl FnOnce(&Entry, &Record) -> R) -> Option<R> {
    ENTRIES.read(|entries| {
        let entries = entries?;
        let place = entries.partition_point(|entry| entry.start <= pc).checked_sub(1)?;
        let entry = entries.get(place).filter(|entry| pc < entry.end)?;
        // SAFETY: a record is freed after its entry was taken out of the array, and after that the
        // readers were waited for.
        Some(use_entry(entry, unsafe { entry.record.as_ref() }))
    })
}

/// Keeps loaded code in the array; dropping it takes it out.
pub(crate) struct Registration {
    /// None if there is no code.
    record: Option<NonNull<Record>>,
}

// SAFETY: the record is shared by readers of all threads anyway, and its parts allow for that.
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
        loaded: Weak<Loaded>,
    ) -> Self {
        if text.is_empty() {
            return Self { record: None };
        }
        let record = NonNull::from(Box::leak(Box::new(Record { artifact, loaded })));
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
