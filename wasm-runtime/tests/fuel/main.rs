//! Fuel: what code uses, counted by hand, and independent of how it was compiled; and what happens
//! when it is used up.

#![cfg(all(feature = "jit", feature = "wat"))]

mod engines;
mod exhaustion;
mod host;
mod operators;
mod random;
mod support;
