//! Clocks: the traits for them, the host's own, and one that the host moves.

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The clock that tells the time of day.
pub trait HostWallClock: Send {
    /// The smallest step that it tells apart.
    fn resolution(&self) -> Duration;

    /// The time since the start of 1970, without leap seconds.
    fn now(&self) -> Duration;
}

/// The clock that only runs forward.
pub trait HostMonotonicClock: Send {
    /// The smallest step that it tells apart, in nanoseconds.
    fn resolution(&self) -> u64;

    /// Nanoseconds since some moment in the past.
    fn now(&self) -> u64;

    /// Asks the clock to move forward by itself instead of the host's waiting.
    ///
    /// A guest that sleeps makes the host wait in real time, unless this answers `true`. A clock
    /// that is not tied to real time moves on and does that, so that no time is spent.
    fn advance(&self, by: Duration) -> bool {
        let _ = by;
        false
    }
}

/// The host's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl HostWallClock for SystemClock {
    fn resolution(&self) -> Duration {
        duration(clock_getres(ClockId::Realtime))
    }

    fn now(&self) -> Duration {
        duration(clock_gettime(ClockId::Realtime))
    }
}

impl HostMonotonicClock for SystemClock {
    fn resolution(&self) -> u64 {
        nanoseconds(clock_getres(ClockId::Monotonic))
    }

    fn now(&self) -> u64 {
        nanoseconds(clock_gettime(ClockId::Monotonic))
    }
}

/// A clock that runs only as the program does: the same in each run.
///
/// Each look at it moves it on by a fixed step, and so does each sleep of a guest by its length.
/// Clones are the same clock, so one can be both clocks of a guest and in the hands of the host.
///
/// ```
/// use std::time::Duration;
/// use wasm_wasi::{VirtualClock, WasiCtx};
///
/// let clock = VirtualClock::new(Duration::from_secs(1_000_000), Duration::from_micros(1));
/// let wasi = WasiCtx::builder().wall_clock(clock.clone()).monotonic_clock(clock).build();
/// # drop(wasi);
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    nanoseconds: Arc<AtomicU64>,
    step: u64,
}

impl VirtualClock {
    /// Starts at a time since 1970, and moves on by `step` at each look.
    #[must_use]
    pub fn new(start: Duration, step: Duration) -> Self {
        Self { nanoseconds: Arc::new(AtomicU64::new(saturate(start))), step: saturate(step) }
    }

    /// Moves the clock on.
    pub fn pass(&self, by: Duration) {
        self.look(saturate(by));
    }

    /// The time before the step.
    fn look(&self, step: u64) -> u64 {
        self.nanoseconds
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                Some(now.saturating_add(step))
            })
            .unwrap_or_else(|now| now)
    }
}

impl HostWallClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.look(self.step))
    }
}

impl HostMonotonicClock for VirtualClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.look(self.step)
    }

    fn advance(&self, by: Duration) -> bool {
        self.pass(by);
        true
    }
}

/// Where the clocks of CPU time come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CpuClock {
    /// The host counts it.
    Host,
    /// The time that has passed on the monotonic clock since this moment.
    Since(u64),
}

/// The host's CPU time in nanoseconds, of this process or of this thread.
pub(crate) fn cpu_time(thread: bool) -> (u64, u64) {
    let id = if thread { ClockId::ThreadCPUTime } else { ClockId::ProcessCPUTime };
    (nanoseconds(clock_gettime(id)), nanoseconds(clock_getres(id)))
}

/// A duration as WASI says it; 584 years are the longest.
pub(crate) fn saturate(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn duration(time: Timespec) -> Duration {
    Duration::from_nanos(nanoseconds(time))
}

fn nanoseconds(time: Timespec) -> u64 {
    #[allow(clippy::useless_conversion, reason = "the width of these fields depends on the target")]
    crate::abi::types::timestamp(time.tv_sec.into(), time.tv_nsec.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_as_told() {
        let clock = VirtualClock::new(Duration::from_nanos(100), Duration::from_nanos(10));
        assert_eq!(HostMonotonicClock::now(&clock), 100);
        assert_eq!(HostWallClock::now(&clock.clone()), Duration::from_nanos(110));
        assert!(clock.advance(Duration::from_nanos(880)));
        assert_eq!(HostMonotonicClock::now(&clock), 1000);
        clock.pass(Duration::MAX);
        assert_eq!(HostMonotonicClock::now(&clock), u64::MAX);
    }

    #[test]
    fn the_hosts_clocks_run() {
        assert!(HostWallClock::now(&SystemClock) > Duration::from_secs(1_500_000_000));
        let first = HostMonotonicClock::now(&SystemClock);
        assert!(HostMonotonicClock::now(&SystemClock) >= first);
        assert!(HostMonotonicClock::resolution(&SystemClock) > 0);
    }
}
