//! What was gathered of a program, and signals that end it.
//!
//! Ctrl-C and SIGTERM end a process that does not expect them, and with it what a profile has gathered in an hour. So
//! while a program is watched, a thread waits for them: it writes the reports and then has the signal do what it
//! does. The program itself is not asked, so that it does not matter whether its code can be interrupted or
//! waits for input. Who is not watched gets no thread, and ends as any process.

use std::fs;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};
use wasm_runtime::Result;

use super::observe::Observers;
use crate::exit::tell;

/// The signals that end a process on request, and what they are called.
const SIGNALS: [(i32, &str); 2] = [(SIGINT, "Ctrl-C"), (SIGTERM, "SIGTERM")];

/// The observers of a program, until they have reported.
pub(super) struct Gathered(Arc<Mutex<Option<Observers>>>);

impl Gathered {
    /// Has the observers report when a signal ends the program, too.
    pub(super) fn new(observers: Observers) -> Self {
        let reports = observers.will_report();
        let this = Self(Arc::new(Mutex::new(Some(observers))));
        if reports && let Err(error) = this.expect_signals() {
            tell(format_args!(
                "warning: what is gathered is lost if a signal ends the program: {error}"
            ));
        }
        this
    }

    /// Writes what was gathered, however the program ended. If a signal has come meanwhile, it ends the process here.
    pub(super) fn report(&self) -> Result<()> {
        // Who has the lock writes, and is not disturbed.
        let mut observers = lock(&self.0);
        observers.take().map_or(Ok(()), Observers::report)
    }

    fn expect_signals(&self) -> io::Result<()> {
        let expected: Vec<i32> = SIGNALS
            .iter()
            .map(|(signal, _)| *signal)
            .filter(|signal| !is_ignored(*signal))
            .collect();
        let mut signals = Signals::new(&expected)?;
        let observers = Arc::clone(&self.0);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if let Some(signal) = signals.forever().next() {
                end(signal, &observers);
            }
        })?;
        // The second one ends the process at once, whatever is being written. What is registered first runs
        // first, so that the first signal finds the flag as it is here.
        let came = Arc::new(AtomicBool::new(false));
        for signal in expected {
            flag::register_conditional_default(signal, Arc::clone(&came))?;
            flag::register(signal, Arc::clone(&came))?;
        }
        Ok(())
    }
}

/// Writes what was gathered, and ends the process as the signal does.
fn end(signal: i32, observers: &Mutex<Option<Observers>>) -> ! {
    // Whoever is about to report waits for the end of the process.
    let mut observers = lock(observers);
    if let Some(observers) = observers.take() {
        let name = SIGNALS.iter().find(|(number, _)| *number == signal).map_or("a signal", |s| s.1);
        tell(format_args!("note: {name} ends the program; what was gathered so far is written"));
        observers.break_off();
        if let Err(error) = observers.report() {
            tell(format_args!("error: {error:?}"));
        }
    }
    // Who waits for this process is to see that it was the signal.
    let _ = low_level::emulate_default_handler(signal);
    // What a shell shows for it, should that have failed.
    low_level::exit(128 + signal)
}

fn lock(observers: &Mutex<Option<Observers>>) -> MutexGuard<'_, Option<Observers>> {
    // What a report that panicked has left is to be written all the same.
    observers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether whoever started this process wants it to ignore a signal, as shells do with Ctrl-C for what runs in
/// the background.
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
        // The standard library has programs ignore it.
        assert!(is_ignored(13), "SIGPIPE");
        assert!(!is_ignored(11), "SIGSEGV");
    }
}
