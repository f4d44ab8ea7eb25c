//! The engine's cache of compiled modules: a real one with the feature `cache`, and nothing at all
//! without it.
//!
//! Both variants have the same items, so that the rest of the crate needs no `cfg` for the feature.

#[cfg(feature = "cache")]
#[path = "cache/enabled.rs"]
mod imp;

#[cfg(feature = "cache")]
mod key;

#[cfg(not(feature = "cache"))]
#[path = "cache/disabled.rs"]
mod imp;

pub(crate) use imp::{CacheEntry, CacheSetting, serialized};
