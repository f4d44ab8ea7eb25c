//! What the tests of the whole project share.
//!
//! - [`Way`]: from the bytes of a module to a [`wasm_runtime::Module`], on the spot or through an
//!   artifact.

#![deny(unsafe_code)]

mod way;

pub use way::Way;
