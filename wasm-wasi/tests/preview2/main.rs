//! WASI 0.2 as its host functions, called without a component: what they do and what they refuse.

mod as_the_system;
mod datagrams;
mod escape;
mod files;
mod guest;
mod names;
mod rights;
mod sockets;
mod streams;
