//! Host values that Wasm holds references to.

use std::any::Any;

use super::rooting::{RootIndex, Rooted, gc_ref};
use crate::error::{Error, GcHeapOutOfMemory, Result};
use crate::items::AnyRef;
use crate::store::{AsContextMut, StoreContext, StoreContextMut, StoreOpaque};
use crate::types::HeapType;
use crate::vm::{NoRoom, host_value_bytes};

/// A value of the host that Wasm can pass around but not look into. An `externref` refers to one.
///
/// The value belongs to a store. It is dropped some time after nothing refers to it any more:
/// neither a handle of the host ([`Rooted`], [`OwnedRooted`](crate::OwnedRooted)) nor a local, a
/// global or a table of Wasm. At the latest it is dropped with the store.
///
/// ```
/// use wasm_store::{Engine, ExternRef, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let name = ExternRef::new(&mut store, "Ada".to_string())?;
/// let data = name.data(&store)?.expect("not an internal reference");
/// assert_eq!(data.downcast_ref::<String>().unwrap(), "Ada");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ExternRef {
    index: RootIndex,
}

gc_ref!(ExternRef, HeapType::Extern, Ref::Extern, may_be_concrete: false);

impl ExternRef {
    /// Gives a value to a store and returns a handle to it, in the innermost scope
    /// ([`RootScope`](crate::RootScope)).
    ///
    /// # Errors
    ///
    /// [`GcHeapOutOfMemory`], with the value, if the heap is full or the limiter of the store does
    /// not let it grow. If the store has a
    /// [limit](crate::ResourceLimiter::total_memory_size) that leaves no room for the value. What
    /// counts is the value's own size and that of the store's reference to it. The store does not
    /// know what the value owns elsewhere, like the characters of a `String`.
    pub fn new<T>(mut store: impl AsContextMut, value: T) -> Result<Rooted<ExternRef>>
    where
        T: 'static + Any + Send + Sync,
    {
        let store = store.as_context_mut();
        store.0.check_sync_limiter()?;
        Self::make(store.0, Box::new(value)).map_err(|(_, error)| error)
    }

    /// Gives a value to a store. If that fails, the value comes back, unless the error has it.
    pub(super) fn make<T>(
        store: &mut StoreOpaque,
        value: Box<T>,
    ) -> std::result::Result<Rooted<ExternRef>, (Option<Box<T>>, Error)>
    where
        T: 'static + Any + Send + Sync,
    {
        let bytes = host_value_bytes(&*value);
        if store.vm.count_host_value(bytes).is_err() {
            // What is dead still counts.
            let collected = store.vm.collect(0);
            if let Err(error) = collected.and_then(|()| store.vm.count_host_value(bytes)) {
                return Err((Some(value), error));
            }
        }
        let (value, error) = match store.vm.new_value(value) {
            Ok(reference) => return Ok(Rooted::new(store, reference)),
            Err(failed) => failed,
        };
        store.vm.forget_host_values(bytes);
        let value = (value as Box<dyn Any>).downcast::<T>().ok();
        Err(match (error, value) {
            (NoRoom::Full(bytes), Some(value)) => {
                (None, GcHeapOutOfMemory::new(*value, bytes).into())
            }
            (NoRoom::Full(bytes), None) => (None, GcHeapOutOfMemory::new((), bytes).into()),
            (NoRoom::Failed(error), value) => (value, error),
        })
    }

    /// An internal reference as one to a host value, as `extern.convert_any` has it: Wasm can pass
    /// it where it passes host values, and convert it back. There is no value to get from it,
    /// unless it was converted from one. The handle is in the innermost scope.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the reference is of another store.
    pub fn convert_any(
        mut store: impl AsContextMut,
        anyref: Rooted<AnyRef>,
    ) -> Result<Rooted<ExternRef>> {
        anyref.converted(store.as_context_mut().0)
    }

    /// The value; `None` for an internal reference that was converted
    /// ([`convert_any`](Self::convert_any)).
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the reference is of another store.
    pub fn data<'a, T>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>>
    where
        T: 'static,
    {
        let store: StoreContext<'a, T> = store.into();
        let reference = self.index.reference(store.0)?;
        Ok(store.0.vm.gc.value(reference).map(|value| &**value))
    }

    /// The value, to be changed.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the reference is of another store.
    pub fn data_mut<'a, T>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<Option<&'a mut (dyn Any + Send + Sync)>>
    where
        T: 'static,
    {
        let store: StoreContextMut<'a, T> = store.into();
        let reference = self.index.reference(store.0)?;
        Ok(store.0.vm.gc.value_mut(reference).map(|value| &mut **value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Store};

    #[test]
    fn values_stay_and_can_change() {
        let mut store = Store::new(&Engine::default(), ());
        let a = ExternRef::new(&mut store, 5u32).unwrap();
        let b = ExternRef::new(&mut store, "five").unwrap();
        *a.data_mut(&mut store).unwrap().unwrap().downcast_mut::<u32>().unwrap() += 1;
        store.gc(None).unwrap();
        assert_eq!(a.data(&store).unwrap().unwrap().downcast_ref::<u32>(), Some(&6));
        assert!(!Rooted::ref_eq(&store, &a, &b).unwrap());
        let owned = a.to_owned_rooted(&mut store).unwrap();
        let other = owned.to_rooted(&mut store);
        assert!(Rooted::ref_eq(&store, &a, &other).unwrap());
        assert!(Rooted::ref_eq(&store, &owned, &other).unwrap());
        assert!(!Rooted::rooted_eq(other, a));
    }

    #[test]
    #[should_panic(expected = "object used with the wrong store")]
    fn references_of_another_store_are_refused() {
        let engine = Engine::default();
        let mut one = Store::new(&engine, ());
        let other = Store::new(&engine, ());
        let value = ExternRef::new(&mut one, 1u8).unwrap();
        let _ = value.data(&other);
    }
}
