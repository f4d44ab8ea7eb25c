//! Clocks.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::{CpuClock, WasiCtx, cpu_time};

/// The wall clock.
pub(super) const REALTIME: u32 = 0;
/// The monotonic clock.
pub(super) const MONOTONIC: u32 = 1;
const PROCESS_CPU: u32 = 2;
const THREAD_CPU: u32 = 3;

/// Writes the resolution of a clock, in nanoseconds.
///
/// # Errors
/// [`Errno::Inval`] if there is no such clock; [`Errno::Fault`].
pub fn clock_res_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    clock: u32,
    resolution: u32,
) -> Result<(), Errno> {
    let value = match clock {
        REALTIME => nanoseconds(ctx.wall_clock.resolution()),
        MONOTONIC => ctx.monotonic_clock.resolution(),
        PROCESS_CPU | THREAD_CPU => match ctx.cpu_clock {
            CpuClock::Host => cpu_time(clock == THREAD_CPU).1,
            CpuClock::Since(_) => ctx.monotonic_clock.resolution(),
        },
        _ => return Err(Errno::Inval),
    };
    memory.write_u64(resolution, value)
}

/// Writes the time of a clock, in nanoseconds. The precision that a guest requests is not needed:
/// it gets the best there is.
///
/// # Errors
/// [`Errno::Inval`] if there is no such clock; [`Errno::Fault`].
pub fn clock_time_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    clock: u32,
    _precision: u64,
    time: u32,
) -> Result<(), Errno> {
    let value = now(ctx, clock)?;
    memory.write_u64(time, value)
}

/// The time of a clock.
pub(super) fn now(ctx: &WasiCtx, clock: u32) -> Result<u64, Errno> {
    match clock {
        REALTIME => Ok(nanoseconds(ctx.wall_clock.now())),
        MONOTONIC => Ok(ctx.monotonic_clock.now()),
        PROCESS_CPU | THREAD_CPU => Ok(match ctx.cpu_clock {
            CpuClock::Host => cpu_time(clock == THREAD_CPU).0,
            CpuClock::Since(start) => ctx.monotonic_clock.now().saturating_sub(start),
        }),
        _ => Err(Errno::Inval),
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
