//! Debugging: the host stops Wasm, looks at its frames, and lets it go on.
//!
//! Code that can be debugged is compiled for it ([`Config::guest_debug`](crate::Config)). It stops
//! at breakpoints and, when it is stepped, at each operator; it also tells of traps, errors,
//! exceptions and deadlines before they have an effect. A [`DebugHandler`] is told, and may use the
//! store meanwhile.
//!
//! | module | holds |
//! |---|---|
//! | `handler` | who is told, and of what |
//! | `breakpoints` | where code stops |
//! | `frame` | frames, with their locals and operands |
//! | `access` | what stores and instances have, for debuggers |

mod access;
mod breakpoints;
mod frame;
mod handler;

pub(crate) use breakpoints::Breakpoints;
pub use breakpoints::{Breakpoint, BreakpointEdit, ModulePC};
pub use frame::FrameHandle;
pub(crate) use handler::DebugSlot;
pub use handler::{DebugEvent, DebugHandler};
