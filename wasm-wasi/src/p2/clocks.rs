//! `wasi:clocks`.

use super::WasiCtxView;
use super::bindings::clocks::{monotonic_clock, timezone, wall_clock};
use super::io::{DynPollable, Pollable, Readiness, subscribe};
use super::runtime::{Resource, Result};
use std::time::Duration;

impl monotonic_clock::Host for WasiCtxView<'_> {
    fn now(&mut self) -> Result<u64> {
        Ok(self.ctx.monotonic_clock.now())
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(self.ctx.monotonic_clock.resolution())
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        let alarm = self.table.push(Alarm { when })?;
        Ok(subscribe(self.table, alarm)?)
    }

    fn subscribe_duration(&mut self, duration: u64) -> Result<Resource<DynPollable>> {
        let when = self.ctx.monotonic_clock.now().saturating_add(duration);
        self.subscribe_instant(when)
    }
}

impl wall_clock::Host for WasiCtxView<'_> {
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        Ok(datetime(self.ctx.wall_clock.now()))
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        Ok(datetime(self.ctx.wall_clock.resolution()))
    }
}

/// The host's timezone is nobody's business: a guest gets universal time, as the interface says for
/// a timezone that is not known. It is only there if the linker's options say so.
impl timezone::Host for WasiCtxView<'_> {
    fn display(&mut self, _: timezone::Datetime) -> Result<timezone::TimezoneDisplay> {
        Ok(timezone::TimezoneDisplay {
            utc_offset: 0,
            name: "UTC".to_owned(),
            in_daylight_saving_time: false,
        })
    }

    fn utc_offset(&mut self, _: timezone::Datetime) -> Result<i32> {
        Ok(0)
    }
}

fn datetime(time: Duration) -> wall_clock::Datetime {
    wall_clock::Datetime { seconds: time.as_secs(), nanoseconds: time.subsec_nanos() }
}

/// A time of the monotonic clock that is waited for.
struct Alarm {
    when: u64,
}

impl Pollable for Alarm {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Until(self.when)
    }
}
