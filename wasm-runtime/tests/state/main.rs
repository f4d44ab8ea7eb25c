//! The state of instances with compiled code: snapshots, forks, transactions, and what the host
//! sees; and random sequences of all of these, compared with a model.

#![cfg(all(feature = "jit", feature = "wat"))]

mod forks;
mod internals;
#[cfg(feature = "rewrite")]
mod random;
mod snapshots;
mod support;
mod transactions;
