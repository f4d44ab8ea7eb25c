//! The engine's cache of compiled modules: a real one with the feature `cache`, and nothing at all
//! without it.
//!
//! Both variants have the same items, so that the rest of the crate asks no feature.

#[cfg(feature = "cache")]
#[path = "cache/enabled.rs"]
mod imp;

#[cfg(feature = "cache")]
mod key;

#[cfg(not(feature = "cache"))]
#[path = "cache/disabled.rs"]
mod imp;

pub(crate) use imp::{CachePlace, CacheSetting, serialized};
