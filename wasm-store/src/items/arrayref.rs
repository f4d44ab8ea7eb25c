//! Arrays.

use wasm_types::StorageType;

use super::internal::Internal;
use super::object::{self, Field};
use super::rooting::{OwnedRooted, RootIndex, Rooted, gc_ref, upcasts};
use crate::error::{Context, GcHeapOutOfMemory, Result};
use crate::gate::Gate;
use crate::items::{AnyRef, EqRef, Val};
use crate::store::{AsContext, AsContextMut, StoreContextMut, StoreId, StoreOpaque};
use crate::types::{ArrayType, HeapType};

/// What arrays of one type are made by, in one store: see [`ArrayRef::new`].
#[derive(Debug)]
pub struct ArrayRefPre {
    store: StoreId,
    ty: ArrayType,
}

impl ArrayRefPre {
    /// What makes arrays of the given type in a store.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    pub fn new(mut store: impl AsContextMut, ty: ArrayType) -> Self {
        let store = store.as_context_mut();
        store.0.demand(&ty);
        Self { store: store.0.id(), ty }
    }
}

/// An array in the garbage-collected heap (an `arrayref`): elements of one type, as many as it was
/// made with.
///
/// In functions with static types, `Rooted<ArrayRef>` and `OwnedRooted<ArrayRef>` stand for
/// `(ref array)`, and as parameters also for references to arrays of one type.
///
/// ```
/// use wasm_store::{
///     ArrayRef, ArrayRefPre, ArrayType, Engine, FieldType, Mutability, Store, Val, ValType,
/// };
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = ArrayType::new(&engine, FieldType::new(Mutability::Var, ValType::I64.into()));
/// let pre = ArrayRefPre::new(&mut store, ty);
/// let array = ArrayRef::new(&mut store, &pre, &Val::I64(7), 3)?;
/// array.set(&mut store, 1, Val::I64(8))?;
/// let elements: Vec<_> = array.elems(&mut store)?.map(|element| element.unwrap_i64()).collect();
/// assert_eq!(elements, [7, 8, 7]);
/// assert!(array.get(&mut store, 3).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef {
    index: RootIndex,
}

gc_ref!(ArrayRef, HeapType::Array, Ref::Any, may_be_concrete: true);
upcasts!(ArrayRef: AnyRef to_anyref, EqRef to_eqref);

impl ArrayRef {
    /// Makes an array of `len` elements, all of which are `elem`. The handle is in the innermost
    /// scope ([`RootScope`](crate::RootScope)). Of an integer for packed elements, the lower bits
    /// are kept.
    ///
    /// If there is no room, what nothing refers to is collected first.
    ///
    /// # Errors
    ///
    /// If the value is not of the type of the elements or is of another store, or its handle has
    /// ended. [`GcHeapOutOfMemory`](crate::GcHeapOutOfMemory) if the heap is full, or the limiter
    /// of the store does not let it grow. If the store has no room for the type, or for another
    /// function that objects refer to.
    ///
    /// # Panics
    ///
    /// If `allocator` is of another store.
    pub fn new(
        mut store: impl AsContextMut,
        allocator: &ArrayRefPre,
        elem: &Val,
        len: u32,
    ) -> Result<Rooted<ArrayRef>> {
        let store = store.as_context_mut().0;
        store.check_sync_limiter()?;
        Self::make(store, allocator, elem, len)
    }

    pub(super) fn make(
        store: &mut StoreOpaque,
        allocator: &ArrayRefPre,
        elem: &Val,
        len: u32,
    ) -> Result<Rooted<ArrayRef>> {
        allocator.store.assert_is(store.id());
        let record = allocator.ty.record();
        // A length that no heap has room for is reported as such, whatever the element is.
        if record.layout.size(len).is_none() {
            return Err(GcHeapOutOfMemory::new((), u32::MAX.into()).into());
        }
        object::check(store, record.ty.0.storage, elem).context("element type mismatch")?;
        let made = object::new_array(store, record, *elem, len)?;
        Ok(Rooted::new(store, made))
    }

    /// Makes an array of the given elements. As for [`new`](Self::new) otherwise.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new), for each of the elements.
    ///
    /// # Panics
    ///
    /// If `allocator` is of another store.
    pub fn new_fixed(
        mut store: impl AsContextMut,
        allocator: &ArrayRefPre,
        elems: &[Val],
    ) -> Result<Rooted<ArrayRef>> {
        let store = store.as_context_mut().0;
        store.check_sync_limiter()?;
        Self::make_fixed(store, allocator, elems)
    }

    pub(super) fn make_fixed(
        store: &mut StoreOpaque,
        allocator: &ArrayRefPre,
        elems: &[Val],
    ) -> Result<Rooted<ArrayRef>> {
        allocator.store.assert_is(store.id());
        let record = allocator.ty.record();
        for (place, elem) in elems.iter().enumerate() {
            object::check(store, record.ty.0.storage, elem)
                .with_context(|| format!("element {place}: type mismatch"))?;
        }
        let made = object::new_array_of(store, record, elems)?;
        Ok(Rooted::new(store, made))
    }

    /// Makes an array of bytes. As for [`new`](Self::new) otherwise.
    ///
    /// # Errors
    ///
    /// If the elements of such arrays are not `i8`.
    /// [`GcHeapOutOfMemory`](crate::GcHeapOutOfMemory) if the heap is full, or the limiter of the
    /// store does not let it grow. If the store has no room for the type.
    ///
    /// # Panics
    ///
    /// If `allocator` is of another store.
    pub fn new_from_i8_slice(
        mut store: impl AsContextMut,
        allocator: &ArrayRefPre,
        elems: &[u8],
    ) -> Result<Rooted<ArrayRef>> {
        let store = store.as_context_mut().0;
        store.check_sync_limiter()?;
        Self::make_of_bytes(store, allocator, elems)
    }

    pub(super) fn make_of_bytes(
        store: &mut StoreOpaque,
        allocator: &ArrayRefPre,
        elems: &[u8],
    ) -> Result<Rooted<ArrayRef>> {
        allocator.store.assert_is(store.id());
        check_bytes(&allocator.ty)?;
        let made = object::new_array_of_bytes(store, allocator.ty.record(), elems)?;
        Ok(Rooted::new(store, made))
    }

    /// Copies all elements of an array of bytes.
    ///
    /// # Errors
    ///
    /// If the elements are not `i8`, `dst` has another length than the array, or the handle has
    /// ended.
    ///
    /// # Panics
    ///
    /// If the array is of another store.
    pub fn copy_to_i8_slice(&self, mut store: impl AsContextMut, dst: &mut [u8]) -> Result<()> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        check_bytes(&self.type_in(store)?)?;
        let bytes = store.vm.bytes_of_array(self.index.reference(store)?);
        crate::ensure!(
            bytes.len() == dst.len(),
            "the array has {} elements, and there is room for {}",
            bytes.len(),
            dst.len()
        );
        dst.copy_from_slice(bytes);
        Ok(())
    }

    /// The type.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the array is of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ArrayType> {
        self.type_in(store.as_context().0)
    }

    fn type_in(&self, store: &StoreOpaque) -> Result<ArrayType> {
        match Internal::of(self.index, store)?.heap_type(store) {
            HeapType::ConcreteArray(ty) => Ok(ty),
            _ => unreachable!("handles of this type lead to arrays"),
        }
    }

    /// Whether the type of the array is the given one, or a subtype of it.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the array is of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &ArrayType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(ty);
        Ok(self.type_in(store.0)?.matches(ty))
    }

    /// How many elements it has.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the array is of another store.
    pub fn len(&self, store: impl AsContext) -> Result<u32> {
        let store: &StoreOpaque = store.as_context().0;
        Ok(store.vm.array_len(self.index.reference(store)?))
    }

    /// All elements, in order. Packed ones are integers without sign.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the array is of another store.
    pub fn elems<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<impl ExactSizeIterator<Item = Val> + 'a> {
        let store: &'a mut StoreOpaque = store.into().0;
        let object = self.index.reference(store)?;
        let len = store.vm.array_len(object) as usize;
        Ok((0..len).map(move |place| match Field::of_array(store, object, place as u32) {
            Some(field) => field.get(store),
            None => unreachable!("an array keeps its length"),
        }))
    }

    /// An element. A packed one is an integer without sign.
    ///
    /// # Errors
    ///
    /// If there is no such element, or the handle has ended.
    ///
    /// # Panics
    ///
    /// If the array is of another store.
    pub fn get(&self, mut store: impl AsContextMut, index: u32) -> Result<Val> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        Ok(self.place(store, index)?.get(store))
    }

    /// Sets an element. Of an integer for packed elements, the lower bits are kept.
    ///
    /// # Errors
    ///
    /// If there is no such element, elements can't be set, the value is not of their type or is of
    /// another store, or a handle has ended. If the store has no room for another function that
    /// objects refer to.
    ///
    /// # Panics
    ///
    /// If the array is of another store.
    pub fn set(&self, mut store: impl AsContextMut, index: u32, value: Val) -> Result<()> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        let field = self.place(store, index)?;
        crate::ensure!(
            field.ty.mutable,
            "cannot set element {index}: elements are immutable in an array of type `{}`",
            self.type_in(store)?
        );
        field.set(store, value).with_context(|| format!("cannot set element {index}"))
    }

    fn place(&self, store: &StoreOpaque, index: u32) -> Result<Field> {
        let object = self.index.reference(store)?;
        match Field::of_array(store, object, index) {
            Some(field) => Ok(field),
            None => crate::bail!(
                "array element index out of bounds: {index} in an array of {}",
                store.vm.array_len(object)
            ),
        }
    }
}

/// Checks that the elements of such arrays are bytes.
fn check_bytes(ty: &ArrayType) -> Result<()> {
    let storage = ty.record().ty.0.storage;
    crate::ensure!(
        storage == StorageType::I8,
        "element type mismatch: expected i8, found {storage}: the array's type is `{ty}`"
    );
    Ok(())
}
