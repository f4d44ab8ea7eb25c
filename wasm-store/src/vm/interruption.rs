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

use std::io;
use std::os::fd::OwnedFd;
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
    /// What wakes those who wait in host functions. There is none before the first wait.
    alarm: Option<Arc<OwnedFd>>,
    /// Whether it rings: it can be read from then.
    rings: bool,
}

/// What is to become of code that looks whether it is to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    GoOn,
    Stop,
    /// Its deadline is reached: whoever is to be asked says, and if nobody is, it stops.
    Deadline,
}

impl State {
    /// Adds a reason.
    fn raise(&mut self, reason: Reason) {
        if self.is_closed {
            return;
        }
        self.reasons |= reason.bit();
        self.apply_later();
        if let Some(alarm) = self.alarm.as_ref().filter(|_| !self.rings) {
            // The number that the alarm counts to has room for one.
            self.rings = rustix::io::write(&**alarm, &1_u64.to_ne_bytes()).is_ok();
        }
    }

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
                alarm: None,
                rings: false,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two operations: a panic elsewhere does not harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the code stop, for a reason that stays until it is taken back.
    pub(crate) fn raise(&self, reason: Reason) {
        self.state().raise(reason);
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
        if state.deadline <= epoch {
            state.raise(Reason::Epoch);
        }
    }

    /// What can be read from as soon as there is a reason to stop, for who waits in a host function. `None` if
    /// there is one now.
    ///
    /// # Errors
    ///
    /// If the system has none to give.
    pub(crate) fn listen(&self) -> io::Result<Option<Arc<OwnedFd>>> {
        use rustix::event::{EventfdFlags, eventfd};
        let mut state = self.state();
        if state.reasons != 0 {
            return Ok(None);
        }
        let alarm = match &state.alarm {
            Some(alarm) => Arc::clone(alarm),
            None => {
                let alarm = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
                Arc::clone(state.alarm.insert(Arc::new(alarm)))
            }
        };
        if state.rings {
            rustix::io::read(&*alarm, &mut [0; 8])?;
            state.rings = false;
        }
        Ok(Some(alarm))
    }

    /// What is to become of the code. Whoever asked for it to stop has been heard with this.
    ///
    /// # Errors
    ///
    /// As [`reason`](Self::reason).
    pub(crate) fn verdict(&self) -> Result<Verdict, Error> {
        Ok(match self.reason()? {
            None => Verdict::GoOn,
            Some(Reason::Timeout) => Verdict::Stop,
            Some(Reason::Asked) => {
                self.take_back(Reason::Asked);
                Verdict::Stop
            }
            Some(Reason::Epoch) => Verdict::Deadline,
        })
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
        assert!(interrupts.listen().unwrap().is_some(), "the store is gone");
        pages.put(first);
        pages.put(second);
    }

    #[test]
    fn an_alarm_rings_while_there_is_a_reason() {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let interrupts = Interrupts::new(u64::MAX, false);
        let alarm = interrupts.listen().unwrap().unwrap();
        let rings = || {
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            poll(&mut [PollFd::new(&*alarm, PollFlags::IN)], Some(&now)).unwrap() == 1
        };
        assert!(!rings());
        interrupts.raise(Reason::Asked);
        interrupts.raise(Reason::Asked);
        assert!(rings());
        assert!(interrupts.listen().unwrap().is_none());
        assert_eq!(interrupts.verdict().unwrap(), Verdict::Stop);
        assert_eq!(interrupts.verdict().unwrap(), Verdict::GoOn);
        assert!(interrupts.listen().unwrap().is_some());
        assert!(!rings(), "it is heard by who listens again");
        interrupts.set_deadline(5);
        interrupts.reach(4);
        assert!(!rings());
        interrupts.reach(5);
        assert!(rings());
        assert_eq!(interrupts.verdict().unwrap(), Verdict::Deadline);
        interrupts.set_deadline(6);
        assert!(interrupts.listen().unwrap().is_some());
        assert!(!rings());
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
