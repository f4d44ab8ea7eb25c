//! For systems where no tool reads these files.

use std::io;
use std::sync::Arc;

use crate::error::Error;
use crate::loaded::Loaded;

/// Keeps code known to debuggers. On this system it is never made.
#[derive(Debug)]
pub struct GdbRegistration(());

/// Adds the functions to the file that `perf report` reads.
///
/// # Errors
///
/// Always: there is no `perf` on this system.
pub fn perf_map(_: &Loaded) -> Result<(), Error> {
    Err(unsupported("write a perf map"))
}

/// Adds the functions to the file that `perf inject --jit` reads.
///
/// # Errors
///
/// Always: there is no `perf` on this system.
pub fn jitdump(_: &Loaded) -> Result<(), Error> {
    Err(unsupported("write a jitdump file"))
}

/// Makes the functions known to debuggers.
///
/// # Errors
///
/// Always: it is implemented for Linux only.
pub fn gdb(_: &Arc<Loaded>) -> Result<GdbRegistration, Error> {
    Err(unsupported("make code known to debuggers"))
}

fn unsupported(action: &'static str) -> Error {
    Error::io(action, io::Error::new(io::ErrorKind::Unsupported, "it is possible on Linux only"))
}
