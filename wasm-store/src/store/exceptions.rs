//! The exception that is on its way through the host.

use super::{Store, StoreContextMut};

impl<T: 'static> Store<T> {
    /// Whether an exception was thrown that nothing has caught so far: a call has returned
    /// [`ThrownException`](crate::ThrownException), or is about to. It is pending until the next
    /// one is thrown, or until it is taken, or goes on in Wasm and is caught, or is replaced by the
    /// error of a function hook there.
    pub fn has_pending_exception(&self) -> bool {
        self.inner().vm.has_pending_exception()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// As [`Store::has_pending_exception`].
    pub fn has_pending_exception(&self) -> bool {
        self.0.vm.has_pending_exception()
    }
}
