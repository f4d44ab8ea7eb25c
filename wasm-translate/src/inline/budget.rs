//! How much a function may grow by bodies in place of calls, and which calls are worth it.
//!
//! All that is known of a call is how often it is made ([`Call::times`]) and what it would become:
//! whoever knows better how often, says so there.

use super::weight;

/// Up to this weight a body that is put in place of a call makes the code no larger than it was, or
/// hardly.
const SLACK: u32 = 2;
/// How much a body may weigh more than the call that is made once for each call of the caller.
const GROWTH_ONCE: f32 = 12.0;
/// How much more if it is made as often as it may matter.
const GROWTH_MOST: f32 = 90.0;
/// A call that is made less often than this is left alone, unless the code gets no larger.
const SELDOM: f32 = 0.05;
/// How much larger a function may become: by this, and by a part of what it weighs.
const ROOM: u32 = 60;
const ROOM_PART: u32 = 4;
const ROOM_MOST: u32 = 600;
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

    /// What comes first has the highest of these: what is saved for each instruction more.
    pub(crate) fn worth(&self) -> f32 {
        let saved = weight::of_call(self.arguments) as f32;
        self.times * saved / (SLACK + self.growth()) as f32
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
        // What calls itself is called often, and a part of these calls is saved.
        let times = if self.recursion > 0 { self.times * 4.0 } else { self.times };
        times >= SELDOM && growth as f32 <= (GROWTH_ONCE * times).min(GROWTH_MOST)
    }
}

/// How much a function may still grow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room(u32);

impl Room {
    /// Of a function that weighs so much. If it is size that matters, there is none.
    pub(crate) fn of(weight: u32, for_size: bool) -> Self {
        Self(if for_size { 0 } else { (ROOM + weight / ROOM_PART).min(ROOM_MOST) })
    }

    /// Whether a call is to be replaced: then there is less room.
    pub(crate) fn takes(&mut self, call: &Call) -> bool {
        if !call.is_worth_it() {
            return false;
        }
        match self.0.checked_sub(call.growth()) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}
