//! `wasmtime/component/*.h`: components, a file for each header.

#[cfg(feature = "async")]
mod asynchronous;
mod compiled;
mod func;
mod handles;
mod instance;
mod items;
mod linker;
mod resource;
mod tagged;
mod types;
mod val;
mod valtypes;

pub(crate) use handles::Handles;
