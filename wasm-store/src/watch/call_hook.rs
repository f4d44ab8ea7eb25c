//! Call hooks: functions of the host that are notified of calls between host and Wasm. They exist
//! with the feature `call-hook`; without it, there is nothing.
//!
//! Both variants have the same items, so that the rest of the crate needs no `cfg` for the feature.

#[cfg(feature = "call-hook")]
#[path = "call_hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "call-hook"))]
#[path = "call_hook/disabled.rs"]
mod imp;

mod values;

#[cfg(feature = "call-hook")]
pub(crate) use imp::Binding;
#[cfg(all(feature = "call-hook", feature = "async"))]
pub use imp::CallHookHandler;
#[cfg(feature = "async")]
pub(crate) use imp::{Around, Open, abandon, close, open_host, open_wasm, waits};
#[cfg(feature = "call-hook")]
pub use imp::{CallHookContext, CallHookId, CallOutcome};
pub(crate) use imp::{HookSlot, HookedShims, Watched, bind_new, enter_wasm, host_call};
pub(crate) use values::{
    CallValues, InArray, InRegisters, InSlots, Listed, Returned, Typed, WasmCall,
};
