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

/// A future that waits, as those of calls that may wait do.
struct Future {
    parked: Arc<Parked>,
    alert: Option<super::interruption::reasons::Alert>,
}

impl Future {
    /// Begins to wait, if the value is zero.
    fn new(place: &Place, interrupts: &Arc<Interrupts>) -> Option<Self> {
        let parked = Parked::new();
        place.lot.enter(0, || place.is_zero(), &parked).then(|| {
            let alert = Some(interrupts.wake_when_raised(&parked));
            Self { parked, alert }
        })
    }

    /// How the wait has ended, if it has. What wakes it and is neither a notification nor an
    /// interruption is its time, which is over.
    fn poll(
        &mut self,
        place: &Place,
        interrupts: &Arc<Interrupts>,
        waker: &std::task::Waker,
    ) -> Option<Waited<()>> {
        if !self.parked.was_woken(waker) {
            return None;
        }
        let waited = if !place.lot.is_queued(0, &self.parked) {
            Waited::Woken
        } else if interrupts.has_reason() {
            Waited::Stopped(())
        } else if place.lot.leave(0, &self.parked) {
            Waited::TimedOut
        } else {
            Waited::Woken
        };
        place.lot.leave(0, &self.parked);
        self.alert = None;
        Some(waited)
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
    for interrupted in [false, true] {
        let name = match interrupted {
            false => "parking: a future, whose time is over, and a notification of a new value",
            true => "parking: a future, whose time is over, a notification, and an interruption",
        };
        model(name, move || {
            let place = Place::new();
            let interrupts = Interrupts::new(u64::MAX, false);
            let count = Arc::new(Count::default());
            let waker = std::task::Waker::from(Arc::clone(&count));
            let notifying = thread::spawn({
                let place = Arc::clone(&place);
                move || {
                    place.value.store(1, Ordering::SeqCst);
                    place.lot.notify(0, 1)
                }
            });
            let Some(mut future) = Future::new(&place, &interrupts) else {
                assert_eq!(notifying.join().unwrap(), 0);
                return;
            };
            let parked = Arc::clone(&future.parked);
            let alarm = thread::spawn(move || {
                parked.wake().into_iter().for_each(|waker| waker.wake());
            });
            let stopping = interrupted.then(|| {
                let interrupts = Arc::clone(&interrupts);
                thread::spawn(move || interrupts.raise(Reason::Requested))
            });
            let first = future.poll(&place, &interrupts, &waker);
            let notified = notifying.join().unwrap();
            alarm.join().unwrap();
            stopping.into_iter().for_each(|thread| thread.join().unwrap());
            let waited = first.unwrap_or_else(|| {
                // Whoever was pending is polled again, since it was woken.
                assert!(count.0.load(Ordering::SeqCst) > 0);
                future.poll(&place, &interrupts, &waker).expect("it was woken")
            });
            match waited {
                Waited::Woken => assert_eq!(notified, 1),
                Waited::TimedOut => assert_eq!(notified, 0),
                Waited::Stopped(()) => assert!(interrupted),
                Waited::Mismatch => unreachable!("it waited"),
            }
            assert_eq!(place.lot.notify(0, 1), 0, "nobody is left in the queue");
        });
    }
}
