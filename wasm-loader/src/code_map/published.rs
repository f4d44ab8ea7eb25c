//! A value that many threads read without a lock, and that is never changed but replaced.
//!
//! A reader announces itself in a counter, so that the thread that replaces the value can wait
//! until nobody reads the old one. The project's check `loom` tries this file with every order in
//! which threads can take turns.
#![allow(unsafe_code)]

use core::borrow::Borrow;

use super::sync::{AtomicPtr, AtomicUsize, Ordering, yield_now};

/// The value, and the counts of its readers. These may be elsewhere, so that what has a page of its
/// own does not make the rest take another one.
pub(super) struct Published<T, P = Present> {
    /// Null as long as there is none.
    pub(super) current: AtomicPtr<T>,
    /// The lowest bit of this number selects the counter in which new readers count themselves.
    pub(super) epoch: AtomicUsize,
    pub(super) present: P,
}

/// The threads that use the value now. A forked child has none of them except the thread that
/// forked, which was not reading or replacing then. So in a child all of this is zero. It has a
/// page of its own, which the system can clear.
#[repr(C, align(4096))]
pub(super) struct Present {
    /// How many readers there are.
    pub(super) readers: [AtomicUsize; 2],
    /// 1 while a thread replaces the value. A lock of the standard library would have to be made
    /// anew in a child.
    pub(super) writer: AtomicUsize,
}

/// A reader's announcement, withdrawn when it is dropped.
struct Reading<'a> {
    counter: &'a AtomicUsize,
}

/// The right to replace the value, returned when it is dropped.
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

impl<T, P: Borrow<Present>> Published<T, P> {
    fn announce(&self) -> Reading<'_> {
        loop {
            let epoch = self.epoch.load(Ordering::SeqCst);
            let counter = &self.present.borrow().readers[epoch & 1];
            counter.fetch_add(1, Ordering::SeqCst);
            // A writer that has changed the epoch in between may not have seen the announcement.
            if self.epoch.load(Ordering::SeqCst) & 1 == epoch & 1 {
                return Reading { counter };
            }
            counter.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Calls `read` with the value, if there is one. The value lives as long as the call. So does
    /// everything that [`replace`](Self::replace) takes out of it meanwhile.
    ///
    /// Async-signal-safe if `read` is: it takes no lock and allocates nothing.
    pub(super) fn read<R>(&self, read: impl FnOnce(Option<&T>) -> R) -> R {
        let _reading = self.announce();
        // SAFETY: a writer waits for the readers that were announced before it frees a value. A
        // reader that announces itself later finds the new value.
        read(unsafe { self.current.load(Ordering::SeqCst).as_ref() })
    }

    /// Replaces the value by a changed copy, and waits until nobody reads the old one. Then what
    /// the change has taken out may be freed.
    pub(super) fn replace(&self, change: impl FnOnce(&mut T))
    where
        T: Clone + Default,
    {
        let _writing = Writing::begin(self.present.borrow());
        let old = self.current.load(Ordering::SeqCst);
        // SAFETY: only a writer frees the value, and this is the only one.
        let mut value = unsafe { old.as_ref() }.cloned().unwrap_or_default();
        change(&mut value);
        self.current.store(Box::into_raw(Box::new(value)), Ordering::SeqCst);
        let before = self.epoch.fetch_add(1, Ordering::SeqCst);
        // Readers that come now use the other counter, so that this one goes down to zero.
        while self.present.borrow().readers[before & 1].load(Ordering::SeqCst) != 0 {
            yield_now();
        }
        if !old.is_null() {
            // SAFETY: the value was made by a box, can no longer be found, and no reader that found
            // it is left.
            drop(unsafe { Box::from_raw(old) });
        }
    }
}
