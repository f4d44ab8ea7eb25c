//! The clock of `perf record -k mono`.

use rustix::time::{ClockId, clock_gettime};

/// The monotonic clock, in nanoseconds.
pub(super) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    // Neither is negative: the clock starts when the machine does.
    let (seconds, nanoseconds) = (time.tv_sec as u64, time.tv_nsec as u64);
    seconds.wrapping_mul(1_000_000_000).wrapping_add(nanoseconds)
}
