//! Which artifacts an engine runs without a promise of the caller: those that its trust policy accepts with
//! the feature `sign`, and none without it.
//!
//! Both variants have the same items, so that the rest of the crate asks no feature.

#[cfg(feature = "sign")]
#[path = "trust/enabled.rs"]
mod imp;

#[cfg(not(feature = "sign"))]
#[path = "trust/disabled.rs"]
mod imp;

pub(crate) use imp::Trust;
