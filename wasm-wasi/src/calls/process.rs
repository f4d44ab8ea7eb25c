//! The end of a program, signals, and yielding.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::WasiCtx;
use std::fmt;

/// A guest requested to end with this status. This is an error that ends the call into the guest,
/// and can be found by downcasting. A status of 0 still means success.
///
/// In `wasmtime-wasi` the name is `I32Exit`; under that name this is exported at the root of the
/// crate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub i32);

impl Exit {
    /// The exit status for the host's process, if it is to end as the guest did.
    #[must_use]
    pub const fn process_exit_code(&self) -> i32 {
        self.0
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program ended with exit status {}", self.0)
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Exit {}

/// Ends the program.
#[must_use]
pub fn proc_exit(_ctx: &mut WasiCtx, status: u32) -> Exit {
    Exit(status.cast_signed())
}

/// Raises a signal in the guest, where nothing can be set to catch it. Signals that end a program
/// by default end it, with status 128 plus the number, as shells show it. Signals that are ignored
/// by default do nothing.
///
/// # Errors
/// [`Errno::Inval`] if there is no such signal; [`Errno::NotSup`] for those that would stop the
/// program.
pub fn proc_raise(_ctx: &mut WasiCtx, signal: u32) -> Result<Option<Exit>, Errno> {
    match signal {
        // None, child, continue, urgent data, window size.
        0 | 16 | 17 | 22 | 27 => Ok(None),
        // Stop, and stopping at a terminal.
        18..=21 => Err(Errno::NotSup),
        1..=30 => Ok(Some(Exit(128 + signal.cast_signed()))),
        _ => Err(Errno::Inval),
    }
}

/// Lets other threads run.
///
/// # Errors
/// None.
pub fn sched_yield(_ctx: &mut WasiCtx, _memory: &mut GuestMemory<'_>) -> Result<(), Errno> {
    std::thread::yield_now();
    Ok(())
}
