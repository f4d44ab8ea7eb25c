//! `wasm.h`: the part that wasm-c-api defines for every runtime, a file for each kind of object.
//!
//! Types are in `types.rs`, traps and frames in files of their own. All objects are one structure
//! (`object.rs`).

mod externs;
mod foreign;
mod func;
mod global;
mod instance;
mod memory;
mod module;
mod refs;
mod store;
mod table;
mod val;

pub(crate) use store::StoreRef;
