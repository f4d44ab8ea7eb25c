//! Fields of structures and elements of arrays, as values of the API.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::{FieldType, StorageType, ValType};

use crate::error::{Error, GcHeapOutOfMemory, Result};
use crate::items::Val;
use crate::store::StoreOpaque;
use crate::vm::{ArrayTypeRecord, NoRoom, StructTypeRecord};

/// A field of a structure, or an element of an array, as long as nothing is collected.
#[derive(Clone, Copy)]
pub(super) struct Field {
    /// The reference to the object.
    object: u32,
    /// Where it is, in bytes from the start of the heap.
    place: u32,
    pub(super) ty: FieldType,
}

impl Field {
    /// A field of a structure; `None` if it has fewer.
    pub(super) fn of_struct(store: &StoreOpaque, object: u32, index: usize) -> Option<Self> {
        let (place, ty) = store.vm.struct_field(object, index)?;
        Some(Self { object, place, ty })
    }

    /// An element of an array; `None` if it has fewer.
    pub(super) fn of_array(store: &StoreOpaque, object: u32, index: u32) -> Option<Self> {
        let (place, ty) = store.vm.array_element(object, index)?;
        Some(Self { object, place, ty })
    }

    /// Its value. Packed integers have no sign.
    pub(super) fn get(self, store: &mut StoreOpaque) -> Val {
        // SAFETY: the object has such a field, which holds a value of its type.
        unsafe {
            let raw = store.vm.read_field(self.place, self.ty.storage);
            Val::from_abi(store, raw, unpacked(self.ty.storage))
        }
    }

    /// Sets it to a value, after a check of its type.
    pub(super) fn set(self, store: &mut StoreOpaque, value: Val) -> Result<()> {
        check(store, self.ty.storage, &value)?;
        let raw = value.to_abi(store);
        // SAFETY: the object has such a field, and the value is of its type.
        unsafe { store.vm.write_field(self.object, self.place, self.ty.storage, raw) }
    }
}

/// Checks that a value can be that of a field.
pub(super) fn check(store: &StoreOpaque, storage: StorageType, value: &Val) -> Result<()> {
    value.check(store, unpacked(storage))
}

/// The type of the values that a field takes and gives.
fn unpacked(storage: StorageType) -> ValType {
    match storage {
        StorageType::I8 | StorageType::I16 => ValType::I32,
        StorageType::Val(ty) => ty,
    }
}

/// Makes a structure with the given fields, which were checked. The type is of the store's engine.
pub(super) fn new_struct(
    store: &mut StoreOpaque,
    record: &StructTypeRecord,
    fields: &[Val],
) -> Result<u32> {
    // SAFETY: all fields are set before anything else is done.
    let object = unsafe { store.vm.new_struct(NonNull::from(record)) }.map_err(no_room)?;
    for (index, value) in fields.iter().enumerate() {
        if let Some(field) = Field::of_struct(store, object, index) {
            field.set(store, *value)?;
        }
    }
    Ok(object)
}

/// Makes an array of so many elements, all of which are one value, which was checked. The type is
/// of the store's engine.
pub(super) fn new_array(
    store: &mut StoreOpaque,
    record: &ArrayTypeRecord,
    element: Val,
    len: u32,
) -> Result<u32> {
    // SAFETY: all elements are set before anything else is done, to a value of their type.
    unsafe {
        let array = store.vm.new_array(NonNull::from(record), len).map_err(no_room)?;
        // The limiter may have dropped the handle, which is found when room is made.
        check(store, record.ty.0.storage, &element)?;
        let raw = element.to_abi(store);
        store.vm.fill_array(array, raw)?;
        Ok(array)
    }
}

/// Makes an array of the given elements, which were checked. The type is of the store's engine.
pub(super) fn new_array_of(
    store: &mut StoreOpaque,
    record: &ArrayTypeRecord,
    elements: &[Val],
) -> Result<u32> {
    let len = length(elements.len())?;
    // SAFETY: all elements are set before anything else is done.
    let array = unsafe { store.vm.new_array(NonNull::from(record), len) }.map_err(no_room)?;
    for (index, value) in (0..).zip(elements) {
        if let Some(field) = Field::of_array(store, array, index) {
            field.set(store, *value)?;
        }
    }
    Ok(array)
}

/// Makes an array of the given bytes. The type is of the store's engine, and its elements are
/// bytes.
pub(super) fn new_array_of_bytes(
    store: &mut StoreOpaque,
    record: &ArrayTypeRecord,
    bytes: &[u8],
) -> Result<u32> {
    let len = length(bytes.len())?;
    // SAFETY: bytes are never null.
    let array = unsafe { store.vm.new_array(NonNull::from(record), len) }.map_err(no_room)?;
    store.vm.bytes_of_array(array).copy_from_slice(bytes);
    Ok(array)
}

/// The length of an array.
fn length(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| GcHeapOutOfMemory::new((), len as u64).into())
}

/// The error of an object that could not be made.
fn no_room(why: NoRoom) -> Error {
    match why {
        NoRoom::Full(bytes) => GcHeapOutOfMemory::new((), bytes).into(),
        NoRoom::Failed(error) => error,
    }
}
