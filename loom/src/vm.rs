//! The tested files of the store, under the names that they have there.

pub(crate) mod interruption;
#[allow(dead_code, reason = "the store uses all of it")]
#[path = "../../wasm-store/src/vm/parking.rs"]
pub(crate) mod parking;
pub(crate) mod parking_models;
pub(crate) mod reuse;
pub(crate) mod reuse_models;

/// Replaces the store's module.
pub(crate) mod sync {
    pub(crate) use crate::sync::*;
}

/// Replaces instances.
pub(crate) mod instance {
    pub(crate) struct VmInstance;
}

/// Replaces modules.
pub(crate) mod module {
    pub(crate) struct VmModule;
}

/// Replaces what knows the kernel.
pub(crate) mod sys {
    /// Replaces the data of each thread.
    pub(crate) mod thread {
        pub(crate) fn id() -> usize {
            0
        }
    }
}
