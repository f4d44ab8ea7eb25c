//! Interruption: no request is lost, and no page is touched that is no longer the store's.

use std::collections::BTreeMap;

use loom::thread;

use super::sync::Arc;
use crate::{Error, model};

#[path = "../../../wasm-store/src/vm/interruption/epochs.rs"]
mod epochs;
#[allow(dead_code, reason = "the store uses all of it")]
#[path = "../../../wasm-store/src/vm/interruption/reasons.rs"]
pub(super) mod reasons;

use epochs::Epochs;
use reasons::{Interrupts, Reason, Verdict};

/// The pages, and whether each is readable. Pages that are not in the map belong to nobody.
static PAGES: std::sync::Mutex<BTreeMap<usize, bool>> = std::sync::Mutex::new(BTreeMap::new());

/// Replaces the system call that protects pages.
unsafe fn set_readable(page: usize, readable: bool) -> Result<(), Error> {
    let mut pages = PAGES.lock().unwrap();
    *pages.get_mut(&page).expect("the page is the store's") = readable;
    Ok(())
}

/// The interrupts of a store with one page, which has started to run code.
fn started() -> Arc<Interrupts> {
    PAGES.lock().unwrap().insert(1, true);
    let interrupts = Interrupts::new(u64::MAX, false);
    // SAFETY: the page is in the list.
    unsafe { interrupts.add_page(1) };
    interrupts.start();
    interrupts
}

fn is_readable() -> bool {
    PAGES.lock().unwrap()[&1]
}

pub(crate) fn models() {
    model("interruption: a request while the store starts", || {
        PAGES.lock().unwrap().insert(1, true);
        let interrupts = Interrupts::new(u64::MAX, false);
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || interrupts.raise(Reason::Requested)
        });
        // SAFETY: the page is in the list.
        unsafe { interrupts.add_page(1) };
        interrupts.start();
        other.join().expect("it does not panic");
        assert_eq!(interrupts.reason().unwrap(), Some(Reason::Requested));
        assert!(!is_readable());
    });
    model("interruption: a request while another is handled", || {
        let interrupts = started();
        interrupts.raise(Reason::Requested);
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || interrupts.raise(Reason::Timeout)
        });
        let reason = interrupts.reason().unwrap().expect("one was there before");
        interrupts.take_back(reason);
        other.join().expect("it does not panic");
        let left = if reason == Reason::Requested { Reason::Timeout } else { Reason::Requested };
        assert_eq!(interrupts.reason().unwrap(), Some(left));
        assert!(!is_readable());
    });
    model("interruption: a request while the store is dropped", || {
        let interrupts = started();
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || interrupts.raise(Reason::Requested)
        });
        interrupts.close().unwrap();
        assert!(is_readable());
        // From here on the page belongs to nobody.
        PAGES.lock().unwrap().remove(&1);
        other.join().expect("it does not panic");
    });
    model("interruption: a wait in the host, and a request", || {
        let interrupts = started();
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || interrupts.raise(Reason::Requested)
        });
        let listening = interrupts.listen().expect("there is a descriptor");
        other.join().expect("it does not panic");
        assert!(interrupts.has_reason());
        if let Some(listening) = listening {
            rustix::io::read(&*listening.alarm, &mut [0; 8]).expect("it rings");
            assert!(interrupts.was_raised_since(&listening));
            assert!(interrupts.listen_anew(&listening).expect("none is made").is_none());
        }
        assert_eq!(interrupts.verdict().unwrap(), Verdict::Stop);
        assert!(is_readable(), "the request was handled");
    });
    model("interruption: a second request while the first is handled", || {
        let interrupts = started();
        interrupts.raise(Reason::Timeout);
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || {
                interrupts.raise(Reason::Requested);
                interrupts.take_back(Reason::Timeout);
            }
        });
        let first = interrupts.verdict().unwrap();
        assert_ne!(first, Verdict::GoOn);
        other.join().expect("it does not panic");
        // Either the timeout came first, and the request is still there, or the request came first.
        let again = interrupts.verdict().unwrap();
        let heard = is_readable();
        assert!(heard && matches!(again, Verdict::Stop | Verdict::GoOn), "{again:?}");
    });
    model("epochs: a store starts to wait, the host increments", || {
        let epochs = Arc::new(Epochs::default());
        let interrupts = started();
        let other = thread::spawn({
            let epochs = Arc::clone(&epochs);
            move || epochs.increment()
        });
        epochs.wait(&interrupts, 1);
        other.join().expect("it does not panic");
        // If the epoch was incremented before the store began to wait, one more increment is
        // needed.
        epochs.increment();
        assert_eq!(interrupts.reason().unwrap(), Some(Reason::Epoch));
        assert!(!is_readable());
        epochs.forget(&interrupts);
        assert!(is_readable());
    });
    model("epochs: a store postpones its deadline, the host increments", || {
        let epochs = Arc::new(Epochs::default());
        let interrupts = started();
        epochs.wait(&interrupts, 1);
        let other = thread::spawn({
            let epochs = Arc::clone(&epochs);
            move || epochs.increment()
        });
        epochs.wait(&interrupts, 5);
        other.join().expect("it does not panic");
        assert_eq!(interrupts.reason().unwrap(), None, "the deadline is far");
        assert!(is_readable());
        (0..5).for_each(|_| epochs.increment());
        assert_eq!(interrupts.reason().unwrap(), Some(Reason::Epoch));
        epochs.forget(&interrupts);
    });
    model("epochs: two increments, and a store that waits", || {
        let epochs = Arc::new(Epochs::default());
        let interrupts = started();
        let count = || {
            let epochs = Arc::clone(&epochs);
            thread::spawn(move || epochs.increment())
        };
        let others = [count(), count()];
        epochs.wait(&interrupts, 2);
        for other in others {
            other.join().expect("it does not panic");
        }
        (0..2).for_each(|_| epochs.increment());
        assert_eq!(interrupts.reason().unwrap(), Some(Reason::Epoch));
        epochs.forget(&interrupts);
    });
    model("epochs: a store is dropped, the host increments", || {
        let epochs = Arc::new(Epochs::default());
        let interrupts = started();
        epochs.wait(&interrupts, 1);
        let other = thread::spawn({
            let epochs = Arc::clone(&epochs);
            move || epochs.increment()
        });
        epochs.forget(&interrupts);
        interrupts.close().unwrap();
        assert!(is_readable());
        PAGES.lock().unwrap().remove(&1);
        other.join().expect("it does not panic");
    });
}
