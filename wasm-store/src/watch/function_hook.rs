//! Function hooks: a function of the host that is told when Wasm functions are entered and left. A real
//! one with the feature `function-hook`, and nothing at all without it.
//!
//! It is a feature of its own beside `call-hook`: that one is about the border between host and Wasm, costs
//! nothing in compiled code and needs nothing of the compiler; this one is about what was compiled for it.
//!
//! Both variants have the same items, so that the rest of the crate asks no feature.

#[cfg(feature = "function-hook")]
#[path = "function_hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "function-hook"))]
#[path = "function_hook/disabled.rs"]
mod imp;

#[cfg(feature = "function-hook")]
pub use imp::FunctionHookContext;
pub(crate) use imp::{FunctionHookSlot, into_error};
