//! A store for a function of the host that also has its own part of the data.

use std::fmt;

use wasm_store::{AsContext, AsContextMut, StoreContext, StoreContextMut};

use super::has_data::HasData;

/// The store, as functions get it that are bound with `store` by `bindgen!`, and the way to what
/// they need of its data.
pub struct Access<'a, T: 'static, D: HasData + ?Sized> {
    store: StoreContextMut<'a, T>,
    data: Getter<T, D>,
}

/// Gets out of the store's data what is needed.
type Getter<T, D> = for<'d> fn(&'d mut T) -> <D as HasData>::Data<'d>;

impl<'a, T: 'static, D: HasData + ?Sized> Access<'a, T, D> {
    /// Makes one of a store.
    pub fn new(store: StoreContextMut<'a, T>, data: for<'d> fn(&'d mut T) -> D::Data<'d>) -> Self {
        Self { store, data }
    }

    /// What is needed of the store's data.
    pub fn get(&mut self) -> D::Data<'_> {
        (self.data)(self.store.data_mut())
    }

    /// The store's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// The function that gets out of the store's data what is needed.
    pub fn getter(&self) -> for<'d> fn(&'d mut T) -> D::Data<'d> {
        self.data
    }
}

impl<T: 'static, D: HasData + ?Sized> fmt::Debug for Access<'_, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl<T: 'static, D: HasData + ?Sized> AsContext for Access<'_, T, D> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static, D: HasData + ?Sized> AsContextMut for Access<'_, T, D> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}
