//! Structures and arrays as the host makes, reads and writes them.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::abi::heap::ARRAY_ELEMENTS;
use wasm_types::{FieldType, StorageType, TypeKind};

use super::heap::NoRoom;
use super::types::ObjectType;
use crate::Error;
use crate::vm::store::VmStore;
use crate::vm::type_record::{ArrayTypeRecord, StructTypeRecord};
use crate::vm::value::ValRaw;

impl VmStore {
    /// The type of a structure or an array, by its kind and its engine-wide id; `None` for
    /// references to anything else.
    pub(crate) fn declared_type(&self, reference: u32) -> Option<(TypeKind, u32)> {
        // SAFETY: the records of types live as long as the engine, which the store keeps.
        unsafe {
            match self.gc.heap()?.type_of(reference)? {
                ObjectType::Struct(record) => Some((TypeKind::Struct, record.as_ref().head.id)),
                ObjectType::Array(record) => Some((TypeKind::Array, record.as_ref().head.id)),
                ObjectType::HostValue | ObjectType::Exception(_) | ObjectType::Continuation => None,
            }
        }
    }

    /// Makes a structure, all of whose bytes are zero.
    ///
    /// # Safety
    ///
    /// The record is one of the store's engine. Before anything is collected, fields that can't be
    /// null are set, or the reference is forgotten.
    pub(crate) unsafe fn new_struct(
        &mut self,
        record: NonNull<StructTypeRecord>,
    ) -> Result<u32, NoRoom> {
        let number = self.make_heap()?.number_of_struct(record)?;
        self.new_object(number, 0)
    }

    /// Makes an array of so many elements, all of whose bytes are zero.
    ///
    /// # Safety
    ///
    /// As for [`new_struct`](Self::new_struct).
    pub(crate) unsafe fn new_array(
        &mut self,
        record: NonNull<ArrayTypeRecord>,
        len: u32,
    ) -> Result<u32, NoRoom> {
        let number = self.make_heap()?.number_of_array(record)?;
        self.new_object(number, len)
    }

    /// Where a field of a structure is, in bytes from the start of the heap, and its type; `None`
    /// if the structure has fewer.
    pub(crate) fn struct_field(&self, object: u32, index: usize) -> Option<(u32, FieldType)> {
        let ObjectType::Struct(record) = self.gc.heap()?.type_of(object)? else { return None };
        // SAFETY: as above.
        let record = unsafe { record.as_ref() };
        let offset = record.layout.offsets().get(index)?;
        Some((object + offset, *record.ty.fields.get(index)?))
    }

    /// How many fields a structure has.
    pub(crate) fn struct_len(&self, object: u32) -> usize {
        match self.gc.heap().and_then(|heap| heap.type_of(object)) {
            // SAFETY: as above.
            Some(ObjectType::Struct(record)) => unsafe { record.as_ref().ty.fields.len() },
            _ => 0,
        }
    }

    /// Where an element of an array is, in bytes from the start of the heap, and its type; `None`
    /// if the array has fewer.
    pub(crate) fn array_element(&self, array: u32, index: u32) -> Option<(u32, FieldType)> {
        let ObjectType::Array(record) = self.gc.heap()?.type_of(array)? else { return None };
        // SAFETY: as above.
        let record = unsafe { record.as_ref() };
        let place = || array + ARRAY_ELEMENTS + index * record.layout.element;
        (index < self.array_len(array)).then(|| (place(), record.ty.0))
    }

    /// How many elements an array has.
    pub(crate) fn array_len(&self, array: u32) -> u32 {
        match self.gc.heap() {
            Some(heap) if matches!(heap.type_of(array), Some(ObjectType::Array(_))) => {
                // SAFETY: it is an array.
                unsafe { heap.array_length(array) }
            }
            _ => 0,
        }
    }

    /// The elements of an array of bytes; none for other objects.
    pub(crate) fn bytes_of_array(&mut self, array: u32) -> &mut [u8] {
        let len = self.array_len(array) as usize;
        match (self.array_element(array, 0), self.gc.heap_mut()) {
            (Some((place, FieldType { storage: StorageType::I8, .. })), Ok(heap)) => {
                // SAFETY: the array has so many elements of a byte each. Nothing else of the heap
                // is used while the store is borrowed.
                unsafe { std::slice::from_raw_parts_mut(heap.address(place), len) }
            }
            _ => &mut [],
        }
    }

    /// The value of a field or element. One that is packed is extended by zeros.
    ///
    /// # Safety
    ///
    /// There is one of that type at the place.
    pub(crate) unsafe fn read_field(&self, place: u32, storage: StorageType) -> ValRaw {
        // SAFETY: as the caller promises.
        self.gc.heap().map_or(ValRaw::ZERO, |heap| unsafe { heap.read(place, storage) })
    }

    /// Sets a field or an element.
    ///
    /// # Errors
    ///
    /// If it is a reference to a function, and objects refer to too many already.
    ///
    /// # Safety
    ///
    /// The object has one of that type at the place, and the value is of it, too.
    pub(crate) unsafe fn write_field(
        &mut self,
        object: u32,
        place: u32,
        storage: StorageType,
        value: ValRaw,
    ) -> Result<(), Error> {
        let heap = self.gc.heap_mut()?;
        // SAFETY: as the caller promises.
        unsafe {
            if storage.is_collected() {
                heap.before_write(object);
            }
            heap.write(place, storage, value)
        }
    }

    /// Sets all elements of an array.
    ///
    /// # Errors
    ///
    /// As for [`write_field`](Self::write_field).
    ///
    /// # Safety
    ///
    /// The value is of the type of the elements.
    pub(crate) unsafe fn fill_array(&mut self, array: u32, value: ValRaw) -> Result<(), Error> {
        let len = self.array_len(array);
        let Some((_, ty)) = self.array_element(array, 0) else { return Ok(()) };
        let heap = self.gc.heap_mut()?;
        // SAFETY: as the caller promises.
        unsafe {
            if ty.storage.is_collected() {
                heap.before_write(array);
            }
            heap.fill(array, (0, len), ty.storage, value)
        }
    }
}
