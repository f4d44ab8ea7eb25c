//! A context that the threads of a guest share.

use std::sync::{Arc, Mutex, PoisonError};

use super::WasiCtx;

/// The context of a guest with threads: descriptors, clocks and all the rest are the same for all.
/// Clones are of the same context.
///
/// Each call of the guest locks it. A call that waits for something of the system (a descriptor, a
/// time) does not keep the lock meanwhile; readers and writers of the host without a descriptor
/// ([`Sink`](crate::Sink), [`ReadPipe`](crate::ReadPipe)) do.
#[derive(Clone, Debug)]
pub struct SharedWasiCtx(Arc<Mutex<WasiCtx>>);

impl SharedWasiCtx {
    /// Shares a context.
    #[must_use]
    pub fn new(ctx: WasiCtx) -> Self {
        Self(Arc::new(Mutex::new(ctx)))
    }

    /// The context, if there is no other clone.
    pub fn exclusive(&mut self) -> Option<&mut WasiCtx> {
        Some(Arc::get_mut(&mut self.0)?.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses the context, which no thread of the guest can use meanwhile.
    pub fn with<R>(&self, f: impl FnOnce(&mut WasiCtx) -> R) -> R {
        // A host's stream may have panicked. The context was left as any error leaves it.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
