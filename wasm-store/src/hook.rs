//! The place of a store's call hook: a real one with the feature `call-hook`, and nothing at all
//! without it.
//!
//! Both variants have the same items, so that the rest of the crate asks no feature.

#[cfg(feature = "call-hook")]
#[path = "hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "call-hook"))]
#[path = "hook/disabled.rs"]
mod imp;

pub(crate) use imp::{HookSlot, HookedShims, enter_wasm, host_call};
