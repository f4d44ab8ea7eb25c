//! The numbers that a heap has for types, by the records that the engine has of these.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::abi::heap::{self, ObjectKind};

use super::heap::Heap;
use super::layout::Shape;
use super::types::{ObjectType, exception_layout};
use crate::Error;
use crate::vm::type_record::{ArrayTypeRecord, FuncTypeRecord, StructTypeRecord};

impl Heap {
    /// Makes room for types with engine-wide ids below `ids`, and for so many more types: then
    /// asking for their numbers takes less time.
    pub(crate) fn expect_types(&mut self, ids: u32, more: u32) -> Result<(), Error> {
        let types = self.types.count().saturating_add(more).min(heap::MAX_TYPES);
        self.space.make_room_for_types(types)?;
        self.space.make_room_for_functions(1)?;
        self.types.reserve(ids, more as usize)
    }

    /// The number of a structure type.
    ///
    /// # Errors
    ///
    /// If it had none and there is no room for more types; so for the following.
    pub(crate) fn number_of_struct(
        &mut self,
        record: NonNull<StructTypeRecord>,
    ) -> Result<u32, Error> {
        // SAFETY: records live as long as the engine, which outlives the store.
        let StructTypeRecord { head, layout, references, supertype, .. } =
            unsafe { record.as_ref() };
        if let Some(number) = self.types.number(head.id) {
            return Ok(number);
        }
        let supertype = match supertype {
            Some(supertype) => Some(self.number_of_struct(NonNull::from(&**supertype))?),
            None => None,
        };
        let kind = (ObjectType::Struct(record), ObjectKind::Struct);
        let references = references.iter().copied();
        let shape = |far: &mut Vec<u32>| Shape::of_struct(layout.size(), references, far);
        self.types.add(&mut self.space, (head.id, head.depth()), supertype, kind, shape)
    }

    /// The number of an array type.
    pub(crate) fn number_of_array(
        &mut self,
        record: NonNull<ArrayTypeRecord>,
    ) -> Result<u32, Error> {
        // SAFETY: as above.
        let ArrayTypeRecord { head, ty, layout, supertype } = unsafe { record.as_ref() };
        if let Some(number) = self.types.number(head.id) {
            return Ok(number);
        }
        let supertype = match supertype {
            Some(supertype) => Some(self.number_of_array(NonNull::from(&**supertype))?),
            None => None,
        };
        let kind = (ObjectType::Array(record), ObjectKind::Array);
        let shape = |_: &mut Vec<u32>| Shape::of_array(layout.element, ty.0.storage.is_collected());
        self.types.add(&mut self.space, (head.id, head.depth()), supertype, kind, shape)
    }

    /// The number of exceptions whose tags have a type. Where the values are says
    /// [`exception_layout`].
    pub(crate) fn number_of_exception(
        &mut self,
        record: NonNull<FuncTypeRecord>,
    ) -> Result<u32, Error> {
        // SAFETY: as above.
        let FuncTypeRecord { head, ty, .. } = unsafe { record.as_ref() };
        if let Some(number) = self.types.number(head.id) {
            return Ok(number);
        }
        let kind = (ObjectType::Exception(record), ObjectKind::Exception);
        let shape = |far: &mut Vec<u32>| {
            let layout = exception_layout(ty.params());
            let places = ty.params().iter().zip(&layout.offsets()[1..]);
            let references = places.filter(|(value, _)| value.is_collected());
            Shape::of_struct(layout.size(), references.map(|(_, offset)| *offset), far)
        };
        // Nobody casts to it.
        self.types.add(&mut self.space, (head.id, heap::NEAR), None, kind, shape)
    }
}
