//! What lists and states that threads share are made of. The project's check `loom` has its own in the place of
//! this file, for `reuse::instances`, `interruption::epochs` and `interruption::reasons`.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
