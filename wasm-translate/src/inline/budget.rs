//! How much a function may grow by bodies in place of calls, and which calls are worth it.
//!
//! All that is known of a call is how often it is made ([`Call::times`]) and what it would become:
//! whoever knows better how often, says so there.

use super::weight;

/// Up to this weight a body that is put in place of a call makes the code no larger than it was, or
/// hardly.
const SLACK: u32 = 2;
/// How much a body may weigh more than the call that is made once for each call of the caller;
/// what is made more often may become so much more.
const GROWTH_ONCE: f32 = 3.0;
/// How much more at most.
const GROWTH_MOST: f32 = 90.0;
/// How much more often than it says a call of a function by itself is taken to be made.
const RECURSIVE: f32 = 8.0;
/// How much larger a function may become by calls that are made once, by those that are made often,
/// and by its own of itself: by a number, and by one part of so many of what it weighs.
const ROOM: [(u32, u32); 3] = [(2, 20), (30, 8), (60, 8)];
/// By how much at most.
const ROOM_MOST: u32 = 400;
/// How many bytes of bodies may stand in a function: so many, and so many times its own. Much that
/// weighs nothing takes time to compile all the same.
const BYTES: (u32, u32) = (4096, 8);
/// A call that is made less often than this is left alone, unless the code gets no larger.
const SELDOM: f32 = 0.05;
/// The more levels of calls are replaced, the less is known of how often they are made.
const LEVELS: u32 = 6;
/// How often a function may be put into itself, one in the other.
const RECURSION: u32 = 2;

/// A call that could be replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// How often it is made for each call of the function that it would be replaced in.
    pub(crate) times: f32,
    /// What the body weighs that it calls: see [`weight`].
    pub(crate) weight: u32,
    /// How many bytes of Wasm it has.
    pub(crate) bytes: u32,
    /// How many arguments it has.
    pub(crate) arguments: usize,
    /// How many calls around it are replaced.
    pub(crate) level: u32,
    /// How many of the functions around it are the one that it calls, the whole one included.
    pub(crate) recursion: u32,
}

impl Call {
    /// How much larger the code gets.
    fn growth(&self) -> u32 {
        self.weight.saturating_sub(weight::of_call(self.arguments))
    }

    /// How often it is made, as far as it matters: what calls itself is called often.
    fn times(&self) -> f32 {
        if self.recursion > 0 { self.times * RECURSIVE } else { self.times }
    }

    /// What comes first has the highest of these: what is saved for each instruction more.
    pub(crate) fn worth(&self) -> f32 {
        let saved = weight::of_call(self.arguments) as f32;
        self.times() * saved / (SLACK + self.growth()) as f32
    }

    /// Whether it is worth it, if there is room.
    fn is_worth_it(&self) -> bool {
        if self.level >= LEVELS || self.recursion > RECURSION {
            return false;
        }
        let growth = self.growth();
        if growth <= SLACK && self.recursion == 0 {
            return true;
        }
        let times = self.times();
        times >= SELDOM && growth as f32 <= (GROWTH_ONCE * times).min(GROWTH_MOST)
    }
}

/// How much a function may still grow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// By the kinds of calls of [`ROOM`].
    kinds: [u32; 3],
    /// By how many bytes of bodies, whatever they weigh.
    bytes: u32,
}

impl Room {
    /// Of a function that weighs so much, and has so many bytes. If it is size that matters, the
    /// code gets no larger.
    pub(crate) fn of(weight: u32, bytes: u32, for_size: bool) -> Self {
        let kinds = ROOM.map(|(room, part)| match for_size {
            true => 0,
            false => (room + weight / part).min(ROOM_MOST),
        });
        Self { kinds, bytes: bytes.saturating_mul(BYTES.1).saturating_add(BYTES.0) }
    }

    /// Whether a call is to be replaced: then there is less room.
    pub(crate) fn takes(&mut self, call: &Call) -> bool {
        if !call.is_worth_it() {
            return false;
        }
        let kind = match call.recursion {
            0 => usize::from(call.times > 1.0),
            _ => 2,
        };
        let left = self.kinds[kind].checked_sub(call.growth());
        match (left, self.bytes.checked_sub(call.bytes)) {
            (Some(left), Some(bytes)) => {
                self.kinds[kind] = left;
                self.bytes = bytes;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(times: f32, weight: u32, recursion: u32) -> Call {
        Call { times, weight, bytes: weight * 2, arguments: 1, level: 0, recursion }
    }

    #[test]
    fn what_is_made_more_often_may_be_larger_and_comes_first() {
        let takes = |call| Room::of(1000, 2000, false).takes(&call);
        for (times, weight, expected) in [
            (1.0, 7, true),
            (1.0, 9, false),
            (8.0, 25, true),
            (8.0, 40, false),
            (64.0, 90, true),
            (64.0, 120, false),
            (0.001, 7, true),
            (0.001, 8, false),
        ] {
            assert_eq!(takes(call(times, weight, 0)), expected, "{times} {weight}");
        }
        assert!(call(8.0, 20, 0).worth() > call(1.0, 20, 0).worth());
        assert!(call(1.0, 10, 0).worth() > call(1.0, 20, 0).worth());
    }

    #[test]
    fn room_and_levels_have_an_end() {
        let mut room = Room::of(80, 160, false);
        let taken = (0..100).filter(|_| room.takes(&call(8.0, 25, 0))).count();
        assert_eq!(taken, 2);
        // Other kinds have rooms of their own.
        assert!(room.takes(&call(1.0, 8, 0)) && room.takes(&call(1.0, 20, 1)));
        assert!(!room.takes(&call(8.0, 10, RECURSION + 1)));
        assert!(!room.takes(&Call { level: LEVELS, ..call(8.0, 1, 0) }));
        let mut none = Room::of(1000, 2000, true);
        assert!(none.takes(&call(8.0, 4, 0)) && !none.takes(&call(8.0, 20, 0)));
        // What weighs nothing comes to an end, too.
        let mut room = Room::of(10, 20, false);
        let nothing = Call { bytes: 400, ..call(8.0, 0, 0) };
        assert_eq!((0..100).filter(|_| room.takes(&nothing)).count(), 10);
    }
}
