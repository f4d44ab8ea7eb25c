//! The caller of a host function.

#![allow(unsafe_code)]

use crate::engine::Engine;
use crate::error::Result;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, Waiter};
use crate::vm::HostRecord;

/// The first parameter of a host function that takes one: the store, and the exports of the calling
/// instance.
#[derive(Debug)]
pub struct Caller<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    /// The record that the function was called with. It leads to the calling instance, which is
    /// only looked up when it is needed.
    record: *const HostRecord,
}

// SAFETY: the record is only read, and stays as it is for the call.
unsafe impl<T: Send> Send for Caller<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Caller<'_, T> {}

impl<'a, T: 'static> Caller<'a, T> {
    /// # Safety
    ///
    /// The record is that of a call that lasts as long as the caller.
    #[inline(always)]
    pub(crate) unsafe fn new(store: StoreContextMut<'a, T>, record: *const HostRecord) -> Self {
        Self { store, record }
    }

    /// A caller with a shorter life.
    pub(crate) fn reborrow(&mut self) -> Caller<'_, T> {
        Caller { store: self.store.as_context_mut(), record: self.record }
    }

    /// The number of the instance that is calling, if Wasm is.
    pub(crate) fn instance_number(&self) -> Option<usize> {
        // SAFETY: the record is that of the call that this value stands for.
        let instance = unsafe { (*self.record).caller_instance()? };
        // SAFETY: an instance lives as long as its store, which is borrowed.
        Some(unsafe { instance.as_ref().user_data() })
    }

    /// The store's data.
    #[inline]
    pub fn data(&self) -> &T {
        self.store.0.data()
    }

    /// The store's data, to be changed.
    #[inline]
    pub fn data_mut(&mut self) -> &mut T {
        self.store.0.data_mut()
    }

    /// A waiter for this function, if it has to wait: see [`Store::waiter`](crate::Store::waiter).
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        self.store.waiter()
    }

    /// Whether this function has to end after it has waited: see
    /// [`StoreContextMut::check_interruption`].
    ///
    /// # Errors
    ///
    /// As for that function.
    ///
    /// # Panics
    ///
    /// As for that function.
    pub fn check_interruption(&mut self) -> Result<()> {
        self.store.check_interruption()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.store.0.engine()
    }
}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<'a, T: 'static> From<Caller<'a, T>> for StoreContextMut<'a, T> {
    #[inline]
    fn from(caller: Caller<'a, T>) -> Self {
        caller.store
    }
}
