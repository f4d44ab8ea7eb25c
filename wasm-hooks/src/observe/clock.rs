//! Clocks that observers read.

use std::ops::{AddAssign, Sub};
use std::time::Instant;

/// A moment, or the time between two.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Moment {
    /// Wall-clock time, in nanoseconds since some fixed moment.
    pub nanoseconds: u64,
    /// Cycles of the processor's time stamp counter; always 0 if there is none.
    pub cycles: u64,
}

impl Sub for Moment {
    type Output = Moment;

    /// The time in between; none if the clock went backwards.
    fn sub(self, earlier: Moment) -> Moment {
        Moment {
            nanoseconds: self.nanoseconds.saturating_sub(earlier.nanoseconds),
            cycles: self.cycles.saturating_sub(earlier.cycles),
        }
    }
}

impl AddAssign for Moment {
    fn add_assign(&mut self, other: Moment) {
        self.nanoseconds = self.nanoseconds.saturating_add(other.nanoseconds);
        self.cycles = self.cycles.saturating_add(other.cycles);
    }
}

/// A clock.
pub trait Clock {
    /// The time now.
    fn now(&mut self) -> Moment;
}

impl<F: FnMut() -> Moment> Clock for F {
    fn now(&mut self) -> Moment {
        self()
    }
}

/// Wall-clock time since this clock was made. It has no cycles: only machine instructions can read
/// these, and this crate does not use any.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    start: Instant,
}

impl WallClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for WallClock {
    fn now(&mut self) -> Moment {
        let nanoseconds = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Moment { nanoseconds, cycles: 0 }
    }
}
