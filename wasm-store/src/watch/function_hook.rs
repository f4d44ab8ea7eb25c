//! Function hooks: a function of the host that is notified when Wasm functions are entered and
//! left. It exists with the feature `function-hook`; without it, there is nothing.
//!
//! It is a separate feature from `call-hook`. That one is about the border between host and Wasm,
//! costs nothing in compiled code, and needs nothing of the compiler. This one is about code that
//! was compiled for it.
//!
//! Both variants have the same items, so that the rest of the crate needs no `cfg` for the feature.

#[cfg(feature = "function-hook")]
#[path = "function_hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "function-hook"))]
#[path = "function_hook/disabled.rs"]
mod imp;

#[cfg(feature = "function-hook")]
pub use imp::FunctionHookContext;
pub(crate) use imp::{FunctionHookSlot, into_error};
