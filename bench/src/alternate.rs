//! Measuring in turns, so that a slow moment of the machine affects both sides.

use crate::report::{Row, Times};

/// Measures both sides in turns.
pub(crate) fn alternate(
    name: &str,
    rounds: usize,
    mut ours: impl FnMut() -> f64,
    mut theirs: impl FnMut() -> f64,
) -> Row {
    eprintln!("{name}");
    let mut row = Row { name: name.to_owned(), ours: Times::default(), theirs: Times::default() };
    for round in 0..=rounds {
        let times = (ours(), theirs());
        // The first round warms up caches and whatever is made on first use.
        if round > 0 {
            row.ours.push(times.0);
            row.theirs.push(times.1);
        }
    }
    row
}
