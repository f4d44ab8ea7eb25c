//! Structures (Wasm 3.0, section 4.6.3).

use cranelift_codegen::ir::Value;
use wasm_types::wasmparser::Operator;
use wasm_types::{
    CompositeType, FieldType, HeapType, RefType, StorageType, StructType, TypeIndex, TypeKind,
    ValType,
};

use super::types::check_types;
use crate::environ::{Extension, Field, FuncEnvironment, NewStruct, Reference, Values};
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::StructNew { struct_type_index } => {
            let ty = TypeIndex::new(struct_type_index);
            let count = check_fields(t, ty)?;
            t.count_object(count)?;
            let fields = pop_values(t, count);
            new(t, ty, NewStruct::Fields(&fields))?;
        }
        Operator::StructNewDefault { struct_type_index } => {
            let ty = TypeIndex::new(struct_type_index);
            let count = check_fields(t, ty)?;
            t.count_object(count)?;
            new(t, ty, NewStruct::Default)?;
        }
        Operator::StructGet { struct_type_index, field_index } => {
            get(t, struct_type_index, field_index, None)?;
        }
        Operator::StructGetS { struct_type_index, field_index } => {
            get(t, struct_type_index, field_index, Some(Extension::Signed))?;
        }
        Operator::StructGetU { struct_type_index, field_index } => {
            get(t, struct_type_index, field_index, Some(Extension::Unsigned))?;
        }
        Operator::StructSet { struct_type_index, field_index } => {
            let field = Field { ty: TypeIndex::new(struct_type_index), index: field_index };
            let storage = field_type(t, field)?.storage;
            check_storage(t, storage)?;
            t.budget.blocks(1, 0)?;
            let value = t.pop_canonical();
            let object = t.pop_reference();
            t.env.struct_set(&mut t.builder, field, object, value)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn new<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
    fields: NewStruct<'_>,
) -> Result<(), Error> {
    let operands = match fields {
        NewStruct::Default => &[],
        NewStruct::Fields(fields) => fields,
    };
    let (mut live, places) = t.live_references(operands)?;
    let object = t.env.struct_new(&mut t.builder, ty, fields, &mut live)?;
    t.update_references(&live, &places);
    t.push_object(object, ty, TypeKind::Struct);
    Ok(())
}

fn get<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: u32,
    index: u32,
    extension: Option<Extension>,
) -> Result<(), Error> {
    let field = Field { ty: TypeIndex::new(ty), index };
    let storage = field_type(t, field)?.storage;
    check_storage(t, storage)?;
    let object = t.pop_reference();
    let value = t.env.struct_get(&mut t.builder, field, object, extension)?;
    t.push_stored(value, storage);
    Ok(())
}

fn struct_type<'t, E: FuncEnvironment + ?Sized>(
    t: &'t FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
) -> Result<&'t StructType, Error> {
    match t.env.module().types.get(ty.index()).map(|ty| &ty.composite) {
        Some(CompositeType::Struct(ty)) => Ok(ty),
        _ => Err(Error::new(ErrorKind::Codegen, format!("type {ty} is no structure type"))),
    }
}

fn field_type<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    field: Field,
) -> Result<FieldType, Error> {
    let Field { ty, index } = field;
    let missing = || Error::new(ErrorKind::Codegen, format!("type {ty} has no field {index}"));
    struct_type(t, ty)?.fields.get(index as usize).copied().ok_or_else(missing)
}

/// Makes sure that the target has the types of all fields; returns how many there are.
fn check_fields<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
) -> Result<usize, Error> {
    let fields = &struct_type(t, ty)?.fields;
    fields.iter().try_for_each(|field| check_storage(t, field.storage))?;
    Ok(fields.len())
}

/// Makes sure that the target has the type of a field.
pub(super) fn check_storage<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    storage: StorageType,
) -> Result<(), Error> {
    match storage {
        StorageType::Val(ty) => check_types(t.env, [&ty]),
        StorageType::I8 | StorageType::I16 => Ok(()),
    }
}

/// Pops operands, in order and in canonical form.
pub(super) fn pop_values<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    count: usize,
) -> Values {
    t.canonicalize_top(count);
    let start = t.stacks.values.len() - count;
    t.stacks.values.drain(start..).collect()
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Counts what an operator makes that makes an object of so many parts: blocks for the case
    /// that there is no room, and what each part takes.
    pub(super) fn count_object(&mut self, parts: usize) -> Result<(), Error> {
        self.budget.blocks(3, 1)?;
        self.budget.operators(parts)
    }

    /// Pops a reference, with what validation knows of it.
    pub(super) fn pop_reference(&mut self) -> Reference {
        Reference { value: self.pop(), nullable: self.operand.nullable }
    }

    /// Pushes a new object of a type.
    pub(super) fn push_object(&mut self, object: Value, ty: TypeIndex, kind: TypeKind) {
        let ty = RefType { nullable: false, heap: HeapType::Concrete(ty, kind) };
        self.note_reference(object, ValType::Ref(ty));
        self.push(object);
    }

    /// Pushes a reference that is of another hierarchy now. It may be null.
    pub(super) fn push_converted(&mut self, value: Value, heap: HeapType) {
        self.note_reference(value, ValType::Ref(RefType { nullable: true, heap }));
        self.push(value);
    }

    /// Pushes what was read of a field or an element.
    pub(super) fn push_stored(&mut self, value: Value, storage: StorageType) {
        if let StorageType::Val(ty) = storage {
            self.note_reference(value, ty);
        }
        self.push(value);
    }
}
