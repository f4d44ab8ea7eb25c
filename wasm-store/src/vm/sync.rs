//! The synchronization primitives of lists and states that threads share. The project's check
//! `loom` puts its own in place of this file, for `reuse::instances`, `interruption::epochs`,
//! `interruption::reasons` and `parking`.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
pub(super) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
