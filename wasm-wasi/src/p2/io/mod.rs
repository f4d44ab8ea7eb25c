//! `wasi:io`: errors, pollables and streams, and how calls wait for them.

mod host;
mod link;
mod outgoing;
mod pollable;
mod signal;
mod stream;
mod wait;

pub use pollable::{DynPollable, Pollable, Readiness, subscribe};
pub use stream::{
    DynInputStream, DynOutputStream, InputStream, IoError, OutputStream, StreamError, StreamResult,
};

#[cfg(feature = "async")]
pub(crate) use link::add_async;
pub(crate) use link::add_sync;
pub(crate) use outgoing::Outgoing;
pub(crate) use signal::Signal;
pub(crate) use stream::unless_blocked;
