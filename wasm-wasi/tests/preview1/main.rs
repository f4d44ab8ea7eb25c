//! The functions of preview 1, called as a guest calls them: with numbers, on a slice of bytes.

mod as_the_system;
mod directories;
mod escape;
mod fifos;
mod files;
mod guest;
mod held;
mod never_panics;
mod paths;
mod poll;
mod rights;
mod sockets;
mod streams;
mod world;
