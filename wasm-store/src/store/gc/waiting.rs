//! Collecting garbage on demand, if the limiter may wait.

use crate::error::{GcHeapOutOfMemory, Result};
use crate::store::{Caller, Store, StoreContextMut};

impl<T: Send + 'static> Store<T> {
    /// As [`Store::gc`], and waits for the limiter, if it is one of [`Store::limiter_async`], where
    /// the heap is to grow.
    ///
    /// # Errors
    ///
    /// As for [`Store::gc`].
    pub async fn gc_async(&mut self, why: Option<&GcHeapOutOfMemory<()>>) -> Result<()> {
        StoreContextMut(self.inner_mut()).gc_async(why).await
    }
}

impl<T: Send + 'static> StoreContextMut<'_, T> {
    /// As [`Store::gc`], and waits for the limiter, if it is one of [`Store::limiter_async`], where
    /// the heap is to grow.
    ///
    /// # Errors
    ///
    /// As for [`Store::gc`].
    pub async fn gc_async(&mut self, why: Option<&GcHeapOutOfMemory<()>>) -> Result<()> {
        let bytes = why.map_or(0, GcHeapOutOfMemory::bytes_needed);
        self.0.allocate(|store| store.vm.collect(bytes)).await
    }
}

impl<T: Send + 'static> Caller<'_, T> {
    /// As [`Store::gc`], and waits for the limiter, if it is one of [`Store::limiter_async`], where
    /// the heap is to grow.
    ///
    /// # Errors
    ///
    /// As for [`Store::gc`].
    pub async fn gc_async(&mut self, why: Option<&GcHeapOutOfMemory<()>>) -> Result<()> {
        self.store.gc_async(why).await
    }
}
