//! The synchronization primitives of lists and states that threads share. The project's check
//! `loom` puts its own in place of this file, for `reuse::instances`, `interruption::epochs` and
//! `interruption::reasons`.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
