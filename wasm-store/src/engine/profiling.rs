//! Announcing modules to profilers and debuggers: the names of functions with the feature
//! `profile`, and nothing at all without it.
//!
//! Both variants have the same items, so that the rest of the crate needs no `cfg` for the feature.

#[cfg(feature = "profile")]
#[path = "profiling/enabled.rs"]
mod imp;

#[cfg(not(feature = "profile"))]
#[path = "profiling/disabled.rs"]
mod imp;

#[cfg(feature = "profile")]
pub use imp::ProfilingStrategy;
pub(crate) use imp::{Profiling, Registration};
