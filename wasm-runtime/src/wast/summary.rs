//! What became of a script.

use super::WastError;

/// What became of the directives of a script.
#[derive(Debug, Default)]
pub struct Summary {
    pub(super) passed: usize,
    pub(super) skipped: Vec<Skipped>,
    pub(super) failures: Vec<WastError>,
}

impl Summary {
    /// How many directives held.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// The directives that rest on modules refused for a missing proposal.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The directives that did not hold, if the script was run to its end nevertheless
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

    /// Why the module of this very directive was refused; `None` if the directive only needs one that
    /// was refused before.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}
