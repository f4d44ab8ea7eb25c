//! Host values that Wasm holds references to.

use std::any::Any;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::ops::Deref;

use crate::error::Result;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreId};

/// A value of the host that Wasm can pass around but not look into. An `externref` refers to one.
///
/// The value belongs to a store and lives as long as the store. No collector finds out that nothing
/// refers to it any more.
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExternRef {
    store: StoreId,
    number: NonZeroU64,
}

impl ExternRef {
    /// Gives a value to a store and returns the reference to it.
    ///
    /// # Errors
    ///
    /// If the store has a [limit](crate::ResourceLimiter::total_memory_size) that leaves no room
    /// for the value. What counts is the value's own size and that of the store's reference to it.
    /// The store does not know what the value owns elsewhere, like the characters of a `String`.
    pub fn new<T>(mut store: impl AsContextMut, value: T) -> Result<Rooted<ExternRef>>
    where
        T: 'static + Any + Send + Sync,
    {
        let store = store.as_context_mut();
        let store = &mut **store.0;
        let number = store.add_extern(Box::new(value))?;
        let number = NonZeroU64::new(number).expect("one was just added");
        Ok(Rooted { value: ExternRef { store: store.id(), number } })
    }

    /// The value. `None` is for references that other engines make of internal ones; here there are
    /// none.
    ///
    /// # Errors
    ///
    /// None so far.
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
        self.store.assert_is(store.0.id());
        Ok(store.0.externs.get(self.place()).map(|value| &**value))
    }

    /// The value, to be changed.
    ///
    /// # Errors
    ///
    /// None so far.
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
        self.store.assert_is(store.0.id());
        Ok(store.0.externs.get_mut(self.place()).map(|value| &mut **value))
    }

    fn place(&self) -> usize {
        (self.number.get() - 1) as usize
    }

    #[inline]
    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    /// The reference as calls, tables and globals hold it.
    #[inline]
    pub(crate) fn to_reference(self) -> u64 {
        self.number.get()
    }
}

/// A reference that its store keeps alive.
///
/// Copies refer to the same value. No scope ends the value's life before that of the store.
#[derive(Debug)]
pub struct Rooted<T> {
    value: T,
}

impl<T: Copy> Clone for Rooted<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Copy> Copy for Rooted<T> {}

impl<T> Deref for Rooted<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl Rooted<ExternRef> {
    /// Whether two references are to the same value.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If one of them is of another store.
    pub fn ref_eq(store: impl AsContext, a: &Self, b: &Self) -> Result<bool> {
        let id = store.as_context().0.id();
        a.store.assert_is(id);
        b.store.assert_is(id);
        Ok(a.value == b.value)
    }

    /// Whether two references are to the same value of the same store.
    pub fn rooted_eq(a: Self, b: Self) -> bool {
        a.value == b.value
    }

    /// The reference as one of the other kind of the API.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If the reference is of another store.
    pub fn to_owned_rooted(&self, store: impl AsContextMut) -> Result<OwnedRooted<ExternRef>> {
        self.store.assert_is(store.as_context().0.id());
        Ok(OwnedRooted { value: self.value, _not_copy: PhantomData })
    }

    /// A reference as calls, tables and globals hold it; `None` for null.
    #[inline]
    pub(crate) fn from_reference(store: StoreId, number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(|number| Rooted { value: ExternRef { store, number } })
    }
}

/// A reference with a lifetime of its own, in engines that collect. Here it is another [`Rooted`],
/// for code that is written for both.
#[derive(Clone, Debug)]
pub struct OwnedRooted<T> {
    value: T,
    _not_copy: PhantomData<()>,
}

impl OwnedRooted<ExternRef> {
    /// The reference as a [`Rooted`].
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn to_rooted(&self, context: impl AsContextMut) -> Rooted<ExternRef> {
        self.value.store.assert_is(context.as_context().0.id());
        Rooted { value: self.value }
    }
}

impl<T> Deref for OwnedRooted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
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
        assert_eq!(a.data(&store).unwrap().unwrap().downcast_ref::<u32>(), Some(&6));
        assert!(!Rooted::ref_eq(&store, &a, &b).unwrap());
        let owned = a.to_owned_rooted(&mut store).unwrap();
        assert!(Rooted::rooted_eq(owned.to_rooted(&mut store), a));
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
