//! Which loaded code an address belongs to.
//!
//! Whatever is loaded is found here by addresses in its code: by signal handlers, which want to know
//! whether an instruction may trap, and for backtraces. The list is a sorted array that is never
//! changed but replaced. A reader announces itself in a counter, so that whoever replaces the array
//! can wait until nobody reads the old one; reading takes no lock and no memory.
#![allow(unsafe_code)]

use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasm_artifact::Artifact;
use wasm_types::TrapCode;

use crate::loaded::Loaded;

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

/// The array, sorted by address; null as long as nothing was loaded.
static ENTRIES: AtomicPtr<Vec<Entry>> = AtomicPtr::new(ptr::null_mut());
/// Readers count themselves in the counter that this number's lowest bit names.
static EPOCH: AtomicUsize = AtomicUsize::new(0);
/// How many readers there are.
static READERS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
/// Held by whoever replaces the array.
static WRITER: Mutex<()> = Mutex::new(());

/// A reader's announcement, withdrawn when it is dropped.
struct Reading {
    counter: &'static AtomicUsize,
}

impl Reading {
    fn start() -> Self {
        loop {
            let epoch = EPOCH.load(Ordering::SeqCst);
            let counter = &READERS[epoch & 1];
            counter.fetch_add(1, Ordering::SeqCst);
            // A writer that has changed the epoch in between may not have seen the announcement.
            if EPOCH.load(Ordering::SeqCst) & 1 == epoch & 1 {
                return Self { counter };
            }
            counter.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Calls `use_entry` with the entry that an address belongs to, which lives as long as the call.
fn with_entry<R>(pc: usize, use_entry: impl FnOnce(&Entry, &Record) -> R) -> Option<R> {
    let _reading = Reading::start();
    // SAFETY: whoever replaces an array waits for the readers announced before it frees it. A
    // reader that announces itself later finds the new one.
    let entries = unsafe { ENTRIES.load(Ordering::SeqCst).as_ref() }?;
    let place = entries.partition_point(|entry| entry.start <= pc).checked_sub(1)?;
    let entry = entries.get(place).filter(|entry| pc < entry.end)?;
    // SAFETY: a record is freed after its entry was taken out of the array, and after that the
    // readers were waited for.
    Some(use_entry(entry, unsafe { entry.record.as_ref() }))
}

/// Replaces the array and waits until nobody reads the old one.
fn replace(change: impl FnOnce(&mut Vec<Entry>)) {
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let old = ENTRIES.load(Ordering::SeqCst);
    // SAFETY: only a writer frees the array, and this is the only one.
    let mut entries = unsafe { old.as_ref() }.cloned().unwrap_or_default();
    change(&mut entries);
    ENTRIES.store(Box::into_raw(Box::new(entries)), Ordering::SeqCst);
    let before = EPOCH.fetch_add(1, Ordering::SeqCst);
    // Readers who come now use the other counter, so that this one runs out.
    while READERS[before & 1].load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    if !old.is_null() {
        // SAFETY: the array was made by a box, is no longer to be found, and no reader that found
        // it is left.
        drop(unsafe { Box::from_raw(old) });
    }
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
        replace(|entries| {
            let place = entries.partition_point(|entry| entry.start < text.start);
            entries.insert(place, Entry { start: text.start, end: text.end, record });
        });
        Self { record: Some(record) }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Some(record) = self.record else { return };
        replace(|entries| entries.retain(|entry| entry.record != record));
        // SAFETY: the record was made by a box, and no reader can have it any more.
        drop(unsafe { Box::from_raw(record.as_ptr()) });
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}
