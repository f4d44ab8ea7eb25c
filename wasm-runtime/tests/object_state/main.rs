//! Structures and arrays in snapshots, restores, transactions and forks, in modules written from
//! snapshots, in summaries of the heap, and under limits.

#![cfg(all(feature = "jit", feature = "wat"))]

mod exceptions;
mod graph;
mod limits;
mod portable;
mod random;
mod snapshots;
mod summary;
