//! What calls that may wait cost: those that need not, those that do once, and instances.

use crate::alternate::alternate;
use crate::ours::asynchronous as ours;
use crate::report::Row;
use crate::theirs::asynchronous as theirs;

/// Measures all kinds of calls.
pub(crate) fn run(rounds: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, (name, count)) in ours::KINDS.iter().enumerate() {
        let (mut a, mut b) = (ours::Waiting::new(), theirs::Waiting::new());
        rows.push(alternate(name, rounds, || a.measure(kind, *count), || b.measure(kind, *count)));
    }
    rows
}
