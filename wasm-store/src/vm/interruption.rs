//! Interruption of running code: the reasons to stop, and the pages that make code stop.
//!
//! Compiled code reads pages that are accessible as long as there is no reason to stop (see
//! [`wasm_types::abi`]). Every store has an [`Interrupts`]: it keeps the reasons, and makes the
//! store's pages inaccessible for as long as there is one. Reasons and pages change together, under
//! one lock, so that no reason is lost. If one is raised while no code runs, or while another is
//! being handled, the pages stay inaccessible. The fault leads to [`thunk`], on the thread that
//! runs the code, which looks up the reason.
//!
//! The pages are left alone until the store runs code for the first time. So a store that is made,
//! given a deadline and used takes no system call for it.

#![allow(unsafe_code)]

mod epochs;
mod pages;
mod reasons;
mod store;
mod timer;

use epochs::Epochs;
use pages::Pages;
pub(super) use pages::readable_page;
#[cfg(feature = "async")]
pub(super) use reasons::Alert;
pub(crate) use reasons::{Interrupts, Reason, Verdict};
#[cfg(feature = "debug")]
pub(super) use store::EpochCallback;
pub(crate) use store::{Decision, Timeout};
pub(super) use store::{StoreInterruption, call_begins, call_ended};
use timer::{Timer, Timers};

use super::sys::mapping::{HOST_PAGE, set_readable};
use crate::Error;

const _: () = assert!(HOST_PAGE == wasm_types::abi::INTERRUPT_PAGE_SIZE as usize);

/// What the stores of an engine share if their code can be interrupted.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    pub(super) epochs: Epochs,
    pub(super) pages: Pages,
    pub(super) timers: Timers,
    /// Whether code without a deadline is stopped.
    pub(super) needs_deadline: bool,
}

#[cfg(test)]
mod tests {
    use super::reasons::Listening;
    use super::*;
    use crate::vm::sys::mapping::Mapping;

    /// Whether a page is accessible, according to the system.
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
        interrupts.raise(Reason::Requested);
        assert!(is_readable(first), "nothing runs");
        interrupts.start();
        assert!(!is_readable(first));
        // SAFETY: as above.
        unsafe { interrupts.add_page(second) };
        assert!(!is_readable(second));
        interrupts.raise(Reason::Timeout);
        interrupts.take_back(Reason::Requested);
        assert_eq!(interrupts.reason().unwrap(), Some(Reason::Timeout));
        assert!(!is_readable(first));
        interrupts.take_back(Reason::Timeout);
        assert_eq!(interrupts.reason().unwrap(), None);
        assert!(is_readable(first) && is_readable(second));
        interrupts.raise(Reason::Requested);
        interrupts.close().unwrap();
        assert!(is_readable(first) && is_readable(second));
        interrupts.raise(Reason::Requested);
        assert!(is_readable(first) && is_readable(second));
        assert!(interrupts.listen().unwrap().is_some(), "the store is gone");
        pages.put(first);
        pages.put(second);
    }

    #[test]
    fn an_alarm_rings_while_there_is_a_reason() {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let interrupts = Interrupts::new(u64::MAX, false);
        let first = interrupts.listen().unwrap().unwrap();
        let rings = |listening: &Listening| {
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            let alarm = PollFd::new(&*listening.alarm, PollFlags::IN);
            poll(&mut [alarm], Some(&now)).unwrap() == 1
        };
        assert!(!rings(&first) && !interrupts.was_raised_since(&first));
        interrupts.raise(Reason::Requested);
        interrupts.raise(Reason::Requested);
        assert!(rings(&first));
        assert!(interrupts.listen().unwrap().is_none());
        assert_eq!(interrupts.verdict().unwrap(), Verdict::Stop);
        assert_eq!(interrupts.verdict().unwrap(), Verdict::GoOn);
        let second = interrupts.listen().unwrap().unwrap();
        assert!(!rings(&second) && !interrupts.was_raised_since(&second));
        assert!(rings(&first) && interrupts.was_raised_since(&first), "who is slow hears it too");
        interrupts.set_deadline(5);
        interrupts.reach(4);
        assert!(!rings(&second));
        interrupts.reach(5);
        assert!(rings(&second));
        assert_eq!(interrupts.verdict().unwrap(), Verdict::Deadline);
        interrupts.set_deadline(6);
        assert!(!rings(&interrupts.listen().unwrap().unwrap()));
    }

    #[test]
    fn an_alarm_that_others_ring_is_replaced() {
        let interrupts = Interrupts::new(u64::MAX, false);
        let first = interrupts.listen().unwrap().unwrap();
        let same = interrupts.listen().unwrap().unwrap();
        rustix::io::write(&*first.alarm, &1_u64.to_ne_bytes()).unwrap();
        let anew = interrupts.listen_anew(&first).unwrap().unwrap();
        assert!(!std::sync::Arc::ptr_eq(&first.alarm, &anew.alarm));
        let again = interrupts.listen_anew(&same).unwrap().unwrap();
        assert!(std::sync::Arc::ptr_eq(&again.alarm, &anew.alarm), "it is replaced once");
        assert!(!interrupts.was_raised_since(&first));
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
