//! Structures.

use super::internal::Internal;
use super::object::{self, Field};
use super::rooting::{OwnedRooted, RootIndex, Rooted, gc_ref, upcasts};
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::{AnyRef, EqRef, Val};
use crate::store::{AsContext, AsContextMut, StoreContextMut, StoreId, StoreOpaque};
use crate::types::{HeapType, StructType};

/// What structures of one type are made by, in one store: see [`StructRef::new`].
#[derive(Debug)]
pub struct StructRefPre {
    store: StoreId,
    ty: StructType,
}

impl StructRefPre {
    /// What makes structures of the given type in a store.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    pub fn new(mut store: impl AsContextMut, ty: StructType) -> Self {
        let store = store.as_context_mut();
        store.0.demand(&ty);
        Self { store: store.0.id(), ty }
    }
}

/// A structure in the garbage-collected heap (a `structref`): fields of the types that its
/// [`StructType`] says, some of which can be set.
///
/// In functions with static types, `Rooted<StructRef>` and `OwnedRooted<StructRef>` stand for
/// `(ref struct)`, and as parameters also for references to structures of one type.
///
/// ```
/// use wasm_store::{
///     Engine, FieldType, Mutability, StorageType, Store, StructRef, StructRefPre, StructType, Val,
/// };
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let byte = FieldType::new(Mutability::Var, StorageType::I8);
/// let pair = StructType::new(&engine, [byte.clone(), byte])?;
/// let pre = StructRefPre::new(&mut store, pair.clone());
/// let object = StructRef::new(&mut store, &pre, &[Val::I32(1), Val::I32(-1)])?;
/// object.set_field(&mut store, 0, Val::I32(0x102))?;
/// let fields: Vec<_> = object.fields(&mut store)?.map(|field| field.unwrap_i32()).collect();
/// assert_eq!(fields, [2, 255]);
/// assert_eq!(object.ty(&store)?, pair);
/// assert!(object.set_field(&mut store, 2, Val::I32(0)).is_err());
/// assert!(object.set_field(&mut store, 0, Val::I64(0)).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StructRef {
    index: RootIndex,
}

gc_ref!(StructRef, HeapType::Struct, Ref::Any, may_be_concrete: true);
upcasts!(StructRef: AnyRef to_anyref, EqRef to_eqref);

impl StructRef {
    /// Makes a structure with the given fields. The handle is in the innermost scope
    /// ([`RootScope`](crate::RootScope)). Of an integer for a packed field, the lower bits are
    /// kept.
    ///
    /// If there is no room, what nothing refers to is collected first.
    ///
    /// # Errors
    ///
    /// If the values do not fit the fields in number or type, one is of another store, or a handle
    /// among them has ended. [`GcHeapOutOfMemory`](crate::GcHeapOutOfMemory) if the heap is full,
    /// or the limiter of the store does not let it grow. If the store has no room for the type, or
    /// for another function that objects refer to.
    ///
    /// # Panics
    ///
    /// If `allocator` is of another store.
    pub fn new(
        mut store: impl AsContextMut,
        allocator: &StructRefPre,
        fields: &[Val],
    ) -> Result<Rooted<StructRef>> {
        let store = store.as_context_mut().0;
        store.check_sync_limiter()?;
        Self::make(store, allocator, fields)
    }

    pub(super) fn make(
        store: &mut StoreOpaque,
        allocator: &StructRefPre,
        fields: &[Val],
    ) -> Result<Rooted<StructRef>> {
        allocator.store.assert_is(store.id());
        let record = allocator.ty.record();
        let types = &record.ty.fields;
        crate::ensure!(
            types.len() == fields.len(),
            "expected {} fields, got {}: the structure's type is `{}`",
            types.len(),
            fields.len(),
            allocator.ty
        );
        for (place, (ty, value)) in types.iter().zip(fields).enumerate() {
            object::check(store, ty.storage, value)
                .with_context(|| format!("field {place}: type mismatch"))?;
        }
        let made = object::new_struct(store, record, fields)?;
        Ok(Rooted::new(store, made))
    }

    /// The type.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the structure is of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<StructType> {
        self.type_in(store.as_context().0)
    }

    fn type_in(&self, store: &StoreOpaque) -> Result<StructType> {
        match Internal::of(self.index, store)?.heap_type(store) {
            HeapType::ConcreteStruct(ty) => Ok(ty),
            _ => unreachable!("handles of this type lead to structures"),
        }
    }

    /// Whether the type of the structure is the given one, or a subtype of it.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the structure is of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &StructType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(ty);
        Ok(self.type_in(store.0)?.matches(ty))
    }

    /// The values of all fields, in order. Those of packed fields are integers without sign.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the structure is of another store.
    pub fn fields<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<impl ExactSizeIterator<Item = Val> + 'a> {
        let store: &'a mut StoreOpaque = store.into().0;
        let object = self.index.reference(store)?;
        Ok((0..store.vm.struct_len(object)).map(move |place| {
            match Field::of_struct(store, object, place) {
                Some(field) => field.get(store),
                None => unreachable!("a structure keeps its fields"),
            }
        }))
    }

    /// The value of a field. That of a packed one is an integer without sign.
    ///
    /// # Errors
    ///
    /// If there is no such field, or the handle has ended.
    ///
    /// # Panics
    ///
    /// If the structure is of another store.
    pub fn field(&self, mut store: impl AsContextMut, index: usize) -> Result<Val> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        Ok(self.place(store, index)?.get(store))
    }

    /// Sets a field. Of an integer for a packed field, the lower bits are kept.
    ///
    /// # Errors
    ///
    /// If there is no such field, it can't be set, the value is not of its type or is of another
    /// store, or a handle has ended. If the store has no room for another function that objects
    /// refer to.
    ///
    /// # Panics
    ///
    /// If the structure is of another store.
    pub fn set_field(&self, mut store: impl AsContextMut, index: usize, value: Val) -> Result<()> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        let field = self.place(store, index)?;
        crate::ensure!(
            field.ty.mutable,
            "cannot set field {index}: it is immutable in a structure of type `{}`",
            self.type_in(store)?
        );
        field.set(store, value).with_context(|| format!("cannot set field {index}"))
    }

    fn place(&self, store: &StoreOpaque, index: usize) -> Result<Field> {
        let object = self.index.reference(store)?;
        match Field::of_struct(store, object, index) {
            Some(field) => Ok(field),
            None => {
                let ty = self.type_in(store)?;
                let count = ty.fields().len();
                crate::bail!("there is no field {index}: structures of type `{ty}` have {count}")
            }
        }
    }
}
