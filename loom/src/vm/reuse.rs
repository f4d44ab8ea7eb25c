//! What dropped stores leave for the next.

#[allow(dead_code, reason = "not all of it is tried")]
#[path = "../../../wasm-store/src/vm/reuse/instances.rs"]
pub(crate) mod instances;
