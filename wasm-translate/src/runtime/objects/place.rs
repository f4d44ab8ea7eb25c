//! Where objects and their parts are, and how they are accessed.

use std::collections::HashMap;

use cranelift_codegen::ir::{Endianness, InstBuilder as _, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{StructLayout, context, heap};
use wasm_types::{CompositeType, FieldType, Module, StorageType, TrapCode, TypeIndex, TypeKind};

use super::super::{CONSTANT, Region, RuntimeEnvironment};
use super::stored::stored_type;
use crate::environ::{Field, Reference, Result};
use crate::error::{Error, ErrorKind};
use crate::trap::clif_trap_code;

/// What is known of the module's types of objects: worked out when it is first asked for.
#[derive(Default)]
pub(in super::super) struct Layouts {
    structs: HashMap<TypeIndex, StructLayout>,
    /// Whether the module declares a structure or an array.
    declares_objects: Option<bool>,
}

impl<'m> RuntimeEnvironment<'m> {
    /// The fields of a structure type.
    pub(super) fn field_types(&self, ty: TypeIndex) -> Result<&'m [FieldType]> {
        field_types(self.module, ty)
    }

    /// Where the fields of a structure are.
    pub(super) fn struct_layout(&mut self, ty: TypeIndex) -> Result<&StructLayout> {
        // The types from this one outwards whose layouts are not known.
        let mut missing = Vec::new();
        let mut next = Some(ty);
        while let Some(ty) = next.filter(|ty| !self.layouts.structs.contains_key(ty)) {
            missing.push(ty);
            // A supertype is declared before its subtypes.
            next = self.module.types[ty.index()].supertype.filter(|above| *above < ty);
        }
        for ty in missing.into_iter().rev() {
            let above = self.module.types[ty.index()].supertype;
            let above = above.and_then(|above| self.layouts.structs.get(&above));
            let layout = StructLayout::new(above, field_types(self.module, ty)?);
            self.layouts.structs.insert(ty, layout);
        }
        Ok(&self.layouts.structs[&ty])
    }

    /// The type of a field, and where it is in the object, in bytes.
    pub(super) fn field(&mut self, field: Field) -> Result<(FieldType, u32)> {
        let types = self.field_types(field.ty)?;
        Ok((types[field.index as usize], self.struct_layout(field.ty)?.offset(field.index)))
    }

    /// The type of the elements of an array.
    pub(super) fn element_type(&self, ty: TypeIndex) -> Result<FieldType> {
        match self.module.types[ty.index()].composite {
            CompositeType::Array(array) => Ok(array.0),
            _ => Err(Error::new(ErrorKind::Codegen, format!("type {ty} is no array type"))),
        }
    }

    /// Whether the module declares a type of objects, so that its instances always have a heap.
    pub(in super::super) fn declares_objects(&mut self) -> bool {
        let module = self.module;
        *self.layouts.declares_objects.get_or_insert_with(|| {
            module.types.iter().any(|ty| ty.composite.kind() != TypeKind::Func)
        })
    }

    /// The start of the heap. In an instance of a module without types of objects it may come to
    /// be during a call.
    pub(in super::super) fn heap_start(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        if self.declares_objects() {
            return self.load_constant(builder, context::HEAP);
        }
        let flags = self.trusted(builder, Region::Record);
        builder.ins().load(types::I64, flags, self.context(), context::HEAP as i32)
    }

    /// The address of an object.
    pub(in super::super) fn object_address(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: Value,
    ) -> Value {
        let start = self.heap_start(builder);
        let distance = builder.ins().uextend(types::I64, object);
        builder.ins().iadd(start, distance)
    }

    /// Sees to it that an access traps that ends so many bytes behind null: returns the code that
    /// the access traps with, if it is what does.
    pub(super) fn null_check(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: Reference,
        end: u32,
    ) -> Option<TrapCode> {
        if !object.nullable {
            return None;
        }
        if end <= heap::NULL_GUARD {
            return Some(TrapCode::NullReference);
        }
        builder.ins().trapz(object.value, clif_trap_code(TrapCode::NullReference));
        None
    }

    /// The header of an object; the access traps with the code if the reference is null.
    pub(in super::super) fn load_header(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        address: Value,
        trap: Option<TrapCode>,
    ) -> Value {
        let flags = self.object_flags(builder, Region::Header, types::I32, trap);
        builder.ins().load(types::I32, flags, address, 0)
    }

    /// The number of an object type as it stands in headers.
    pub(in super::super) fn type_number(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
    ) -> Value {
        let offset = self.layout.type_id(ty) as i32;
        builder.ins().load(types::I32, CONSTANT, self.context(), offset)
    }

    /// Flags for an access to a field. What never changes is in a region of its own.
    pub(super) fn field_access(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        field: &FieldType,
        trap: Option<TrapCode>,
    ) -> MemFlagsData {
        let region = if field.mutable { Region::Field } else { Region::ConstantField };
        self.object_flags(builder, region, stored_type(field.storage), trap)
    }

    /// Flags for an access to an element, after its index was checked.
    pub(super) fn element_access(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
    ) -> MemFlagsData {
        self.object_flags(builder, Region::Element, stored_type(storage), None)
    }

    pub(in super::super) fn object_flags(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        region: Region,
        ty: Type,
        trap: Option<TrapCode>,
    ) -> MemFlagsData {
        let region = self.region(builder, region);
        let flags = MemFlagsData::new()
            .with_trap_code(trap.map(clif_trap_code))
            .with_alias_region(Some(region));
        // Vectors are aligned to 8 bytes only, and have their lowest lane first on every machine.
        match ty.is_vector() {
            true => flags.with_endianness(Endianness::Little),
            false => flags.with_aligned(),
        }
    }
}

fn field_types(module: &Module, ty: TypeIndex) -> Result<&[FieldType]> {
    match &module.types[ty.index()].composite {
        CompositeType::Struct(ty) => Ok(&ty.fields),
        _ => Err(Error::new(ErrorKind::Codegen, format!("type {ty} is no structure type"))),
    }
}
