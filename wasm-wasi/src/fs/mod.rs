//! What is done with files and directories, the same for all versions of WASI: paths, opening,
//! entries, attributes.
//!
//! The functions know descriptors, not how a guest names them, nor its memory. Whether the host
//! permits an operation is checked by the functions that take a descriptor.

pub(crate) mod attributes;
pub(crate) mod entries;
pub(crate) mod open;
pub(crate) mod path;
pub(crate) mod write;
