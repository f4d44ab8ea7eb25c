//! Structures and arrays, in the heap of [`wasm_types::abi::heap`].
//!
//! A reference is 32 bits, and the address of its object the start of the heap and the reference.
//! Addresses are made where they are used, never kept during a call, and only references are noted.
//! Null is found by the fault of the access, where that is near enough to null.

mod allocate;
mod arrays;
mod barrier;
mod fill;
mod functions;
mod part;
mod place;
mod save;
mod small;
mod stored;

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use smallvec::SmallVec;
use wasm_types::abi::heap;
use wasm_types::{TrapCode, TypeIndex};

use super::RuntimeEnvironment;
use crate::environ::{
    ArrayRange, ArraySource, Extension, Field, LiveReferences, NewArray, NewStruct, Objects,
    Reference, Result,
};
pub(super) use allocate::Allocation;
use allocate::NewObject;
use part::Part;
pub(super) use place::Layouts;
use stored::Stored;
pub(super) use stored::leads_to_objects;

impl Objects for RuntimeEnvironment<'_> {
    fn struct_new(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        fields: NewStruct<'_>,
        live: &mut LiveReferences,
    ) -> Result<Value> {
        let types = self.field_types(ty)?;
        let values: SmallVec<[Stored; 8]> = match fields {
            NewStruct::Default => {
                types.iter().map(|field| Stored::zero(builder, field.storage)).collect()
            }
            NewStruct::Fields(values) => (types.iter().zip(values))
                .map(|(field, value)| self.stored(builder, field.storage, *value))
                .collect(),
        };
        let layout = self.struct_layout(ty)?;
        let (size, offsets) = (layout.size(), layout.offsets().to_vec());
        let parts: SmallVec<[Part; 8]> = (types.iter().zip(values).zip(offsets))
            .map(|((field, value), offset)| Part {
                flags: self.field_access(builder, field, None),
                value,
                offset,
            })
            .collect();
        Ok(self.new_object(builder, NewObject { ty, size, elements: 0, parts: &parts }, live))
    }

    fn struct_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        field: Field,
        object: Reference,
        extension: Option<Extension>,
    ) -> Result<Value> {
        let (ty, offset) = self.field(field)?;
        let trap = self.null_check(builder, object, offset + ty.storage.object_size());
        let address = self.object_address(builder, object.value);
        let access = self.field_access(builder, &ty, trap);
        Ok(self.load_stored(builder, ty.storage, extension, access, address, offset as i32))
    }

    fn struct_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        field: Field,
        object: Reference,
        value: Value,
    ) -> Result<()> {
        let (ty, offset) = self.field(field)?;
        let value = self.stored(builder, ty.storage, value);
        let mut trap = self.null_check(builder, object, offset + ty.storage.object_size());
        if value.needs_barrier(builder) {
            let header_trap = object.nullable.then_some(TrapCode::NullReference);
            self.write_barrier(builder, object.value, header_trap);
            trap = None;
        }
        let address = self.object_address(builder, object.value);
        let access = self.field_access(builder, &ty, trap);
        value.store(builder, access, address, offset as i32);
        Ok(())
    }

    fn array_new(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        elements: NewArray<'_>,
        live: &mut LiveReferences,
    ) -> Result<Value> {
        let storage = self.element_type(ty)?.storage;
        match elements {
            NewArray::Default { len } => {
                let zero = Stored::zero(builder, storage);
                Ok(self.filled_array(builder, ty, (zero, None), len, live))
            }
            NewArray::Filled { value, len } => {
                let stored = self.stored(builder, storage, value);
                Ok(self.filled_array(builder, ty, (stored, Some(value)), len, live))
            }
            NewArray::Fixed(values) => {
                let values: SmallVec<[Stored; 8]> =
                    values.iter().map(|value| self.stored(builder, storage, *value)).collect();
                self.fixed_array(builder, ty, &values, live)
            }
            NewArray::Segment { segment, from, len } => {
                Ok(self.array_of_segment(builder, ty, segment, from, len))
            }
        }
    }

    fn array_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        array: Reference,
        index: Value,
        extension: Option<Extension>,
    ) -> Result<Value> {
        let ty = self.element_type(ty)?;
        self.check_index(builder, array, index);
        let address = self.element_address_of(builder, ty.storage, array.value, index);
        let access = self.element_access(builder, ty.storage);
        let offset = heap::ARRAY_ELEMENTS as i32;
        Ok(self.load_stored(builder, ty.storage, extension, access, address, offset))
    }

    fn array_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        array: Reference,
        index: Value,
        value: Value,
    ) -> Result<()> {
        let ty = self.element_type(ty)?;
        let value = self.stored(builder, ty.storage, value);
        self.check_index(builder, array, index);
        if value.needs_barrier(builder) {
            self.write_barrier(builder, array.value, None);
        }
        let address = self.element_address_of(builder, ty.storage, array.value, index);
        let access = self.element_access(builder, ty.storage);
        value.store(builder, access, address, heap::ARRAY_ELEMENTS as i32);
        Ok(())
    }

    fn array_len(&mut self, builder: &mut FunctionBuilder<'_>, array: Reference) -> Result<Value> {
        Ok(self.array_length(builder, array))
    }

    fn array_write(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: ArrayRange,
        source: ArraySource,
    ) -> Result<()> {
        if !self.write_few(builder, to, source)? {
            self.write_elements(builder, to, source);
        }
        Ok(())
    }
}
