//! Stacks of continuations, and threads that share a memory.

use crate::alternate::alternate;
use crate::ours::{continuations as ours, shared as our_shared};
use crate::report::Row;
use crate::theirs::{continuations as theirs, shared as their_shared};

/// Measures switches between stacks.
pub(crate) fn continuations(rounds: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, (_, name, count)) in ours::KINDS.iter().enumerate() {
        let (mut a, mut b) = (ours::Continuations::new(), theirs::Continuations::new());
        rows.push(alternate(name, rounds, || a.measure(kind, *count), || b.measure(kind, *count)));
    }
    rows
}

/// Measures atomic operations.
pub(crate) fn threads(rounds: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, (name, count)) in our_shared::KINDS.iter().enumerate() {
        let (mut a, mut b) = (our_shared::Shared::new(), their_shared::Shared::new());
        rows.push(alternate(name, rounds, || a.measure(kind, *count), || b.measure(kind, *count)));
    }
    rows
}
