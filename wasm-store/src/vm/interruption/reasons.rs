//! The reasons for the code of a store to stop, and the pages that make it stop: both under one
//! lock.
//!
//! The project's check `loom` tries this file with every order in which threads can take turns.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;

use super::{Error, set_readable};
use crate::vm::parking::{Parked, Wakers};
use crate::vm::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why code is to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// The host requested it.
    Requested,
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

/// The reasons for the code of a store to stop. Outlives the store, without effect then.
#[derive(Debug)]
pub(crate) struct Interrupts {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Bits of [`Reason`].
    reasons: u8,
    /// The epoch that is the deadline; the largest number if there is none.
    deadline: u64,
    /// The addresses of the pages.
    pages: Vec<usize>,
    /// Whether code may be running, or run soon.
    started: bool,
    /// Whether the pages are inaccessible. `None` if only some are, since the system has failed to
    /// change the others.
    is_stopped: Option<bool>,
    /// Whether the store is gone.
    is_closed: bool,
    /// How often a reason was raised.
    raised: u64,
    /// The alarm of the next waits in host functions. `None` if nobody has waited since the last
    /// alarm rang.
    alarm: Option<Alarm>,
    /// The threads and futures that are woken when a reason is raised.
    parked: Vec<Arc<Parked>>,
}

/// How often in a row the system is asked to make pages inaccessible.
const TRIES: usize = 100;

/// Wakes threads that wait in host functions. Once it has rung, its descriptor stays readable for
/// ever. So a slow waiter still finds it ringing, though others were woken before and wait again,
/// with another alarm.
#[derive(Clone, Debug)]
struct Alarm {
    fd: Arc<OwnedFd>,
    /// The process that made it. A forked child makes an alarm of its own: otherwise it would ring
    /// its parent's.
    process: u32,
}

/// What one wait is woken by.
#[derive(Debug)]
pub(crate) struct Listening {
    /// Readable as soon as there is a reason to stop.
    pub(crate) alarm: Arc<OwnedFd>,
    /// How often a reason had been raised before.
    raised: u64,
}

/// What happens to code that checks whether it is to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    GoOn,
    Stop,
    /// Its deadline is reached: the callback decides. Without a callback the code stops.
    Deadline,
}

/// A thread or a future that is woken when a reason to stop is raised.
#[derive(Debug)]
pub(crate) struct Alert {
    interrupts: Arc<Interrupts>,
    parked: Arc<Parked>,
    /// How often a reason had been raised before.
    #[cfg(feature = "async")]
    raised: u64,
}

#[cfg(feature = "async")]
impl Alert {
    /// Whether there is a reason to stop now, or one was raised since then, even if it was handled
    /// meanwhile.
    pub(crate) fn has_rung(&self) -> bool {
        let state = self.interrupts.state();
        state.reasons != 0 || state.raised != self.raised
    }
}

impl Drop for Alert {
    fn drop(&mut self) {
        let mut state = self.interrupts.state();
        state.parked.retain(|other| !Arc::ptr_eq(other, &self.parked));
    }
}

impl Alarm {
    fn is_own(&self) -> bool {
        self.process == std::process::id()
    }
}

impl State {
    /// Adds a reason. The wakers are to be called without the lock.
    fn raise(&mut self, reason: Reason) -> Wakers {
        let mut wakers = Wakers::default();
        if self.is_closed {
            return wakers;
        }
        self.reasons |= reason.bit();
        self.raised += 1;
        self.apply_later();
        self.parked.iter().for_each(|parked| wakers.add(parked.wake()));
        if let Some(alarm) = self.alarm.take().filter(Alarm::is_own) {
            // The alarm's counter is zero, so there is room for one more.
            let rung = rustix::io::write(&*alarm.fd, &1_u64.to_ne_bytes());
            debug_assert!(rung.is_ok(), "an alarm rings once");
        }
        wakers
    }

    fn listen(&mut self) -> io::Result<Option<Listening>> {
        use rustix::event::{EventfdFlags, eventfd};
        if self.reasons != 0 {
            return Ok(None);
        }
        let alarm = match self.alarm.as_ref().filter(|alarm| alarm.is_own()) {
            Some(alarm) => alarm,
            None => {
                let fd = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
                self.alarm.insert(Alarm { fd, process: std::process::id() })
            }
        };
        Ok(Some(Listening { alarm: Arc::clone(&alarm.fd), raised: self.raised }))
    }

    /// Makes the pages accessible or inaccessible, according to the reasons.
    fn apply(&mut self) -> Result<(), Error> {
        let stop = self.started && self.reasons != 0;
        if self.is_stopped != Some(stop) {
            self.is_stopped = None;
            for page in &self.pages {
                // SAFETY: the pages are the store's, which calls `close` before they are unmapped.
                unsafe { set_readable(*page, !stop)? };
            }
            self.is_stopped = Some(stop);
        }
        Ok(())
    }

    /// As [`apply`](Self::apply), but ignores failures. If the system fails to make a page
    /// accessible again, the fault at that page tries once more, and reports the failure. Making a
    /// page inaccessible takes next to nothing that the system could lack, since no page is part of
    /// a larger mapping. If that fails all the same, code that has to stop would go on: so it is
    /// tried again, and once more whenever something is raised or taken back.
    fn apply_later(&mut self) {
        for _ in 0..TRIES {
            if self.apply().is_ok() || self.reasons == 0 {
                break;
            }
        }
    }
}

impl Interrupts {
    /// For a store whose deadline is the given epoch.
    pub(crate) fn new(deadline: u64, reached: bool) -> Arc<Self> {
        let reasons = if reached { Reason::Epoch.bit() } else { 0 };
        Arc::new(Self {
            state: Mutex::new(State {
                reasons,
                deadline,
                pages: Vec::new(),
                started: false,
                is_stopped: Some(false),
                is_closed: false,
                raised: 0,
                alarm: None,
                parked: Vec::new(),
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Between any two operations the state is consistent: a panic elsewhere does not harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the code stop, for a reason that stays until it is taken back.
    pub(crate) fn raise(&self, reason: Reason) {
        self.raise_silently(reason).wake();
    }

    /// As [`raise`](Self::raise), for who holds locks: the wakers are to be called without them.
    pub(in crate::vm) fn raise_silently(&self, reason: Reason) -> Wakers {
        self.state().raise(reason)
    }

    /// Takes a reason back.
    pub(in crate::vm) fn take_back(&self, reason: Reason) {
        let mut state = self.state();
        state.reasons &= !reason.bit();
        state.apply_later();
    }

    /// Sets the epoch that is the deadline, and returns the previous one.
    pub(super) fn set_deadline(&self, deadline: u64) -> u64 {
        let mut state = self.state();
        state.reasons &= !Reason::Epoch.bit();
        state.apply_later();
        std::mem::replace(&mut state.deadline, deadline)
    }

    /// Makes the code stop if the epoch reaches the deadline.
    pub(super) fn reach(&self, epoch: u64) {
        let mut state = self.state();
        if state.deadline <= epoch {
            let wakers = state.raise(Reason::Epoch);
            drop(state);
            wakers.wake();
        }
    }

    /// Has a thread or a future woken whenever a reason to stop is raised, and now if there is one,
    /// until the value that is returned is dropped.
    pub(crate) fn wake_when_raised(self: &Arc<Self>, parked: &Arc<Parked>) -> Alert {
        let mut wakers = Wakers::default();
        let mut state = self.state();
        state.parked.push(Arc::clone(parked));
        #[cfg(feature = "async")]
        let raised = state.raised;
        if state.reasons != 0 {
            wakers.add(parked.wake());
        }
        drop(state);
        wakers.wake();
        Alert {
            interrupts: Arc::clone(self),
            parked: Arc::clone(parked),
            #[cfg(feature = "async")]
            raised,
        }
    }

    /// Whether there is a reason to stop now.
    pub(crate) fn has_reason(&self) -> bool {
        self.state().reasons != 0
    }

    /// What wakes a wait in a host function as soon as there is a reason to stop. `None` if there
    /// is one now.
    ///
    /// # Errors
    ///
    /// If the system can't provide an alarm.
    pub(crate) fn listen(&self) -> io::Result<Option<Listening>> {
        self.state().listen()
    }

    /// Whether a reason was raised since then, even if it was handled meanwhile.
    pub(crate) fn was_raised_since(&self, listening: &Listening) -> bool {
        self.state().raised != listening.raised
    }

    /// As [`listen`](Self::listen), but with another alarm: the current one rings though no reason
    /// was raised. This process did not ring it, but descriptors can be shared with other
    /// processes.
    ///
    /// # Errors
    ///
    /// As for [`listen`](Self::listen).
    pub(crate) fn listen_anew(&self, listening: &Listening) -> io::Result<Option<Listening>> {
        let mut state = self.state();
        if state.alarm.as_ref().is_some_and(|alarm| Arc::ptr_eq(&alarm.fd, &listening.alarm)) {
            state.alarm = None;
        }
        state.listen()
    }

    /// What happens to the code. This handles a requested interruption: the request is taken back.
    ///
    /// # Errors
    ///
    /// As [`reason`](Self::reason).
    pub(crate) fn verdict(&self) -> Result<Verdict, Error> {
        Ok(match self.reason()? {
            None => Verdict::GoOn,
            Some(Reason::Timeout) => Verdict::Stop,
            Some(Reason::Requested) => {
                self.take_back(Reason::Requested);
                Verdict::Stop
            }
            Some(Reason::Epoch) => Verdict::Deadline,
        })
    }

    /// Why the code has stopped. A call that takes too long comes before all else, a deadline last.
    /// `None` if the code may continue.
    ///
    /// # Errors
    ///
    /// If there is no reason, and the system fails to make the pages accessible.
    pub(super) fn reason(&self) -> Result<Option<Reason>, Error> {
        let mut state = self.state();
        let reasons = [Reason::Timeout, Reason::Requested, Reason::Epoch];
        match reasons.into_iter().find(|reason| state.reasons & reason.bit() != 0) {
            Some(reason) => Ok(Some(reason)),
            None => state.apply().map(|()| None),
        }
    }

    /// Records that code is going to run for the first time.
    pub(in crate::vm) fn start(&self) {
        let mut state = self.state();
        state.started = true;
        state.apply_later();
    }

    /// Takes over a page that code of the store reads, and that is accessible.
    ///
    /// # Safety
    ///
    /// The page is a mapping of its own. Nobody else makes it accessible or inaccessible before
    /// [`close`](Self::close) was called.
    pub(in crate::vm) unsafe fn add_page(&self, page: usize) {
        let mut state = self.state();
        state.pages.push(page);
        if state.is_stopped != Some(false) {
            state.is_stopped = None;
            state.apply_later();
        }
    }

    /// Leaves the pages accessible, and never touches them again.
    ///
    /// # Errors
    ///
    /// If the system fails to make them accessible. They can't be used again then.
    pub(in crate::vm) fn close(&self) -> Result<(), Error> {
        let mut state = self.state();
        state.is_closed = true;
        state.reasons = 0;
        let result = state.apply();
        state.pages = Vec::new();
        result
    }
}
