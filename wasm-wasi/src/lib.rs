//! WASI: the system interface that WebAssembly programs compiled from C, Rust, Go and others
//! import. Preview 1 is here with all of its 46 functions, and those of `wasi_unstable` before it.
//! WASI 0.2, for components, is the module `p2` (feature `p2`), over the same contexts.
//!
//! # What a guest can reach
//! Only what was put into its [`WasiCtx`]. Files are reached through directories that the host
//! hands over ([`WasiCtxBuilder::preopened_dir`]). [cap-std] resolves every path below them, so
//! that neither `..` nor an absolute path nor a symbolic link leads out. The host's permissions for
//! a directory ([`FsPerms`], [`DirPerms`], [`FilePerms`]) hold for everything that is opened
//! through it. Files get from one directory to another only if both have all permissions. No call
//! panics or harms the host, whatever numbers a guest passes, and there are limits to what a guest
//! makes the host hold ([`WasiCtxBuilder::max_descriptors`], [`WasiCtxBuilder::max_call_memory`]).
//!
//! # What ends a guest that waits
//! Whatever interrupts the code of its store (the module `interruption` of `wasm-store`): a
//! timeout, a deadline, or another thread. A guest that sleeps in `poll_oneoff`, or waits for a
//! stream, a socket or a named pipe, ends like one that computes. There are two exceptions, in
//! which the host waits in its own call, because readiness can't be known before: a reader or
//! writer of the host without a descriptor ([`ReadPipe`], [`WritePipe`]), and data that another
//! process takes between the check and the read.
//!
//! With feature `async` and `p1::add_to_linker_async`, a guest that waits keeps no thread: other
//! futures of the executor run meanwhile.
//!
//! # Should I use this?
//! Yes, to run programs made for `wasm32-wasip1` (or `wasm32-wasi`) with `wasm-store`; the facade
//! `wasm-runtime` has it as a feature. For another runtime, use it without the feature `store`:
//! [`calls`] works on any byte slice that is a guest's memory. Of WASI 0.2 it does not have
//! `wasi:http`, and it does not have WASI 0.3. The host must be a Unix; it is tested on Linux.
//!
//! # Example
//! Two lines of a guest's work, done by hand:
//!
//! ```
//! use wasm_wasi::abi::GuestMemory;
//! use wasm_wasi::{MemoryOutputPipe, WasiCtxBuilder, calls};
//!
//! let stdout = MemoryOutputPipe::new(4096);
//! let mut wasi = WasiCtxBuilder::new().stdout(stdout.clone()).build_p1();
//!
//! // A guest's memory: at 0 a buffer that refers to the 6 bytes at 16, and these bytes.
//! let mut bytes = *b"\x10\0\0\0\x06\0\0\0________hello\n____";
//! let mut memory = GuestMemory::new(&mut bytes);
//! calls::fd_write(&mut wasi, &mut memory, 1, 0, 1, 8).unwrap();
//!
//! assert_eq!(stdout.contents(), b"hello\n");
//! assert_eq!(bytes[8..12], [6, 0, 0, 0]);
//! ```
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `store` (default): `p1`, `p0` and `add_to_linker`, which define the functions in a linker of
//!   `wasm-store`. Without it the crate knows no runtime: the functions of `calls` work on any byte
//!   slice that is a guest's memory.
//! * `async`: `p1::add_to_linker_async` and the like: guests that wait keep no thread. Any executor
//!   can run them.
//! * `threads`: `wasi-threads`, as the module `threads`: guests start threads of the host, which
//!   share a memory and a context.
//! * `p2`: WASI 0.2 for components, as the module `p2`, over the same contexts.
//! * `tracing`: Each call of a guest, with its result, as an event of the crate `tracing` at level
//!   trace.
//! <!-- end of features -->
//!
//! [cap-std]: https://docs.rs/cap-std

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "wasm-wasi needs a Unix host: descriptors, poll and readdir of the host are used as such"
);

pub mod abi;
pub mod calls;
mod ctx;
mod fs;
#[cfg(feature = "store")]
mod link;
#[cfg(feature = "store")]
pub mod p0;
#[cfg(feature = "store")]
pub mod p1;
#[cfg(feature = "p2")]
pub mod p2;

#[cfg(feature = "threads")]
pub mod threads;

pub use calls::Exit as I32Exit;
#[cfg(feature = "threads")]
pub use ctx::SharedWasiCtx;
pub use ctx::{
    Closed, DirPerms, FilePerms, FsPerms, HostMonotonicClock, HostWallClock, MemoryInputPipe,
    MemoryOutputPipe, RandomSource, ReadPipe, SeededRandom, Sink, StdinStream, StdoutStream,
    SystemClock, SystemRandom, VirtualClock, WasiCtx, WasiCtxBuilder, WritePipe,
};
#[cfg(feature = "store")]
pub use p1 as preview1;
#[cfg(feature = "p2")]
pub use p2::{WasiCtxView, WasiView};
#[cfg(feature = "p2")]
pub use wasm_component_run::{ResourceTable, ResourceTableError};

/// Defines preview 1 and snapshot 0 in a linker, so that a program made for either will run. The
/// closure returns the guest's context in the store's data.
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
#[cfg(feature = "store")]
pub fn add_to_linker<T: 'static>(
    linker: &mut wasm_store::Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> wasm_store::Result<()> {
    link::whole(linker, |linker| {
        p1::add_to_linker_sync(linker, get)?;
        p0::add_to_linker_sync(linker, get)
    })
}

/// As [`add_to_linker`], for calls that may wait: see [`p1::add_to_linker_async`].
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
#[cfg(feature = "async")]
pub fn add_to_linker_async<T: Send + 'static>(
    linker: &mut wasm_store::Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> wasm_store::Result<()> {
    link::whole(linker, |linker| {
        p1::add_to_linker_async(linker, get)?;
        p0::add_to_linker_async(linker, get)
    })
}

/// As [`add_to_linker`], for guests with [`threads`].
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
#[cfg(feature = "threads")]
pub fn add_to_linker_shared<T: 'static>(
    linker: &mut wasm_store::Linker<T>,
    get: impl Fn(&mut T) -> &SharedWasiCtx + Copy + Send + Sync + 'static,
) -> wasm_store::Result<()> {
    link::whole(linker, |linker| {
        p1::add_to_linker_shared(linker, get)?;
        p0::add_to_linker_shared(linker, get)
    })
}
