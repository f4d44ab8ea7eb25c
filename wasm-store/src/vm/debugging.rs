//! Debugging: where code stops that was compiled for it, and who is told.
//!
//! Without the feature `debug` no such code is loaded, and all of this is nothing.

#[cfg(not(feature = "debug"))]
mod disabled;
#[cfg(feature = "debug")]
mod enabled;
#[cfg(feature = "debug")]
mod frames;
#[cfg(feature = "debug")]
mod handling;
#[cfg(feature = "debug")]
mod stops;

#[cfg(all(feature = "async", not(feature = "debug")))]
pub(super) use disabled::Stretch;
#[cfg(not(feature = "debug"))]
pub(super) use disabled::{Debugging, InstanceStops, before_leaving, before_unwinding};
#[cfg(feature = "debug")]
pub(crate) use enabled::{DebugFuture, DebugMoment, ExecutionVersion};
#[cfg(feature = "debug")]
pub(super) use enabled::{Debugging, Stretch};
#[cfg(feature = "debug")]
pub(super) use frames::references_in;
#[cfg(feature = "debug")]
pub(crate) use frames::{FramesView, instance_of, value_in};
#[cfg(feature = "debug")]
pub(super) use handling::{at_deadline, before_leaving, before_unwinding, debug_stop, takes_traps};
#[cfg(feature = "debug")]
pub(super) use stops::InstanceStops;
