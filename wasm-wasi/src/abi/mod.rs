//! The binary interface of WASI preview 1: numbers, flags, and the layout of data in a guest's
//! memory.
//!
//! Nothing here touches the host. [`memory`] is the only access to a guest's memory, and fails for
//! an address outside of it with [`Errno::Fault`].

mod buffer;
mod copies;
pub mod errno;
pub mod flags;
pub mod memory;
pub mod poll;
pub mod types;

pub use copies::ChangingMemory;
pub use errno::Errno;
pub use flags::{EventFlags, FdFlags, FstFlags, LookupFlags, OpenFlags, Rights};
pub use memory::GuestMemory;
pub use types::{FdStat, FileStat, FileType, Version};
