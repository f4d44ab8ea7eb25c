//! Call hooks: functions of the host that are told of changes between host and Wasm. Real ones with the
//! feature `call-hook`, and nothing at all without it.
//!
//! Both variants have the same items, so that the rest of the crate asks no feature.

#[cfg(feature = "call-hook")]
#[path = "call_hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "call-hook"))]
#[path = "call_hook/disabled.rs"]
mod imp;

mod values;

#[cfg(feature = "call-hook")]
pub use imp::{CallHookContext, CallHookId, CallOutcome};
pub(crate) use imp::{HookSlot, HookedShims, Watched, bind_new, enter_wasm, host_call};
pub(crate) use values::{CallValues, InArray, InRegisters, Listed, Returned, Typed, WasmCall};
