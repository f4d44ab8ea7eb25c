//! The store's, under the names that they have there.

pub(crate) mod interruption;
pub(crate) mod reuse;
pub(crate) mod reuse_models;

/// In the place of the store's.
pub(crate) mod sync {
    pub(crate) use crate::sync::*;
}

/// In the place of instances.
pub(crate) mod instance {
    pub(crate) struct VmInstance;
}

/// In the place of modules.
pub(crate) mod module {
    pub(crate) struct VmModule;
}

/// In the place of what knows the kernel.
pub(crate) mod sys {
    /// In the place of what each thread has.
    pub(crate) mod thread {
        pub(crate) fn id() -> usize {
            0
        }
    }
}
