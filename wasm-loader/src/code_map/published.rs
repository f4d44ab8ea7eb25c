//! A value that many read without a lock, and that is never changed but replaced.
//!
//! A reader announces itself in a counter, so that whoever replaces the value can wait until nobody reads the
//! old one. The project's check `loom` tries this file in every order in which threads can take their turns.
#![allow(unsafe_code)]

use super::sync::{AtomicPtr, AtomicUsize, Ordering, yield_now};

/// The value, and who reads it.
pub(super) struct Published<T> {
    /// Null as long as there is none.
    pub(super) current: AtomicPtr<T>,
    /// Readers count themselves in the counter that this number's lowest bit names.
    pub(super) epoch: AtomicUsize,
    pub(super) present: Present,
}

/// Who is here: of a process that was forked, none but the thread that has forked it, and that one reads and
/// replaces nothing meanwhile. So all of it is zero in a child. It has a page of its own, which the system can clear.
#[repr(C, align(4096))]
pub(super) struct Present {
    /// How many readers there are.
    pub(super) readers: [AtomicUsize; 2],
    /// 1 while somebody replaces the value. A lock of the standard library would have to be made anew in a child.
    pub(super) writer: AtomicUsize,
}

/// A reader's announcement, withdrawn when it is dropped.
struct Reading<'a> {
    counter: &'a AtomicUsize,
}

/// The right to replace the value, given back when it is dropped.
struct Writing<'a>(&'a AtomicUsize);

impl<'a> Writing<'a> {
    fn begin(present: &'a Present) -> Self {
        while present.writer.swap(1, Ordering::SeqCst) != 0 {
            yield_now();
        }
        Self(&present.writer)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<T> Published<T> {
    fn announce(&self) -> Reading<'_> {
        loop {
            let epoch = self.epoch.load(Ordering::SeqCst);
            let counter = &self.present.readers[epoch & 1];
            counter.fetch_add(1, Ordering::SeqCst);
            // A writer that has changed the epoch in between may not have seen the announcement.
            if self.epoch.load(Ordering::SeqCst) & 1 == epoch & 1 {
                return Reading { counter };
            }
            counter.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Calls `read` with the value, if there is one. It lives as long as the call, and so does what was taken
    /// out of it by [`replace`](Self::replace) meanwhile.
    ///
    /// Async-signal-safe if `read` is: it takes no lock and allocates nothing.
    pub(super) fn read<R>(&self, read: impl FnOnce(Option<&T>) -> R) -> R {
        let _reading = self.announce();
        // SAFETY: whoever replaces a value waits for the readers announced before it frees it. A reader that
        // announces itself later finds the new one.
        read(unsafe { self.current.load(Ordering::SeqCst).as_ref() })
    }

    /// Replaces the value by a changed copy, and waits until nobody reads the old one. What the change has
    /// taken out may be freed then.
    pub(super) fn replace(&self, change: impl FnOnce(&mut T))
    where
        T: Clone + Default,
    {
        let _writing = Writing::begin(&self.present);
        let old = self.current.load(Ordering::SeqCst);
        // SAFETY: only a writer frees the value, and this is the only one.
        let mut value = unsafe { old.as_ref() }.cloned().unwrap_or_default();
        change(&mut value);
        self.current.store(Box::into_raw(Box::new(value)), Ordering::SeqCst);
        let before = self.epoch.fetch_add(1, Ordering::SeqCst);
        // Readers who come now use the other counter, so that this one runs out.
        while self.present.readers[before & 1].load(Ordering::SeqCst) != 0 {
            yield_now();
        }
        if !old.is_null() {
            // SAFETY: the value was made by a box, is no longer to be found, and no reader that found it is
            // left.
            drop(unsafe { Box::from_raw(old) });
        }
    }
}
