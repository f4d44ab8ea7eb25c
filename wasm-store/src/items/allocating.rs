//! Making objects, if the limiter may wait where the heap has to grow.

use std::any::Any;

use super::{
    ArrayRef, ArrayRefPre, ExnRef, ExnRefPre, ExternRef, Rooted, StructRef, StructRefPre, Tag, Val,
};
use crate::error::{Error, Result};
use crate::store::AsContextMut;

impl StructRef {
    /// As [`StructRef::new`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`StructRef::new`].
    ///
    /// # Panics
    ///
    /// As for [`StructRef::new`].
    pub async fn new_async(
        mut store: impl AsContextMut<Data: Send>,
        allocator: &StructRefPre,
        fields: &[Val],
    ) -> Result<Rooted<StructRef>> {
        let store = store.as_context_mut().0;
        store.allocate(|store| Self::make(store, allocator, fields)).await
    }
}

impl ArrayRef {
    /// As [`ArrayRef::new`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`ArrayRef::new`].
    ///
    /// # Panics
    ///
    /// As for [`ArrayRef::new`].
    pub async fn new_async(
        mut store: impl AsContextMut<Data: Send>,
        allocator: &ArrayRefPre,
        elem: &Val,
        len: u32,
    ) -> Result<Rooted<ArrayRef>> {
        let store = store.as_context_mut().0;
        store.allocate(|store| Self::make(store, allocator, elem, len)).await
    }

    /// As [`ArrayRef::new_fixed`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`ArrayRef::new_fixed`].
    ///
    /// # Panics
    ///
    /// As for [`ArrayRef::new_fixed`].
    pub async fn new_fixed_async(
        mut store: impl AsContextMut<Data: Send>,
        allocator: &ArrayRefPre,
        elems: &[Val],
    ) -> Result<Rooted<ArrayRef>> {
        let store = store.as_context_mut().0;
        store.allocate(|store| Self::make_fixed(store, allocator, elems)).await
    }

    /// As [`ArrayRef::new_from_i8_slice`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`ArrayRef::new_from_i8_slice`].
    ///
    /// # Panics
    ///
    /// As for [`ArrayRef::new_from_i8_slice`].
    pub async fn new_from_i8_slice_async(
        mut store: impl AsContextMut<Data: Send>,
        allocator: &ArrayRefPre,
        elems: &[u8],
    ) -> Result<Rooted<ArrayRef>> {
        let store = store.as_context_mut().0;
        store.allocate(|store| Self::make_of_bytes(store, allocator, elems)).await
    }
}

impl ExnRef {
    /// As [`ExnRef::new`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`ExnRef::new`].
    ///
    /// # Panics
    ///
    /// As for [`ExnRef::new`].
    pub async fn new_async(
        mut store: impl AsContextMut<Data: Send>,
        allocator: &ExnRefPre,
        tag: &Tag,
        fields: &[Val],
    ) -> Result<Rooted<ExnRef>> {
        let store = store.as_context_mut().0;
        store.allocate(|store| Self::make(store, allocator, tag, fields)).await
    }
}

impl ExternRef {
    /// As [`ExternRef::new`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`ExternRef::new`].
    pub async fn new_async<T>(
        mut store: impl AsContextMut<Data: Send>,
        value: T,
    ) -> Result<Rooted<ExternRef>>
    where
        T: 'static + Any + Send + Sync,
    {
        let store = store.as_context_mut().0;
        let mut kept = Some(Box::new(value));
        store
            .allocate(|store| match kept.take() {
                Some(value) => Self::make(store, value).map_err(|(value, error)| {
                    kept = value;
                    error
                }),
                None => Err(Error::msg("the value is not there any more")),
            })
            .await
    }
}
