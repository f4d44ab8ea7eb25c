//! Interruption of running code: who wants it, and the pages that make it happen.
//!
//! Compiled code reads pages that are accessible as long as nobody wants it to stop (see [`wasm_types::abi`]).
//! Every store has an [`Interrupts`], which says why its code is to stop, and which makes its pages
//! inaccessible for as long as there is a reason. Both change together, under one lock, so that no wish
//! is lost: one that comes while no code runs, or while another is being looked after, keeps the pages
//! inaccessible. The fault leads to [`thunk`], on the thread that runs the code, which asks for the reason.
//!
//! Pages are left alone until the store runs code for the first time, so that a store that is made, given a
//! deadline and used takes no system call for it.

#![allow(unsafe_code)]

mod epochs;
mod pages;
mod store;
mod thunk;
mod timer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use epochs::Epochs;
use pages::Pages;
pub(super) use pages::quiet;
pub(crate) use store::Timeout;
pub(super) use store::{StoreInterruption, call_begins, call_ended};
pub(super) use thunk::divert;
use timer::{Timer, Timers};

use super::mapping::{HOST_PAGE, set_readable};
use crate::Error;

const _: () = assert!(HOST_PAGE == wasm_types::abi::INTERRUPT_PAGE_SIZE as usize);

/// What the stores of an engine share whose code can be interrupted.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    pub(super) epochs: Epochs,
    pub(super) pages: Pages,
    pub(super) timers: Timers,
    /// Whether code is stopped that has no deadline.
    pub(super) needs_deadline: bool,
}

/// Why code is to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// Somebody asked for it.
    Asked,
    /// The deadline in epochs is reached.
    Epoch,
    /// A call takes too long.
    Timeout,
}

impl Reason {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Why the code of a store is to stop, if it is. Outlives the store, without effect.
#[derive(Debug)]
pub(crate) struct Interrupts {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Bits of [`Reason`].
    reasons: u8,
    /// The epoch that is waited for; the largest number if none is.
    deadline: u64,
    /// The addresses of the pages.
    pages: Vec<usize>,
    /// Whether code may be running, or run soon.
    started: bool,
    /// Whether the pages are inaccessible.
    is_stopped: bool,
    /// Whether the store is gone.
    is_closed: bool,
}

impl State {
    /// Makes the pages what the reasons ask for.
    fn apply(&mut self) -> Result<(), Error> {
        let stop = self.started && self.reasons != 0;
        if stop != self.is_stopped {
            // As long as one page is not accessible, all are counted as such.
            self.is_stopped = true;
            for page in &self.pages {
                // SAFETY: the pages are the store's, which takes its leave before they go.
                unsafe { set_readable(*page, !stop)? };
            }
            self.is_stopped = stop;
        }
        Ok(())
    }

    /// As [`apply`](Self::apply). If the system fails to make a page accessible again, the fault at it tries
    /// once more, and tells. To make a page inaccessible takes nothing that the system could lack, since
    /// none is part of a larger mapping.
    fn apply_later(&mut self) {
        let _ = self.apply();
    }
}

impl Interrupts {
    /// For a store whose deadline is the given epoch.
    pub(super) fn new(deadline: u64, reached: bool) -> Arc<Self> {
        let reasons = if reached { Reason::Epoch.bit() } else { 0 };
        Arc::new(Self {
            state: Mutex::new(State {
                reasons,
                deadline,
                pages: Vec::new(),
                started: false,
                is_stopped: false,
                is_closed: false,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two operations: a panic elsewhere does not harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the code stop, for a reason that stays until it is taken back.
    pub(crate) fn raise(&self, reason: Reason) {
        let mut state = self.state();
        if !state.is_closed {
            state.reasons |= reason.bit();
            state.apply_later();
        }
    }

    /// Takes a reason back.
    pub(super) fn take_back(&self, reason: Reason) {
        let mut state = self.state();
        state.reasons &= !reason.bit();
        state.apply_later();
    }

    /// Sets the epoch that is waited for, and returns the one before.
    fn set_deadline(&self, deadline: u64) -> u64 {
        let mut state = self.state();
        state.reasons &= !Reason::Epoch.bit();
        state.apply_later();
        std::mem::replace(&mut state.deadline, deadline)
    }

    /// Has the code stop if the epoch is one that is waited for.
    fn reach(&self, epoch: u64) {
        let mut state = self.state();
        if !state.is_closed && state.deadline <= epoch {
            state.reasons |= Reason::Epoch.bit();
            state.apply_later();
        }
    }

    /// Why the code has stopped: a call that takes too long before all else, a deadline last. `None` if it
    /// may go on.
    ///
    /// # Errors
    ///
    /// If there is no reason, and the system fails to make the pages accessible.
    fn reason(&self) -> Result<Option<Reason>, Error> {
        let mut state = self.state();
        let reasons = [Reason::Timeout, Reason::Asked, Reason::Epoch];
        match reasons.into_iter().find(|reason| state.reasons & reason.bit() != 0) {
            Some(reason) => Ok(Some(reason)),
            None => state.apply().map(|()| None),
        }
    }

    /// Tells that code is going to run for the first time.
    pub(super) fn start(&self) {
        let mut state = self.state();
        state.started = true;
        state.apply_later();
    }

    /// Takes a page that code of the store reads, and that is accessible.
    ///
    /// # Safety
    ///
    /// The page is a mapping of its own, which nobody else makes accessible or inaccessible before
    /// [`close`](Self::close) was called.
    pub(super) unsafe fn add_page(&self, page: usize) {
        let mut state = self.state();
        state.pages.push(page);
        if state.is_stopped {
            // SAFETY: as the caller promises.
            let stopped = unsafe { set_readable(page, false) };
            debug_assert!(stopped.is_ok(), "a page that is a mapping of its own can be protected");
        }
    }

    /// Leaves the pages accessible, and never touches them again.
    ///
    /// # Errors
    ///
    /// If the system fails to make them accessible: they can't be used again then.
    pub(super) fn close(&self) -> Result<(), Error> {
        let mut state = self.state();
        state.is_closed = true;
        state.reasons = 0;
        let result = state.apply();
        state.pages = Vec::new();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::mapping::Mapping;

    /// Whether a page is accessible, as the system says it.
    fn is_readable(page: usize) -> bool {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let number = |text| usize::from_str_radix(text, 16).unwrap();
            (number(start)..number(end)).contains(&page)
        });
        line.unwrap().split(' ').nth(1).unwrap().starts_with('r')
    }

    #[test]
    fn pages_follow_the_reasons() {
        let pages = Pages::default();
        let (first, second) = (pages.take().unwrap(), pages.take().unwrap());
        let interrupts = Interrupts::new(u64::MAX, false);
        // SAFETY: the pages are from the pool, and go back to it after the end.
        unsafe { interrupts.add_page(first) };
        interrupts.raise(Reason::Asked);
        assert!(is_readable(first), "nothing runs");
        interrupts.start();
        assert!(!is_readable(first));
        // SAFETY: as above.
        unsafe { interrupts.add_page(second) };
        assert!(!is_readable(second));
        interrupts.raise(Reason::Timeout);
        interrupts.take_back(Reason::Asked);
        assert_eq!(interrupts.reason().unwrap(), Some(Reason::Timeout));
        assert!(!is_readable(first));
        interrupts.take_back(Reason::Timeout);
        assert_eq!(interrupts.reason().unwrap(), None);
        assert!(is_readable(first) && is_readable(second));
        interrupts.raise(Reason::Asked);
        interrupts.close().unwrap();
        assert!(is_readable(first) && is_readable(second));
        interrupts.raise(Reason::Asked);
        assert!(is_readable(first) && is_readable(second));
        pages.put(first);
        pages.put(second);
    }

    #[test]
    fn the_page_before_a_mapping_can_be_opened() {
        let mut mapping = Mapping::reserve_with_lead(4 * HOST_PAGE, "a test").unwrap();
        assert_eq!(mapping.lead_page(), None);
        mapping.open_lead().unwrap();
        let page = mapping.lead_page().unwrap();
        assert_eq!(page + HOST_PAGE, mapping.base().addr());
        assert!(is_readable(page) && !is_readable(mapping.base().addr()));
    }
}
