//! Function hooks: what they are called with, on every way in and out of the functions that were
//! compiled for them.

mod code;
mod events;
mod hooks;
mod support;
mod unwinding;
