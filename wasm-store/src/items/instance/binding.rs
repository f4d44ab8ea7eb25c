//! What imports are bound to when an instance is made: items of the store, or host functions that
//! are not in the store one by one.

#![allow(unsafe_code)]

use super::{Instance, check_import};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::{BoundFuncs, Extern, Module};
use crate::store::{AsContextMut, StoreOpaque};
use crate::types::matching::CanonicalType;
use crate::vm::VmImport;

/// What an import of an instance is bound to: see [`Instance::with_bindings`].
#[derive(Clone, Debug)]
pub enum ImportBinding<'a> {
    /// An item of the store.
    Item(Extern),
    /// A function of a list that was bound in the store, by its place. The import needs no handle
    /// of it.
    Func(&'a BoundFuncs, usize),
}

impl Instance {
    /// Makes an instance as [`Instance::new`] does, whose imports may also be bound to functions of
    /// [`NumericFuncs`](crate::NumericFuncs).
    ///
    /// # Errors
    ///
    /// As for [`Instance::new`], and if a list has no function of a place.
    pub fn with_bindings(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[ImportBinding<'_>],
    ) -> Result<Instance> {
        let store = store.as_context_mut();
        let bound = bind(store.0, module, imports)?;
        // SAFETY: the imports have been checked.
        unsafe { Self::instantiate(store.0, module, &bound) }
    }

    /// Makes an instance as [`with_bindings`](Self::with_bindings) does, and waits for what its
    /// start function waits for.
    ///
    /// # Errors
    ///
    /// As for [`with_bindings`](Self::with_bindings).
    #[cfg(feature = "async")]
    pub async fn with_bindings_async(
        store: impl AsContextMut<Data: Send>,
        module: &Module,
        imports: &[ImportBinding<'_>],
    ) -> Result<Instance> {
        Self::bound_async(store, module, imports).await
    }

    /// As [`with_bindings_async`](Self::with_bindings_async), whatever the imports are given as.
    #[cfg(feature = "async")]
    pub(super) async fn bound_async(
        mut store: impl AsContextMut<Data: Send>,
        module: &Module,
        imports: &[impl Binding],
    ) -> Result<Instance> {
        let mut store = store.as_context_mut();
        let made = {
            // What is wrong with the imports comes before the limiter is asked.
            drop(bind(store.0, module, imports)?);
            Self::ask_about(store.0, module).await?;
            let bound = bind(store.0, module, imports)?;
            // SAFETY: the imports have been checked.
            let made = unsafe { Self::make(store.0, module, &bound) };
            store.0.forget_answers();
            made?
        };
        made.start_async(&mut store).await
    }
}

/// Something that an import can be bound to.
pub(super) trait Binding: Sync {
    /// Its type, after a check that it is of the store.
    fn provided(&self, store: &StoreOpaque) -> Result<CanonicalType>;

    /// It as what an import is bound to; `None` if there is nothing, which has no type either.
    fn to_import(&self, store: &StoreOpaque) -> Option<VmImport>;
}

impl Binding for Extern {
    fn provided(&self, store: &StoreOpaque) -> Result<CanonicalType> {
        store.admit(self)?;
        self.check_bindable()?;
        Ok(Extern::provided(self, store))
    }

    fn to_import(&self, _store: &StoreOpaque) -> Option<VmImport> {
        Some(Extern::to_import(self))
    }
}

impl Binding for ImportBinding<'_> {
    fn provided(&self, store: &StoreOpaque) -> Result<CanonicalType> {
        match self {
            ImportBinding::Item(item) => Binding::provided(item, store),
            ImportBinding::Func(funcs, place) => {
                store.admit(*funcs)?;
                match funcs.ty(*place) {
                    Some(ty) => Ok(CanonicalType::Func(ty.id())),
                    None => crate::bail!("the list of host functions has no function {place}"),
                }
            }
        }
    }

    fn to_import(&self, store: &StoreOpaque) -> Option<VmImport> {
        match self {
            ImportBinding::Item(item) => Some(item.to_import()),
            ImportBinding::Func(funcs, place) => funcs.def(store, *place).map(VmImport::Host),
        }
    }
}

/// Checks the imports of an instance.
pub(super) fn bind(
    store: &StoreOpaque,
    module: &Module,
    imports: &[impl Binding],
) -> Result<Vec<VmImport>> {
    store.admit(module)?;
    crate::ensure!(
        module.wanted()?.len() == imports.len(),
        "expected {} imports, found {}",
        module.wanted()?.len(),
        imports.len()
    );
    let mut bound = Vec::with_capacity(imports.len());
    for (place, (item, wanted)) in imports.iter().zip(module.wanted()?).enumerate() {
        check_import(module, place, wanted, &item.provided(store)?)?;
        bound.extend(item.to_import(store));
    }
    Ok(bound)
}
