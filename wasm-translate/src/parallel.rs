//! The one place that knows whether there are several threads.
//!
//! The threads live as long as one compilation and belong to it: there is no pool that a process
//! would have all the time, that a child would lose with `fork`, or that two users of the library
//! would share. Making some takes a few dozen microseconds, so that small modules have none.
//!
//! Threads of std begin and end under a lock of std. A child that was forked while another thread
//! held it would wait for ever at its first own thread, so that it makes none: [`Making`].

#[cfg(feature = "parallel")]
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Functions together smaller than this many bytes of Wasm are not worth a second thread.
#[cfg(feature = "parallel")]
const WORTHWHILE: usize = 4 << 10;

/// Runs the work on up to `threads` threads at the same time (0 for as many as the machine has for
/// this process), with this thread among them, but on no more than there are items. Each run takes
/// items until there are none left.
///
/// If the system makes no further thread, those that there are do the work.
#[cfg(feature = "parallel")]
pub(crate) fn run(threads: usize, items: usize, bytes: usize, work: impl Fn() + Sync) {
    if threads == 1 || items <= 1 || bytes < WORTHWHILE {
        return work();
    }
    let Some(_making) = Making::begin() else { return work() };
    let threads = if threads == 0 { available() } else { threads };
    let others = threads.min(items).saturating_sub(1);
    std::thread::scope(|scope| {
        let thread = || std::thread::Builder::new().name("wasm-compile".into());
        // Those that could be made, up to the first that could not.
        let made: Vec<_> =
            (0..others).map_while(|_| thread().spawn_scoped(scope, &work).ok()).collect();
        work();
        // The scope waits for their work only, and not until they have given back std's lock.
        for thread in made {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// How many compilations may have threads that begin or end.
#[cfg(feature = "parallel")]
static MAKING: AtomicUsize = AtomicUsize::new(0);

/// The process that counts them. A child has its parent's count as it was at the `fork`.
#[cfg(feature = "parallel")]
static COUNTED_BY: AtomicU32 = AtomicU32::new(0);

/// Leave to make threads, until it is dropped.
#[cfg(feature = "parallel")]
struct Making(());

#[cfg(feature = "parallel")]
impl Making {
    /// None in a child that was forked while another thread of its parent had such leave.
    fn begin() -> Option<Self> {
        let this = std::process::id();
        if COUNTED_BY.load(Ordering::Relaxed) != this {
            if MAKING.load(Ordering::Relaxed) != 0 {
                return None;
            }
            COUNTED_BY.store(this, Ordering::Relaxed);
        }
        MAKING.fetch_add(1, Ordering::Relaxed);
        Some(Self(()))
    }
}

#[cfg(feature = "parallel")]
impl Drop for Making {
    fn drop(&mut self) {
        MAKING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many threads can run at the same time, as the system says. The query takes several system
/// calls, and the answer rarely changes.
///
/// Two threads may query at once. Nobody waits for another here, so that a child that was forked
/// meanwhile does not wait for ever.
#[cfg(feature = "parallel")]
fn available() -> usize {
    static AVAILABLE: AtomicUsize = AtomicUsize::new(0);
    match AVAILABLE.load(Ordering::Relaxed) {
        0 => {
            let number = std::thread::available_parallelism().map_or(1, |number| number.get());
            AVAILABLE.store(number, Ordering::Relaxed);
            number
        }
        number => number,
    }
}

/// Runs the work on this thread.
#[cfg(not(feature = "parallel"))]
pub(crate) fn run(_threads: usize, _items: usize, _bytes: usize, work: impl Fn() + Sync) {
    work();
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use super::*;

    #[test]
    fn as_many_threads_work_as_are_asked_for() {
        let seen = Mutex::new(HashSet::new());
        let all_here = Barrier::new(3);
        run(3, 10, WORTHWHILE, || {
            all_here.wait();
            seen.lock().unwrap().insert(thread::current().id());
        });
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 3);
        assert!(seen.contains(&thread::current().id()));
    }

    #[test]
    fn little_work_stays_on_this_thread() {
        let here = thread::current().id();
        for (threads, items, bytes) in [(1, 9, 1 << 20), (8, 1, 1 << 20), (8, 9, 100), (0, 0, 0)] {
            run(threads, items, bytes, || assert_eq!(thread::current().id(), here));
        }
    }
}
