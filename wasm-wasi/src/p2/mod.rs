//! WASI 0.2, for components: what programs compiled from Rust, C, Go, Python and JavaScript for
//! `wasm32-wasip2` import, over the same contexts as preview 1.
//!
//! There are the packages `wasi:io`, `wasi:clocks`, `wasi:random`, `wasi:cli`, `wasi:filesystem`
//! and
//! `wasi:sockets`, in version 0.2.12; a component that imports earlier versions of 0.2 gets these.
//! Two drafts can be added to a linker beside them: [`config`] and [`keyvalue`].
//!
//! # What a guest can reach
//!
//! What it can of preview 1 ([the crate's documentation](crate)), and what the host permits of the
//! network: nothing by default
//! ([`socket_addr_check`](crate::WasiCtxBuilder::socket_addr_check),
//! [`allow_ip_name_lookup`](crate::WasiCtxBuilder::allow_ip_name_lookup)). The descriptors of the
//! host that it holds are counted
//! ([`max_descriptors`](crate::WasiCtxBuilder::max_descriptors)); its other resources are by the
//! capacity of its [`ResourceTable`](crate::ResourceTable).
//!
//! # How a guest waits
//!
//! In a store without executor ([`add_to_linker_sync`]) the thread waits, in the system, and
//! whatever interrupts the store's code ends the wait. In an asynchronous store
//! (`add_to_linker_async`, feature `async`) the call is a future, and the thread does something
//! else meanwhile. Only the functions that wait for others are futures: those on files read and
//! write them at once. A name is looked up by a thread of its own.
//!
//! # What differs from Wasmtime
//!
//! The names are those of `wasmtime-wasi`. But [`Pollable`] says what it waits for, where
//! Wasmtime's is a future; a future can be waited for, too. A check of addresses returns at once,
//! or does not permit. Names that are not ASCII have to be looked up in their ASCII form.

pub mod bindings;
mod cli;
mod clocks;
pub mod config;
mod error;
mod filesystem;
mod io;
pub mod keyvalue;
mod link;
pub mod pipe;
mod random;
mod runtime;
mod sockets;
mod state;
mod view;

pub use cli::{TerminalInput, TerminalOutput};
pub use error::TrappableError;
pub use filesystem::{Descriptor, FsError, FsResult, ReaddirIterator};
pub use io::{
    DynInputStream, DynOutputStream, DynPollable, InputStream, IoError, OutputStream, Pollable,
    Readiness, StreamError, StreamResult, subscribe,
};
#[cfg(feature = "async")]
pub use link::{add_to_linker_async, add_to_linker_with_options_async};
pub use link::{add_to_linker_sync, add_to_linker_with_options_sync};
pub use sockets::{
    IncomingDatagramStream, Network, OutgoingDatagramStream, ResolveAddressStream,
    SocketAddrCheckResult, SocketAddrUse, SocketError, SocketResult, TcpSocket, UdpSocket,
};
pub use view::{Wasi, WasiCtxView, WasiView};

pub(crate) use state::State;

/// The version of the interfaces.
pub(crate) const VERSION: &str = "0.2.12";
