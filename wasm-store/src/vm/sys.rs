//! All that knows how the kernel handles memory, signals and threads. A port to another system is a
//! folder beside this one that provides the same.

pub(in crate::vm) mod mapping;
pub(in crate::vm) mod pagemap;
pub(in crate::vm) mod process;
#[cfg(feature = "async")]
pub(in crate::vm) mod reactor;
pub(in crate::vm) mod signals;
pub(in crate::vm) mod thread;
