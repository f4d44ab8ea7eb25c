//! Clocks: their traits, the host's own, and one that the host advances.

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The wall clock.
pub trait HostWallClock: Send {
    /// The smallest step of the clock.
    fn resolution(&self) -> Duration;

    /// The time since the start of 1970, without leap seconds.
    fn now(&self) -> Duration;
}

/// The monotonic clock.
pub trait HostMonotonicClock: Send {
    /// The smallest step of the clock, in nanoseconds.
    fn resolution(&self) -> u64;

    /// Nanoseconds since some moment in the past.
    fn now(&self) -> u64;

    /// Requests the clock to advance by itself, instead of making the host wait.
    ///
    /// A guest that sleeps makes the host wait in real time, unless this returns `true`. A clock
    /// that is not tied to real time advances and returns `true`, so that no time is spent.
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

/// A clock that is the same in each run: it advances only as the program runs.
///
/// Each reading advances it by a fixed step, and each sleep of a guest by the length of the sleep.
/// Clones are the same clock. So one clock can be both clocks of a guest and be controlled by the
/// host.
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
    /// Starts at a time since 1970, and advances by `step` at each reading.
    #[must_use]
    pub fn new(start: Duration, step: Duration) -> Self {
        Self { nanoseconds: Arc::new(AtomicU64::new(saturate(start))), step: saturate(step) }
    }

    /// Advances the clock.
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

/// The source of the CPU time clocks.
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

/// A duration as a number of nanoseconds in WASI. The longest is 584 years.
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
    fn a_virtual_clock_moves_as_requested() {
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
