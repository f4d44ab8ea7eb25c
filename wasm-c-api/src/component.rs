//! `wasmtime/component/*.h`: components, a file for each header.

mod asynchronous;
mod compiled;
mod func;
mod instance;
mod items;
mod linker;
mod resource;
mod tagged;
mod types;
mod val;
mod valtypes;
