//! The outcome of a script.

use super::WastError;

/// The outcomes of a script's directives.
#[derive(Debug, Default)]
pub struct Summary {
    pub(super) passed: usize,
    pub(super) skipped: Vec<Skipped>,
    pub(super) failures: Vec<WastError>,
}

impl Summary {
    /// How many directives succeeded.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// Adds what a thread of the script has done.
    pub(super) fn add(&mut self, thread: Summary) {
        self.passed += thread.passed;
        self.skipped.extend(thread.skipped);
        self.failures.extend(thread.failures);
    }

    /// The directives that depend on modules that were refused because of a missing proposal.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The directives that failed, if the whole script was run all the same
    /// ([`Runner::run_to_end`](super::Runner::run_to_end)).
    pub fn failures(&self) -> &[WastError] {
        &self.failures
    }
}

/// A directive that was not run, see [`Runner::skip_if_refused`](super::Runner::skip_if_refused).
#[derive(Clone, Debug)]
pub struct Skipped {
    pub(super) line: usize,
    pub(super) reason: Option<String>,
}

impl Skipped {
    /// The line of the directive, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Why the module of this very directive was refused. `None` if the directive only needs a
    /// module that was refused before.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}
