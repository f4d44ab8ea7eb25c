//! Which artifacts an engine runs without a promise of the caller: with the feature `sign`, those
//! that its trust policy accepts, and none without it.
//!
//! Both variants have the same items, so that the rest of the crate needs no `cfg` for the feature.

#[cfg(feature = "sign")]
#[path = "trust/enabled.rs"]
mod imp;

#[cfg(not(feature = "sign"))]
#[path = "trust/disabled.rs"]
mod imp;

pub(crate) use imp::Trust;
