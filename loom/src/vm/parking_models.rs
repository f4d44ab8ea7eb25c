//! Waits for places in shared memories: nobody who is notified sleeps on, and nobody else is woken.

use std::convert::Infallible;

use loom::thread;

use super::interruption::reasons::{Interrupts, Reason};
use super::parking::{Parked, ParkingLot, Waited};
use super::sync::{Arc, AtomicUsize, Ordering};
use crate::model;

/// A place, and who waits for it.
struct Place {
    value: AtomicUsize,
    lot: ParkingLot,
}

impl Place {
    fn new() -> Arc<Self> {
        Arc::new(Self { value: AtomicUsize::new(0), lot: ParkingLot::new() })
    }

    fn is_zero(&self) -> bool {
        self.value.load(Ordering::SeqCst) == 0
    }

    /// Waits as long as the value is zero, and nothing interrupts.
    fn wait(&self) -> Waited<Infallible> {
        let never = || Ok::<_, Infallible>(None);
        let Ok(waited) = self.lot.wait(0, || self.is_zero(), None, |_| (), never);
        waited
    }

    /// Waits as long as the value is zero, until it is interrupted.
    fn wait_or_stop(&self, interrupts: &Arc<Interrupts>) -> Waited<()> {
        let stop = || Ok::<_, Infallible>(interrupts.has_reason().then_some(()));
        let alert = |parked: &_| interrupts.wake_when_raised(parked);
        let Ok(waited) = self.lot.wait(0, || self.is_zero(), None, alert, stop);
        waited
    }
}

/// Counts how often a future was woken. What Loom tries is who calls this, not when it counts.
#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) fn models() {
    model("parking: a future that is polled twice, and what wakes it", || {
        let parked = Parked::new();
        let other = Arc::clone(&parked);
        let thread = thread::spawn(move || other.wake().into_iter().for_each(|waker| waker.wake()));
        let count = Arc::new(Count::default());
        let waker = std::task::Waker::from(Arc::clone(&count));
        let polled = parked.was_woken(&waker) || parked.was_woken(&waker);
        thread.join().unwrap();
        let woken = count.0.load(Ordering::SeqCst);
        // Never lost; and one that was called leads to a poll that finds it.
        assert!(polled || (woken == 1 && parked.was_woken(&waker)));
    });
    model("parking: a wait, and the notification of a new value", || {
        let place = Place::new();
        let waiting = thread::spawn({
            let place = Arc::clone(&place);
            move || place.wait()
        });
        place.value.store(1, Ordering::SeqCst);
        let notified = place.lot.notify(0, 1);
        let expected = if notified == 1 { Waited::Woken } else { Waited::Mismatch };
        assert_eq!(waiting.join().expect("it does not panic"), expected);
    });
    model("parking: two waits, and two notifications", || {
        let place = Place::new();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let place = Arc::clone(&place);
                thread::spawn(move || place.wait())
            })
            .collect();
        place.value.store(1, Ordering::SeqCst);
        let notified = place.lot.notify(0, 1) + place.lot.notify(0, 1);
        let woken = waiting.into_iter().map(|one| one.join().expect("it does not panic"));
        let woken = woken.filter(|waited| *waited == Waited::Woken).count();
        assert_eq!(woken as u32, notified);
    });
    model("parking: a wait, and an interruption", || {
        let place = Place::new();
        let interrupts = Interrupts::new(u64::MAX, false);
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || interrupts.raise(Reason::Requested)
        });
        assert_eq!(place.wait_or_stop(&interrupts), Waited::Stopped(()));
        other.join().expect("it does not panic");
        assert_eq!(place.lot.notify(0, 1), 0);
    });
    model("parking: a wait, an interruption and a notification", || {
        let place = Place::new();
        let interrupts = Interrupts::new(u64::MAX, false);
        let other = thread::spawn({
            let interrupts = Arc::clone(&interrupts);
            move || interrupts.raise(Reason::Requested)
        });
        let notifying = thread::spawn({
            let place = Arc::clone(&place);
            move || place.lot.notify(0, 1)
        });
        let waited = place.wait_or_stop(&interrupts);
        other.join().expect("it does not panic");
        let notified = notifying.join().expect("it does not panic");
        assert!(waited != Waited::Woken || notified == 1, "{waited:?}, {notified}");
        assert_eq!(place.lot.notify(0, 1), 0);
    });
}
