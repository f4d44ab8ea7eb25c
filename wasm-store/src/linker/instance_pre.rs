//! Modules with their imports looked up and checked.

#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::Result;
use crate::gate::Gate;
use crate::items::{Definition, Instance, Module, check_import};
use crate::store::{AsContextMut, Kept, StoreOpaque};
use crate::vm::VmImport;

/// A module whose imports have been looked up and checked, to be instantiated many times: see
/// [`Linker::instantiate_pre`](crate::Linker::instantiate_pre).
pub struct InstancePre<T> {
    pub(super) module: Module,
    pub(super) items: Arc<[Definition]>,
    /// Whether a host function among the items may wait.
    #[cfg(feature = "async")]
    pub(super) waits: bool,
    /// As for a linker.
    _data: PhantomData<fn(T) -> T>,
}

impl<T: 'static> InstancePre<T> {
    /// The items are those of a linker of the module's engine.
    ///
    /// # Safety
    ///
    /// Host functions among the items are made for data of type `T`.
    pub(crate) unsafe fn new(module: &Module, items: Vec<Definition>) -> Result<Self> {
        for (place, (item, wanted)) in items.iter().zip(module.wanted()?).enumerate() {
            check_import(module, place, wanted, &item.provided())?;
        }
        Ok(Self {
            module: module.clone(),
            #[cfg(feature = "async")]
            waits: items.iter().any(Definition::waits),
            items: items.into(),
            _data: PhantomData,
        })
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Makes an instance and calls its start function.
    ///
    /// # Errors
    ///
    /// If the store is of another engine. If an import is of another store, or is a table or memory
    /// that is now smaller than the module needs. If the store's limits do not allow the instance,
    /// a segment lies outside of its memory or table, or the start function traps.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let store = store.as_context_mut();
        store.0.admit(&self.module)?;
        #[cfg(feature = "async")]
        if self.waits {
            return Err(crate::store::requires_async());
        }
        let imports = self.bind(store.0)?;
        // Kept alive before the instance is made, since an instance that fails half-way may leave
        // references to functions behind.
        store.0.keep_alive(Kept::Items(Arc::clone(&self.items)));
        // SAFETY: the items were checked to fit. Host functions are made for data of this type, and
        // are kept alive.
        unsafe { Instance::instantiate(store.0, &self.module, &imports) }
    }

    pub(super) fn bind(&self, store: &StoreOpaque) -> Result<Vec<VmImport>> {
        let mut bound = Vec::with_capacity(self.items.len());
        for item in &*self.items {
            bound.push(item.bind(store)?);
        }
        Ok(bound)
    }
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        Self {
            module: self.module.clone(),
            items: Arc::clone(&self.items),
            #[cfg(feature = "async")]
            waits: self.waits,
            _data: PhantomData,
        }
    }
}

impl<T> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("module", &self.module).finish_non_exhaustive()
    }
}
