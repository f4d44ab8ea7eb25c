//! Arrays (Wasm 3.0, section 4.6.3).

use cranelift_codegen::ir::Value;
use wasm_types::wasmparser::Operator;
use wasm_types::{CompositeType, DataIndex, ElemIndex, StorageType, TypeIndex, TypeKind};

use super::objects::{check_storage, pop_values};
use crate::environ::{
    ArrayRange, ArraySource, Extension, FuncEnvironment, LiveReferences, NewArray, Segment,
};
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::ArrayGet { array_type_index } => get(t, array_type_index, None)?,
        Operator::ArrayGetS { array_type_index } => {
            get(t, array_type_index, Some(Extension::Signed))?;
        }
        Operator::ArrayGetU { array_type_index } => {
            get(t, array_type_index, Some(Extension::Unsigned))?;
        }
        Operator::ArraySet { array_type_index } => {
            let ty = TypeIndex::new(array_type_index);
            element_type(t, ty)?;
            t.budget.blocks(1, 0)?;
            let value = t.pop_canonical();
            let index = t.pop();
            let array = t.pop_reference();
            t.env.array_set(&mut t.builder, ty, array, index, value)?;
        }
        Operator::ArrayLen => {
            let array = t.pop_reference();
            let len = t.env.array_len(&mut t.builder, array)?;
            t.push(len);
        }
        _ => return Ok(make(t, op)? || write(t, op)?),
    }
    Ok(true)
}

fn get<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: u32,
    extension: Option<Extension>,
) -> Result<(), Error> {
    let ty = TypeIndex::new(ty);
    let storage = element_type(t, ty)?;
    let index = t.pop();
    let array = t.pop_reference();
    let value = t.env.array_get(&mut t.builder, ty, array, index, extension)?;
    t.push_stored(value, storage);
    Ok(())
}

/// Translates what makes an array.
fn make<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    let ty = match *op {
        Operator::ArrayNew { array_type_index }
        | Operator::ArrayNewDefault { array_type_index }
        | Operator::ArrayNewFixed { array_type_index, .. }
        | Operator::ArrayNewData { array_type_index, .. }
        | Operator::ArrayNewElem { array_type_index, .. } => TypeIndex::new(array_type_index),
        _ => return Ok(false),
    };
    element_type(t, ty)?;
    if let Operator::ArrayNewFixed { array_size, .. } = *op {
        let count = array_size as usize;
        t.count_object(count)?;
        let values = pop_values(t, count);
        new(t, ty, NewArray::Fixed(&values), &values)?;
        return Ok(true);
    }
    // The loop that fills it is more blocks.
    t.count_object(0)?;
    t.budget.blocks(2, 1)?;
    let len = t.pop();
    t.env.before_units(&mut t.builder, op, len)?;
    let elements = match *op {
        Operator::ArrayNew { .. } => NewArray::Filled { value: t.pop_canonical(), len },
        Operator::ArrayNewData { array_data_index, .. } => {
            let segment = Segment::Data(DataIndex::new(array_data_index));
            NewArray::Segment { segment, from: t.pop(), len }
        }
        Operator::ArrayNewElem { array_elem_index, .. } => {
            let segment = Segment::Elem(ElemIndex::new(array_elem_index));
            NewArray::Segment { segment, from: t.pop(), len }
        }
        _ => NewArray::Default { len },
    };
    match elements {
        NewArray::Default { len } => new(t, ty, elements, &[len])?,
        NewArray::Filled { value, len } => new(t, ty, elements, &[value, len])?,
        NewArray::Fixed(_) | NewArray::Segment { .. } => {
            let mut live = LiveReferences::default();
            let array = t.env.array_new(&mut t.builder, ty, elements, &mut live)?;
            t.push_object(array, ty, TypeKind::Array);
        }
    }
    Ok(true)
}

fn new<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
    elements: NewArray<'_>,
    operands: &[Value],
) -> Result<(), Error> {
    let (mut live, places) = t.live_references(operands)?;
    let array = t.env.array_new(&mut t.builder, ty, elements, &mut live)?;
    t.update_references(&live, &places);
    t.push_object(array, ty, TypeKind::Array);
    Ok(())
}

/// Translates what writes many elements.
fn write<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    let ty = match *op {
        Operator::ArrayFill { array_type_index }
        | Operator::ArrayCopy { array_type_index_dst: array_type_index, .. }
        | Operator::ArrayInitData { array_type_index, .. }
        | Operator::ArrayInitElem { array_type_index, .. } => TypeIndex::new(array_type_index),
        _ => return Ok(false),
    };
    element_type(t, ty)?;
    let len = t.pop();
    t.env.before_units(&mut t.builder, op, len)?;
    let source = match *op {
        Operator::ArrayFill { .. } => ArraySource::Value(t.pop_canonical()),
        Operator::ArrayInitData { array_data_index, .. } => {
            let segment = Segment::Data(DataIndex::new(array_data_index));
            ArraySource::Segment { segment, from: t.pop() }
        }
        Operator::ArrayInitElem { array_elem_index, .. } => {
            let segment = Segment::Elem(ElemIndex::new(array_elem_index));
            ArraySource::Segment { segment, from: t.pop() }
        }
        _ => {
            let (array, from) = t.pop2();
            ArraySource::Array { array, from }
        }
    };
    let (array, start) = t.pop2();
    let to = ArrayRange { ty, array, start, len };
    t.budget.blocks(1, 0)?;
    t.env.array_write(&mut t.builder, to, source)?;
    Ok(true)
}

/// The type of the elements, which the target has.
fn element_type<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
) -> Result<StorageType, Error> {
    match t.env.module().types.get(ty.index()).map(|ty| &ty.composite) {
        Some(CompositeType::Array(array)) => {
            check_storage(t, array.0.storage)?;
            Ok(array.0.storage)
        }
        _ => Err(Error::new(ErrorKind::Codegen, format!("type {ty} is no array type"))),
    }
}
