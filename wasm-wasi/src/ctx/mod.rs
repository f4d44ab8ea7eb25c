//! The context of a guest: arguments, environment, descriptors, clocks and randomness.

mod builder;
mod clocks;
mod descriptor;
mod listing;
mod permission;
mod pipe;
mod random;
#[cfg(feature = "threads")]
mod shared;
mod stream;
mod table;
mod wait;

pub use builder::{DirPerms, FilePerms, FsPerms, WasiCtxBuilder};
pub use clocks::{HostMonotonicClock, HostWallClock, SystemClock, VirtualClock};
pub use pipe::{MemoryInputPipe, MemoryOutputPipe, ReadPipe, WritePipe};
pub use random::{RandomSource, SeededRandom, SystemRandom};
#[cfg(feature = "threads")]
pub use shared::SharedWasiCtx;
pub use stream::{Closed, Sink, StdinStream, StdoutStream};

pub(crate) use clocks::{CpuClock, cpu_time};
pub(crate) use descriptor::{Access, Descriptor, Directory, Object};
pub(crate) use listing::Listing;
pub(crate) use permission::{Grant, Operation, permit};
pub(crate) use table::Table;
#[cfg(feature = "async")]
pub(crate) use wait::Postponed;
pub(crate) use wait::{Awaited, Interest, Waiting};

use crate::abi::Errno;
use std::fmt;

/// The context of one guest, including the state of its descriptors.
///
/// It is made with [`WasiCtxBuilder`]. A guest can only reach what was put in there.
pub struct WasiCtx {
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) table: Table,
    pub(crate) wall_clock: Box<dyn HostWallClock>,
    pub(crate) monotonic_clock: Box<dyn HostMonotonicClock>,
    /// The source of CPU time: the host, or an injected clock, so that this stays the only source
    /// of time.
    pub(crate) cpu_clock: CpuClock,
    pub(crate) random: Box<dyn RandomSource>,
    /// How many bytes a single call may allocate at the guest's request.
    pub(crate) max_call_memory: usize,
    pub(crate) waiting: Waiting,
    /// What WASI 0.2 has beside that.
    #[cfg(feature = "p2")]
    pub(crate) p2: crate::p2::State,
}

impl WasiCtx {
    /// The same as [`WasiCtxBuilder::new`].
    #[must_use]
    pub fn builder() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }

    /// Fails if this many items take more memory than a call may allocate.
    pub(crate) fn check_call_memory<T>(&self, count: u32) -> Result<(), Errno> {
        let bytes = (count as usize).checked_mul(size_of::<T>()).ok_or(Errno::NoMem)?;
        if bytes <= self.max_call_memory { Ok(()) } else { Err(Errno::NoMem) }
    }
}

impl fmt::Debug for WasiCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment often holds secrets, so only the names are shown.
        f.debug_struct("WasiCtx")
            .field("args", &self.args)
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("descriptors", &self.table)
            .finish_non_exhaustive()
    }
}
