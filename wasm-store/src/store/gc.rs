//! Collecting garbage on demand.

#[cfg(feature = "async")]
mod waiting;

use super::{Caller, Store, StoreContextMut, StoreInner};
use crate::error::{GcHeapOutOfMemory, Result};

impl<T: 'static> Store<T> {
    /// Collects what is in the garbage-collected heap and nothing refers to any more, and drops the
    /// values of the host among it. There is no need to call this: collections happen when there is
    /// much to collect.
    ///
    /// With the error of an object that could not be made, this also makes room for it, if that can
    /// be done.
    ///
    /// While a call hook, a function hook or the callback of an epoch's deadline runs, nothing is
    /// collected. Neither is anything with [`Collector::Null`](crate::Collector::Null).
    ///
    /// # Errors
    ///
    /// If the limiter fails, the machine has no room, or an artifact whose code is running is
    /// damaged.
    pub fn gc(&mut self, why: Option<&GcHeapOutOfMemory<()>>) -> Result<()> {
        StoreContextMut(self.inner_mut()).gc(why)
    }

    /// How many bytes the garbage-collected heap holds; 0 as long as nothing was made in it.
    pub fn gc_heap_capacity(&self) -> usize {
        self.inner().vm.gc.capacity()
    }
}

impl<T: 'static> Caller<'_, T> {
    /// As [`Store::gc_heap_capacity`].
    pub fn gc_heap_capacity(&self) -> usize {
        self.store.gc_heap_capacity()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// As [`Store::gc_heap_capacity`].
    pub fn gc_heap_capacity(&self) -> usize {
        self.0.vm.gc.capacity()
    }

    /// As [`Store::gc`].
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn gc(&mut self, why: Option<&GcHeapOutOfMemory<()>>) -> Result<()> {
        self.0.check_sync_limiter()?;
        self.0.vm.collect(why.map_or(0, GcHeapOutOfMemory::bytes_needed))
    }
}

impl<T: 'static> Caller<'_, T> {
    /// As [`Store::gc`]. What Wasm refers to that waits for this function is found.
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn gc(&mut self, why: Option<&GcHeapOutOfMemory<()>>) -> Result<()> {
        self.store.gc(why)
    }
}

/// A store in which nothing is collected for as long as this lives: somebody has references that
/// nobody else knows.
pub(crate) struct CollectionsPutOff<'a, T: 'static>(&'a mut StoreInner<T>);

impl<'a, T: 'static> CollectionsPutOff<'a, T> {
    pub(crate) fn new(store: &'a mut StoreInner<T>) -> Self {
        store.vm.gc.put_off();
        Self(store)
    }

    pub(crate) fn store(&mut self) -> &mut StoreInner<T> {
        self.0
    }
}

impl<T: 'static> Drop for CollectionsPutOff<'_, T> {
    fn drop(&mut self) {
        self.0.vm.gc.resume();
    }
}
