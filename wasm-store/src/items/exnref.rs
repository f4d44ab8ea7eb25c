//! Exceptions that the host holds references to.

#![allow(unsafe_code)]

use super::rooting::{RootIndex, Rooted, gc_ref};
use super::{Tag, Val};
use crate::error::{Error, Result};
use crate::gate::Gate;
use crate::store::{AsContext, AsContextMut, StoreContextMut, StoreId, StoreOpaque};
use crate::types::{ExnType, HeapType};

/// An exception as a value: what an `exnref` refers to. It has a tag, and values whose types are
/// the parameters of the tag's type. None of them changes.
///
/// Wasm makes such references with `catch_ref` and `catch_all_ref`, and throws them with
/// `throw_ref`; the host with [`ExnRef::new`] and [`Store::throw`](crate::Store::throw).
///
/// ```
/// use wasm_store::{Engine, ExnRef, ExnRefPre, ExnType, Store, Tag, Val, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = ExnType::new(store.engine(), [ValType::I32])?;
/// let tag = Tag::new(&mut store, &ty.tag_type())?;
/// let allocator = ExnRefPre::new(&mut store, ty);
/// let exception = ExnRef::new(&mut store, &allocator, &tag, &[Val::I32(5)])?;
/// assert_eq!(exception.field(&mut store, 0)?.unwrap_i32(), 5);
/// assert!(Tag::eq(&exception.tag(&mut store)?, &tag, &store));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ExnRef {
    index: RootIndex,
}

gc_ref!(ExnRef, HeapType::Exn, Ref::Exn, may_be_concrete: false);

/// What makes exceptions of one type in one store.
#[derive(Debug)]
pub struct ExnRefPre {
    store: StoreId,
    ty: ExnType,
}

impl ExnRefPre {
    /// What makes exceptions of a type.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    pub fn new(mut store: impl AsContextMut, ty: ExnType) -> Self {
        let store = store.as_context_mut();
        store.0.demand(&ty);
        Self { store: store.0.id(), ty }
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }
}

impl ExnRef {
    /// Makes an exception, and returns a handle to it in the innermost scope
    /// ([`RootScope`](crate::RootScope)). It is not thrown.
    ///
    /// # Errors
    ///
    /// If the tag is of another type than the allocator makes exceptions of, or the values are
    /// others than this type says. If the tag or a value is of another store, or the handle of a
    /// value has ended. [`GcHeapOutOfMemory`](crate::GcHeapOutOfMemory) if the heap is full or the
    /// limiter of the store does not let it grow.
    ///
    /// # Panics
    ///
    /// If the allocator is of another store.
    pub fn new(
        mut store: impl AsContextMut,
        allocator: &ExnRefPre,
        tag: &Tag,
        fields: &[Val],
    ) -> Result<Rooted<ExnRef>> {
        let store = store.as_context_mut();
        store.0.check_sync_limiter()?;
        Self::make(store.0, allocator, tag, fields)
    }

    pub(super) fn make(
        store: &mut StoreOpaque,
        allocator: &ExnRefPre,
        tag: &Tag,
        fields: &[Val],
    ) -> Result<Rooted<ExnRef>> {
        store.demand(allocator);
        store.admit(tag)?;
        let ExnRefPre { ty, .. } = allocator;
        crate::ensure!(
            tag.type_id() == ty.id(),
            "an exception of a tag of the type `{}` is to be made, and the allocator is for `{}`",
            tag.type_in(store),
            ty.tag_type()
        );
        let count = ty.fields().len();
        crate::ensure!(
            fields.len() == count,
            "the exception has {count} values, and {} were given",
            fields.len()
        );
        check_values(store, ty, fields)?;
        // SAFETY: the tag is one of the store, and the values are of its type. Nothing is collected
        // once the exception is made and before it has a handle.
        unsafe {
            let exception = store.vm.new_exception(tag.pointer())?;
            // The limiter may have dropped a handle, which is found when room is made.
            check_values(store, ty, fields)?;
            let values: Vec<_> = fields.iter().map(|value| value.to_abi(store)).collect();
            store.vm.set_values_of_exception(exception, &values)?;
            Ok(Rooted::new(store, exception))
        }
    }

    /// The type.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ExnType> {
        self.type_in(store.as_context().0)
    }

    pub(super) fn type_in(&self, store: &StoreOpaque) -> Result<ExnType> {
        ExnType::from_tag_type(&self.tag_in(store)?.type_in(store))
    }

    /// Whether the exception is of the given type.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &HeapType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(ty);
        Ok(HeapType::from(self.type_in(store.0)?).matches(ty))
    }

    /// The tag.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn tag(&self, mut store: impl AsContextMut) -> Result<Tag> {
        self.tag_in(store.as_context_mut().0)
    }

    /// The reference as the store holds it.
    pub(crate) fn reference_in(&self, store: &StoreOpaque) -> Result<u32> {
        self.index.reference(store)
    }

    fn tag_in(&self, store: &StoreOpaque) -> Result<Tag> {
        let exception = self.index.reference(store)?;
        // SAFETY: handles of this type are to exceptions.
        let tag = unsafe { store.vm.tag_of_exception(exception) };
        Ok(Tag::from_vm(store, tag))
    }

    /// One of the values.
    ///
    /// # Errors
    ///
    /// If there are fewer, or the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn field(&self, mut store: impl AsContextMut, index: usize) -> Result<Val> {
        let store = store.as_context_mut();
        match self.value(store.0, index)? {
            Some(value) => Ok(value),
            None => Err(Error::msg(format!("the exception has no value {index}"))),
        }
    }

    /// The values. Those that are references get handles in the innermost scope.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn fields<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<impl ExactSizeIterator<Item = Val> + 'a> {
        let store: StoreContextMut<'a, T> = store.into();
        let mut values = Vec::new();
        while let Some(value) = self.value(store.0, values.len())? {
            values.push(value);
        }
        Ok(values.into_iter())
    }

    fn value(&self, store: &mut StoreOpaque, index: usize) -> Result<Option<Val>> {
        let exception = self.index.reference(store)?;
        // SAFETY: handles of this type are to exceptions, which hold what their types say.
        unsafe {
            let value = store.vm.value_of_exception(exception, index);
            Ok(value.map(|(value, ty)| Val::from_abi(store, value, ty)))
        }
    }
}

/// Checks that values are of the types that exceptions of a type hold.
fn check_values(store: &StoreOpaque, ty: &ExnType, values: &[Val]) -> Result<()> {
    for (place, (ty, value)) in ty.fields().zip(values).enumerate() {
        let ty = ty.element_type().unpack().canonical();
        value.check(store, ty).map_err(|error| error.context(format!("value {place}")))?;
    }
    Ok(())
}
