//! The store's, under the names that they have there.

pub(crate) mod idle_models;
pub(crate) mod interruption;

#[allow(dead_code, reason = "not all of it is tried")]
#[path = "../../wasm-store/src/vm/idle.rs"]
mod idle;

/// In the place of the store's.
mod sync {
    pub(super) use crate::sync::*;
}

/// In the place of instances.
mod instance {
    pub(crate) struct VmInstance;
}

/// In the place of modules.
mod module {
    pub(crate) struct VmModule;
}

/// In the place of what each thread has.
mod thread {
    pub(super) fn id() -> usize {
        0
    }
}
