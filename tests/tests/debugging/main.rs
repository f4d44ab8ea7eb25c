//! Wasm that the host debugs: where it stops, what is seen there, and what becomes of it.

mod events;
mod frames;
mod handles;
mod misuse;
mod programs;
mod session;
mod stops;
