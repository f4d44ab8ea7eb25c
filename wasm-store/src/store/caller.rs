//! What a host function sees of who called it.

#![allow(unsafe_code)]

use crate::engine::Engine;
use crate::error::Result;
use crate::items::{Extern, Instance, ModuleExport};
use crate::store::{StoreContextMut, Waiter};
use crate::vm::HostRecord;

/// What a host function gets if it takes one as its first parameter: the store, and the exports of the
/// instance that is calling.
#[derive(Debug)]
pub struct Caller<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    /// The record that the function was called with: it knows the caller, which is only looked for
    /// when somebody asks.
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
        use crate::store::AsContextMut as _;
        Caller { store: self.store.as_context_mut(), record: self.record }
    }

    /// An export of the calling instance. `None` too if the host called the function itself.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        self.instance()?.get_export(&mut self.store, name)
    }

    /// An export of the calling instance that was looked up by name before. `None` too if the host
    /// called the function itself, or the instance is of another module.
    pub fn get_module_export(&mut self, export: &ModuleExport) -> Option<Extern> {
        self.instance()?.get_module_export(&mut self.store, export)
    }

    /// The instance that is calling, if Wasm is.
    fn instance(&self) -> Option<Instance> {
        // SAFETY: the record is that of the call that this value stands for.
        let instance = unsafe { (*self.record).caller_instance()? };
        // SAFETY: an instance lives as long as its store, which is borrowed.
        let number = unsafe { instance.as_ref().user_data() };
        Instance::from_user_data(self.store.0, number)
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

    /// What this function waits by, if it has to wait: see [`Store::waiter`](crate::Store::waiter).
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        self.store.waiter()
    }

    /// Whether this function is to end, after it has waited: see [`StoreContextMut::check_interruption`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn check_interruption(&mut self) -> Result<()> {
        self.store.check_interruption()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.store.0.engine()
    }
}
