//! Observing running code: hooks for calls between host and Wasm, hooks for functions, and
//! observers made of them.

pub(crate) mod call_hook;
pub(crate) mod function_hook;
#[cfg(feature = "observe")]
pub mod observe;

#[cfg(all(feature = "call-hook", feature = "async"))]
pub use call_hook::CallHookHandler;
#[cfg(feature = "call-hook")]
pub use call_hook::{CallHookContext, CallHookId, CallOutcome};
#[cfg(feature = "function-hook")]
pub use function_hook::FunctionHookContext;
