//! The functions of preview 1, called as a guest calls them: with numbers, on a slice of bytes.

mod directories;
mod escape;
mod files;
mod guest;
mod never_panics;
mod paths;
mod poll;
mod rights;
mod sockets;
mod streams;
mod world;
