//! `wasi:cli`: the environment, the end of a program, standard streams and terminals.

mod environment;
mod stdio;
mod terminal;

pub use terminal::{TerminalInput, TerminalOutput};

pub(crate) use stdio::Stdio;
