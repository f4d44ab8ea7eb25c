//! Function hooks: what they are called with, whenever a function that was compiled for them is
//! entered or left.

mod code;
mod events;
mod hooks;
mod support;
mod unwinding;
