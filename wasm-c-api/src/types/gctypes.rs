//! `wasmtime/types/{structref,arrayref,exnref}.h`: types of structures, arrays and exceptions.

#![allow(unsafe_code)]

use wasm_runtime::{
    ArrayType, ExnType, ExternType, FieldType, Mutability, StorageType, StructType, ValType,
};

use super::valtype::val_types;
use super::{CExternType, CValType, ValTypes};
use crate::border::{self, Out, abort};
use crate::engine::CEngine;
use crate::error::{Failure, failure};

/// `wasmtime_storage_type_t`.
#[repr(C)]
pub(crate) struct CStorageType {
    kind: u8,
    /// Owned, if it is the type of a value.
    val: *mut CValType,
}

/// `wasmtime_field_type_t`.
#[repr(C)]
pub(crate) struct CFieldType {
    /// 0 is no, as in C.
    mutable: u8,
    storage: CStorageType,
}

const _: () = assert!(size_of::<CStorageType>() == 16 && size_of::<CFieldType>() == 24);

const I8: u8 = 0;
const I16: u8 = 1;
const VAL: u8 = 2;

impl CStorageType {
    fn new(ty: &StorageType) -> Self {
        match ty {
            StorageType::I8 => Self { kind: I8, val: std::ptr::null_mut() },
            StorageType::I16 => Self { kind: I16, val: std::ptr::null_mut() },
            StorageType::ValType(ty) => {
                Self { kind: VAL, val: Box::into_raw(Box::new(CValType(ty.clone()))) }
            }
        }
    }

    fn val_type(&self) -> ValType {
        // SAFETY: the header says that there is a type, if the kind says so.
        match unsafe { self.val.as_ref() } {
            Some(ty) => ty.0.clone(),
            None => abort("wasmtime_storage_type_t", "the type of the value is null"),
        }
    }

    fn storage_type(&self) -> StorageType {
        match self.kind {
            I8 => StorageType::I8,
            I16 => StorageType::I16,
            VAL => StorageType::ValType(self.val_type()),
            other => abort("wasmtime_storage_type_t", format!("there is no kind {other}")),
        }
    }

    fn free(&mut self) {
        if self.kind == VAL && !self.val.is_null() {
            // SAFETY: the kind says that there is a type, which is owned.
            drop(unsafe { Box::from_raw(self.val) });
            self.val = std::ptr::null_mut();
        }
    }
}

impl CFieldType {
    pub(crate) fn new(ty: &FieldType) -> Self {
        let storage = CStorageType::new(ty.element_type());
        Self { mutable: ty.mutability().is_var().into(), storage }
    }

    fn field_type(&self) -> FieldType {
        let mutability = if self.mutable != 0 { Mutability::Var } else { Mutability::Const };
        FieldType::new(mutability, self.storage.storage_type())
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_storage_type_clone(ty: &CStorageType, out: Out<'_, CStorageType>) {
    out.write(CStorageType::new(&ty.storage_type()));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_storage_type_delete(ty: Option<&mut CStorageType>) {
    if let Some(ty) = ty {
        ty.free();
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_field_type_clone(ty: &CFieldType, out: Out<'_, CFieldType>) {
    out.write(CFieldType::new(&ty.field_type()));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_field_type_delete(ty: Option<&mut CFieldType>) {
    if let Some(ty) = ty {
        ty.storage.free();
    }
}

/// Null if there can be no such type.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_struct_type_new(
    engine: &CEngine,
    fields: *const CFieldType,
    count: usize,
) -> Option<Box<StructType>> {
    // SAFETY: the header asks for so many fields.
    let fields = unsafe { border::slice(fields, count) };
    let ty = StructType::new(&engine.engine, fields.iter().map(CFieldType::field_type));
    ty.ok().map(Box::new)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_struct_type_copy(ty: &StructType) -> Box<StructType> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_struct_type_delete(ty: Option<Box<StructType>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_struct_type_num_fields(ty: &StructType) -> usize {
    ty.fields().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_struct_type_field(
    ty: &StructType,
    index: usize,
    out: Out<'_, CFieldType>,
) -> bool {
    ty.field(index).map(|field| out.write(CFieldType::new(&field))).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_array_type_new(engine: &CEngine, field: &CFieldType) -> Box<ArrayType> {
    Box::new(ArrayType::new(&engine.engine, field.field_type()))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_array_type_copy(ty: &ArrayType) -> Box<ArrayType> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_array_type_delete(ty: Option<Box<ArrayType>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_array_type_element(ty: &ArrayType, out: Out<'_, CFieldType>) {
    out.write(CFieldType::new(&ty.field_type()));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exn_type_new(
    engine: &CEngine,
    params: &ValTypes,
    out: Out<'_, Box<ExnType>>,
) -> Failure {
    failure(ExnType::new(&engine.engine, val_types(params)), |ty| {
        out.write(Box::new(ty));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exn_type_copy(ty: &ExnType) -> Box<ExnType> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exn_type_delete(ty: Option<Box<ExnType>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_exn_type_tag_type(ty: &ExnType) -> Box<CExternType> {
    Box::new(ExternType::Tag(ty.tag_type()).into())
}
