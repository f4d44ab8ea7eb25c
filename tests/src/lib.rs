//! What the tests of the whole project share.
//!
//! - [`Pipeline`]: from the bytes of a module to a [`wasm_runtime::Module`], on the spot or through
//!   an artifact.
//! - [`Combination`]: settings that must make no difference.
//! - [`nonsense`]: profiles that must make no difference either.
//! - [`storm`]: random programs of continuations, and what they are to do.
//! - [`echo`]: components of random types that give back what they are given.

#![deny(unsafe_code)]

mod combination;
pub mod echo;
mod pipeline;
mod profiles;
pub mod storm;

pub use combination::{Combination, any_combination};
pub use pipeline::Pipeline;
pub use profiles::{AnyProfile, nonsense};

/// The example of the project's README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
