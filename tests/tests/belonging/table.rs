//! The table: every public function that takes something that belongs to an engine or a store, in
//! addition to what it is used with, and what is tried with it.

mod bound;
mod continuations;
mod debugging;
mod exceptions;
mod handles;
mod linkers;
mod objects;
mod others;
mod stored;
mod threads;
mod types;

use crate::tries::Tries;

/// A function, named as by the scan of the sources, and its tries.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) tries: fn(&mut Tries),
}

/// All rows.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    let all = [
        bound::ROWS,
        continuations::ROWS,
        debugging::ROWS,
        exceptions::ROWS,
        handles::ROWS,
        linkers::ROWS,
        objects::ROWS,
    ];
    all.into_iter().chain([others::ROWS, stored::ROWS, threads::ROWS, types::ROWS]).flatten()
}
