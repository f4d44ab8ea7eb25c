//! Time and cycles.

use wasm_hooks::observe::{Clock, Moment, WallClock};

use crate::vm;

/// Wall-clock time since the clock was made, and cycles of the processor's time stamp counter.
#[derive(Clone, Copy, Default, Debug)]
pub struct CycleClock {
    wall: WallClock,
}

impl Clock for CycleClock {
    fn now(&mut self) -> Moment {
        Moment { cycles: vm::time_stamp(), ..self.wall.now() }
    }
}
