//! Places in the source: by the debugging information of modules with the feature
//! `backtrace-details`, and none at all without it.
//!
//! Both variants have the same items, so that the rest of the crate needs no `cfg` for the feature.

#[cfg(feature = "backtrace-details")]
#[path = "places/enabled.rs"]
mod imp;

#[cfg(not(feature = "backtrace-details"))]
#[path = "places/disabled.rs"]
mod imp;

pub(in crate::items) use imp::SourcePlaces;
