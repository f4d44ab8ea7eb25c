//! The definitions of names: what linkers hold, and what is bound to imports.

#![allow(unsafe_code)]

use super::{Extern, HostFunc};
use crate::error::Result;
use crate::gate::Gate;
use crate::store::StoreOpaque;
use crate::types::matching::CanonicalType;
use crate::vm::VmImport;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Definition {
    /// An item of a store, with its type. The type of a table or memory has its size at the time
    /// when it was named.
    Extern {
        /// The item.
        item: Extern,
        /// Its canonical type.
        ty: CanonicalType,
    },
    /// A host function, which can become part of every store.
    Host(HostFunc),
}

impl Definition {
    /// The definition of an item of a store, whose engine is the linker's.
    ///
    /// # Errors
    ///
    /// If the item is of another store.
    pub(crate) fn new(store: &StoreOpaque, item: Extern) -> Result<Self> {
        store.admit(&item)?;
        let ty = item.provided(store);
        Ok(Definition::Extern { item, ty })
    }

    /// The canonical type.
    pub(crate) fn provided(&self) -> CanonicalType {
        match self {
            Definition::Extern { ty, .. } => *ty,
            Definition::Host(func) => CanonicalType::Func(func.ty().id()),
        }
    }

    /// Whether it is a host function that may wait.
    #[cfg(feature = "async")]
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Definition::Host(func) if func.waits())
    }

    /// Brings the size of a table or memory of the store up to date.
    pub(crate) fn update_size(&mut self, store: &StoreOpaque) {
        if let Definition::Extern { item, ty } = self
            && store.admits(item)
        {
            *ty = item.provided(store);
        }
    }

    /// The binding of an import in a store, valid as long as this value and the store live.
    ///
    /// # Errors
    ///
    /// If it is an item of another store.
    #[inline]
    pub(crate) fn bind(&self, store: &StoreOpaque) -> Result<VmImport> {
        match self {
            Definition::Extern { item, .. } => {
                store.admit(item)?;
                Ok(item.to_import())
            }
            Definition::Host(func) => {
                // The caller has compared the engines, once for all imports of a module.
                debug_assert!(store.admits(func));
                Ok(VmImport::Host(func.def(store)))
            }
        }
    }

    /// The item in a store; `None` if it is of another store.
    ///
    /// # Safety
    ///
    /// A host function is made for data of the store's type.
    pub(crate) unsafe fn to_extern(&self, store: &mut StoreOpaque) -> Option<Extern> {
        match self {
            Definition::Extern { item, .. } => store.admits(item).then(|| item.clone()),
            // SAFETY: as the caller promises.
            Definition::Host(func) => Some(unsafe { func.to_func(store) }.into()),
        }
    }
}
