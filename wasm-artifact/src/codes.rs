//! Value types, reference types and field types as 32-bit codes.
//!
//! The low six bits say what it is, bit 6 that a reference may be null, bit 7 that a field is
//! mutable; the upper 24 bits hold the index of a concrete heap type.

use wasm_types::{FieldType, HeapType, RefType, StorageType, TypeIndex, TypeKind, ValType};

const NULLABLE: u32 = 1 << 6;
const MUTABLE: u32 = 1 << 7;
const KIND: u32 = NULLABLE - 1;
/// Concrete heap types, by the kind of the type.
const CONCRETE: [(TypeKind, u32); 4] =
    [(TypeKind::Struct, 29), (TypeKind::Array, 30), (TypeKind::Func, 31), (TypeKind::Cont, 34)];
const INDEX_SHIFT: u32 = 8;

/// Codes of all types that are not concrete heap types. The numbers stand in artifacts.
const NUMBERS: [(ValType, u32); 5] = [
    (ValType::I32, 0),
    (ValType::I64, 1),
    (ValType::F32, 2),
    (ValType::F64, 3),
    (ValType::V128, 4),
];
const I8: u32 = 5;
const I16: u32 = 6;
const HEAPS: [(HeapType, u32); 14] = [
    (HeapType::Func, 16),
    (HeapType::NoFunc, 17),
    (HeapType::Extern, 18),
    (HeapType::NoExtern, 19),
    (HeapType::Any, 20),
    (HeapType::Eq, 21),
    (HeapType::I31, 22),
    (HeapType::Struct, 23),
    (HeapType::Array, 24),
    (HeapType::None, 25),
    (HeapType::Exn, 26),
    (HeapType::NoExn, 27),
    (HeapType::Cont, 32),
    (HeapType::NoCont, 33),
];

/// The largest type index that a code can hold.
#[cfg(feature = "write")]
pub(crate) const MAX_TYPE_INDEX: u32 = (1 << (32 - INDEX_SHIFT)) - 1;

#[cfg(feature = "write")]
pub(crate) fn heap_code(heap: HeapType) -> u32 {
    match heap {
        HeapType::Concrete(index, kind) => {
            let of = CONCRETE.iter().find(|(of, _)| *of == kind);
            of.map_or(0, |(_, code)| *code) | index.as_u32() << INDEX_SHIFT
        }
        _ => HEAPS.iter().find(|(ty, _)| *ty == heap).map_or(0, |(_, code)| *code),
    }
}

/// Whether a code is that of a reference to another type of the module.
pub(crate) fn is_concrete(code: u32) -> bool {
    CONCRETE.iter().any(|(_, concrete)| code & KIND == *concrete)
}

pub(crate) fn heap_of(code: u32) -> Option<HeapType> {
    let of = code & KIND;
    match CONCRETE.iter().find(|(_, code)| *code == of) {
        Some((kind, _)) => Some(HeapType::Concrete(TypeIndex::new(code >> INDEX_SHIFT), *kind)),
        None => HEAPS.iter().find(|(_, code)| *code == of).map(|(ty, _)| *ty),
    }
}

#[cfg(feature = "write")]
pub(crate) fn ref_code(ty: RefType) -> u32 {
    heap_code(ty.heap) | if ty.nullable { NULLABLE } else { 0 }
}

pub(crate) fn ref_of(code: u32) -> Option<RefType> {
    Some(RefType { nullable: code & NULLABLE != 0, heap: heap_of(code)? })
}

#[cfg(feature = "write")]
pub(crate) fn val_code(ty: ValType) -> u32 {
    match ty {
        ValType::Ref(ty) => ref_code(ty),
        _ => NUMBERS.iter().find(|(number, _)| *number == ty).map_or(0, |(_, code)| *code),
    }
}

pub(crate) fn val_of(code: u32) -> Option<ValType> {
    match NUMBERS.get((code & KIND) as usize) {
        Some((ty, _)) => Some(*ty),
        None => ref_of(code).map(ValType::Ref),
    }
}

#[cfg(feature = "write")]
pub(crate) fn field_code(field: FieldType) -> u32 {
    let storage = match field.storage {
        StorageType::I8 => I8,
        StorageType::I16 => I16,
        StorageType::Val(ty) => val_code(ty),
    };
    storage | if field.mutable { MUTABLE } else { 0 }
}

pub(crate) fn field_of(code: u32) -> Option<FieldType> {
    let storage = match code & KIND {
        I8 => StorageType::I8,
        I16 => StorageType::I16,
        _ => StorageType::Val(val_of(code)?),
    };
    Some(FieldType { storage, mutable: code & MUTABLE != 0 })
}
