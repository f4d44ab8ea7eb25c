//! Types of a module made canonical: concrete heap types hold engine-wide ids.

use wasm_types::{
    ArrayType, CompositeType, ContType, FieldType, FuncType, HeapType, RefType, StorageType,
    StructType, SubType, TypeIndex, ValType,
};

use crate::error::Result;

/// A module's value type, made canonical.
pub(crate) fn map_val_type(
    ty: ValType,
    rename: &dyn Fn(TypeIndex) -> Result<u32>,
) -> Result<ValType> {
    Ok(match ty {
        ValType::Ref(ty) => ValType::Ref(map_ref_type(ty, rename)?),
        other => other,
    })
}

/// A module's reference type, made canonical.
pub(crate) fn map_ref_type(
    ty: RefType,
    rename: &dyn Fn(TypeIndex) -> Result<u32>,
) -> Result<RefType> {
    let heap = match ty.heap {
        HeapType::Concrete(index, kind) => HeapType::Concrete(TypeIndex::new(rename(index)?), kind),
        other => other,
    };
    Ok(RefType { nullable: ty.nullable, heap })
}

/// A module's type, made canonical.
pub(super) fn map_sub_type(
    ty: &SubType,
    rename: &dyn Fn(TypeIndex) -> Result<u32>,
) -> Result<SubType> {
    let field = |field: &FieldType| -> Result<FieldType> {
        let storage = match field.storage {
            StorageType::Val(ty) => StorageType::Val(map_val_type(ty, rename)?),
            packed => packed,
        };
        Ok(FieldType { storage, mutable: field.mutable })
    };
    let values = |list: &[ValType]| -> Result<Vec<ValType>> {
        list.iter().map(|ty| map_val_type(*ty, rename)).collect()
    };
    let composite = match &ty.composite {
        CompositeType::Func(func) => {
            CompositeType::Func(FuncType::new(values(func.params())?, values(func.results())?))
        }
        CompositeType::Struct(ty) => CompositeType::Struct(StructType {
            fields: ty.fields.iter().map(field).collect::<Result<_>>()?,
        }),
        CompositeType::Array(ty) => CompositeType::Array(ArrayType(field(&ty.0)?)),
        CompositeType::Cont(ty) => CompositeType::Cont(ContType(TypeIndex::new(rename(ty.0)?))),
    };
    let supertype = match ty.supertype {
        Some(index) => Some(TypeIndex::new(rename(index)?)),
        None => None,
    };
    Ok(SubType { is_final: ty.is_final, supertype, composite })
}
