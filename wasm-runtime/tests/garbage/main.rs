//! Values of the host that Wasm refers to: what is referred to stays the same wherever it moves,
//! and what is not is dropped.

#![cfg(all(feature = "jit", feature = "wat"))]

mod frames;
mod graphs;
mod handles;
mod hooks;
mod limits;
mod objects;
mod random;
mod state;
mod support;
mod thrown;
mod volume;
