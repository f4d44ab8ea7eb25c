//! Measuring in turns, so that a slow moment of the machine affects both sides.

use crate::programs::Program;
use crate::report::Row;

/// Programs that take less than this, in seconds, have more turns: noise is larger beside them.
const ENOUGH: f64 = 0.05;

/// No program has more turns than this because it is short.
const TURNS: usize = 100;

/// Measures both sides in turns.
pub(crate) fn alternate(
    name: &str,
    rounds: usize,
    ours: impl FnMut() -> f64,
    theirs: impl FnMut() -> f64,
) -> Row {
    measure(Row::new(name), |_| rounds, ours, theirs)
}

/// Measures how long a program runs on both sides, in turns: `rounds` of them if it takes long,
/// and up to a hundred if it is short.
pub(crate) fn alternate_runs(
    program: &Program,
    rounds: usize,
    ours: impl FnMut() -> f64,
    theirs: impl FnMut() -> f64,
) -> Row {
    let turns = |time: f64| {
        let factor = (ENOUGH / time).max(1.0);
        ((rounds as f64 * factor) as usize).min(TURNS.max(rounds))
    };
    measure(program.row(), turns, ours, theirs)
}

/// Both sides once, and then as often as the time of that tells.
fn measure(
    mut row: Row,
    turns: impl Fn(f64) -> usize,
    mut ours: impl FnMut() -> f64,
    mut theirs: impl FnMut() -> f64,
) -> Row {
    eprintln!("{}", row.name);
    // The first turn warms up caches and whatever is made on first use.
    let first = ours().max(theirs());
    for _ in 0..turns(first) {
        row.ours.push(ours());
        row.theirs.push(theirs());
    }
    row
}
