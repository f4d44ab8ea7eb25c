//! Where the time of a compilation went.

use std::time::{Duration, Instant};

/// Where the time of a compilation went, summed over all threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Timings {
    /// Looking at all bodies before any is compiled, for what is to be known of them.
    pub analysis: Duration,
    /// Reading and validating bodies and making CLIF of them, with passes before optimisation.
    pub translation: Duration,
    /// Optimising CLIF, with passes after it.
    pub optimization: Duration,
    /// Making machine code of CLIF: lowering, register allocation, emission.
    pub codegen: Duration,
    /// Laying out the text and resolving calls.
    pub linking: Duration,
}

impl Timings {
    /// Adds what another thread, or another module, took.
    pub fn add(&mut self, other: Timings) {
        self.analysis += other.analysis;
        self.translation += other.translation;
        self.optimization += other.optimization;
        self.codegen += other.codegen;
        self.linking += other.linking;
    }
}

/// A clock that measures the time between one reading and the next.
pub(crate) struct Lap(Instant);

impl Lap {
    /// When it was read last.
    pub(crate) fn last(&self) -> Instant {
        self.0
    }

    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.0, now)
    }
}
