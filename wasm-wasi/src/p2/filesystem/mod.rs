//! `wasi:filesystem`: the same operations on files and directories as in preview 1, with the same
//! permissions.

mod convert;
mod descriptor;
mod error;
mod preopens;
mod streams;
mod types;

pub use descriptor::{Descriptor, ReaddirIterator};
pub use error::{FsError, FsResult};
