//! The engine's free list of memory reservations.
//!
//! A reservation that comes back is reset (written pages forgotten, grown pages inaccessible) and
//! keeps its initial image mapped, so that the next instance of the same module gets it with no
//! system call.

#![allow(unsafe_code)]

use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasm_loader::Loaded;

use super::mapping::Mapping;

/// How many unused reservations an engine keeps: they cost address space and, once reset, no
/// memory.
const KEEP: usize = 128;

/// Which image is mapped at the start of a reservation.
#[derive(Clone, Debug)]
pub(super) struct ImageKey {
    module: Weak<Loaded>,
    memory: u32,
}

impl ImageKey {
    /// The image of one of a module's memories.
    pub(super) fn new(module: &Arc<Loaded>, memory: u32) -> Self {
        Self { module: Arc::downgrade(module), memory }
    }

    fn is(&self, other: &Self) -> bool {
        self.memory == other.memory && Weak::ptr_eq(&self.module, &other.module)
    }
}

/// A reservation as it is handed from one memory to the next.
#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) mapping: Mapping,
    /// Bytes from the start that are accessible.
    pub(super) accessible: usize,
    /// What the accessible bytes are when nothing was written: an image, or else zero.
    pub(super) image: Option<ImageKey>,
}

/// The unused reservations of an engine. All are of the size that its tunables say.
#[derive(Debug, Default)]
pub(super) struct MemoryPool {
    free: Mutex<Vec<Reservation>>,
}

impl MemoryPool {
    /// A reservation with the given image (or none) and exactly so many accessible bytes.
    pub(super) fn take(&self, image: Option<&ImageKey>, accessible: usize) -> Option<Reservation> {
        // The list is whole between any two operations: a panic elsewhere does not harm it.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // The one that came back last is the one whose pages are still in the caches.
        let place = free.iter().rposition(|reservation| {
            let same_image = match (&reservation.image, image) {
                (Some(one), Some(other)) => one.is(other),
                (None, None) => true,
                _ => false,
            };
            same_image && reservation.accessible == accessible
        })?;
        Some(free.remove(place))
    }

    /// Takes a reservation back: forgets what was written, and makes all but the first `initial`
    /// bytes inaccessible again. One that can't be reset is unmapped.
    pub(super) fn put(&self, mut reservation: Reservation, initial: usize) {
        let accessible = reservation.accessible;
        let reset = reservation
            .mapping
            .forget(0, accessible)
            .and_then(|()| reservation.mapping.make_inaccessible(initial, accessible));
        if reset.is_err() {
            return;
        }
        reservation.accessible = initial;
        let mut evicted = Vec::new();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() >= KEEP {
            let gone = |image: &ImageKey| image.module.strong_count() == 0;
            let of_dropped = free.iter().position(|r| r.image.as_ref().is_some_and(gone));
            evicted.push(free.remove(of_dropped.unwrap_or(0)));
        }
        free.push(reservation);
        // Unmapped only after the lock is given back.
        drop(free);
        drop(evicted);
    }
}
