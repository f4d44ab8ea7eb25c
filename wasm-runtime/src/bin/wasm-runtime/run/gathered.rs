//! The collected data about a program, and signals that end it.
//!
//! Ctrl-C and SIGTERM end a process that does not handle them, and an hour's profile with it. So
//! while a program is observed, a thread waits for these signals. It writes the reports, and then
//! lets the signal do what it does. This does not involve the program itself, so it works even if
//! the code can't be interrupted or waits for input. A program that is not observed has no such
//! thread, and ends like any process.

use std::fs;
use std::io;
use std::iter;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};
use wasm_runtime::Result;

use super::observe::Observers;
use crate::exit::message;

/// The signals that request the end of a process, and their names.
const SIGNALS: [(i32, &str); 2] = [(SIGINT, "Ctrl-C"), (SIGTERM, "SIGTERM")];

/// The observers of a program, until they have reported.
pub(super) struct Gathered(Arc<Mutex<Option<Observers>>>);

impl Gathered {
    /// Makes the observers report if a signal ends the program, too.
    pub(super) fn new(observers: Observers) -> Self {
        let reports = observers.will_report();
        let this = Self(Arc::new(Mutex::new(Some(observers))));
        if reports && let Err(error) = this.expect_signals() {
            message(format_args!(
                "warning: the collected data is lost if a signal ends the program: {error}"
            ));
        }
        this
    }

    /// Writes the collected data, however the program ended. If a signal has arrived meanwhile, it
    /// ends the process here.
    pub(super) fn report(&self) -> Result<()> {
        // Whoever holds the lock can write undisturbed.
        let mut observers = lock(&self.0);
        observers.take().map_or(Ok(()), Observers::report)
    }

    fn expect_signals(&self) -> io::Result<()> {
        let expected: Vec<i32> = SIGNALS
            .iter()
            .map(|(signal, _)| *signal)
            .filter(|signal| !is_ignored(*signal))
            .collect();
        let mut signals = Signals::new(iter::empty::<i32>())?;
        let handle = signals.handle();
        let observers = Arc::clone(&self.0);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if let Some(signal) = signals.forever().next() {
                end(signal, &observers);
            }
        })?;
        // The second signal ends the process at once, even during a report. Handlers run in the
        // order in which they are registered, so the first signal finds the flag as it is here, and
        // has set it before the thread reports anything.
        let came = Arc::new(AtomicBool::new(false));
        for signal in expected {
            flag::register_conditional_default(signal, Arc::clone(&came))?;
            flag::register(signal, Arc::clone(&came))?;
            handle.add_signal(signal)?;
        }
        Ok(())
    }
}

/// Writes the collected data, and ends the process as the signal does.
fn end(signal: i32, observers: &Mutex<Option<Observers>>) -> ! {
    // If the program is about to report, it waits here for the end of the process.
    let mut observers = lock(observers);
    if let Some(observers) = observers.take() {
        let name = SIGNALS.iter().find(|(number, _)| *number == signal).map_or("a signal", |s| s.1);
        message(format_args!(
            "note: {name} ends the program; the data collected so far is written"
        ));
        observers.break_off();
        if let Err(error) = observers.report() {
            message(format_args!("error: {error:?}"));
        }
    }
    // Whoever waits for this process must see that the signal has ended it.
    let _ = low_level::emulate_default_handler(signal);
    // If that should have failed: the code that a shell shows for the signal.
    low_level::exit(128 + signal)
}

fn lock(observers: &Mutex<Option<Observers>>) -> MutexGuard<'_, Option<Observers>> {
    // What is left of a report that panicked is written all the same.
    observers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the parent process has set this signal to be ignored. Shells do so with Ctrl-C for
/// programs in the background.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::is_ignored;

    #[test]
    fn what_is_ignored_is_known() {
        // The standard library sets it to be ignored.
        assert!(is_ignored(13), "SIGPIPE");
        assert!(!is_ignored(11), "SIGSEGV");
    }
}
