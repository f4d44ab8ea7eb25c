//! What a module imports and exports (`wasm_importtype_t`, `wasm_exporttype_t`).

#![allow(unsafe_code)]

use wasm_runtime::{ExportType, ExternType, ImportType};

use super::{CExternType, type_family};
use crate::vec::{CBytes, CVec};

/// `wasm_importtype_t`.
#[derive(Clone)]
pub(crate) struct CImportType {
    module: CBytes,
    name: CBytes,
    ty: Box<CExternType>,
}

/// `wasm_exporttype_t`.
#[derive(Clone)]
pub(crate) struct CExportType {
    name: CBytes,
    ty: Box<CExternType>,
}

/// `wasm_importtype_vec_t`.
pub(crate) type ImportTypes = CVec<Option<Box<CImportType>>>;

/// `wasm_exporttype_vec_t`.
pub(crate) type ExportTypes = CVec<Option<Box<CExportType>>>;

impl CImportType {
    pub(crate) fn new(module: &str, name: &str, ty: ExternType) -> Self {
        Self { module: module.into(), name: name.into(), ty: Box::new(ty.into()) }
    }
}

impl CExportType {
    pub(crate) fn new(name: &str, ty: ExternType) -> Self {
        Self { name: name.into(), ty: Box::new(ty.into()) }
    }
}

impl From<ImportType<'_>> for CImportType {
    fn from(import: ImportType<'_>) -> Self {
        Self::new(import.module(), import.name(), import.ty())
    }
}

impl From<ExportType<'_>> for CExportType {
    fn from(export: ExportType<'_>) -> Self {
        Self::new(export.name(), export.ty())
    }
}

type_family!(CImportType: wasm_importtype_delete wasm_importtype_copy wasm_importtype_vec_new_empty
    wasm_importtype_vec_new_uninitialized wasm_importtype_vec_new wasm_importtype_vec_copy
    wasm_importtype_vec_delete);

type_family!(CExportType: wasm_exporttype_delete wasm_exporttype_copy wasm_exporttype_vec_new_empty
    wasm_exporttype_vec_new_uninitialized wasm_exporttype_vec_new wasm_exporttype_vec_copy
    wasm_exporttype_vec_delete);

#[unsafe(no_mangle)]
extern "C" fn wasm_importtype_new(
    module: &mut CBytes,
    name: &mut CBytes,
    ty: Box<CExternType>,
) -> Box<CImportType> {
    Box::new(CImportType { module: module.take().into(), name: name.take().into(), ty })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_importtype_module(import: &CImportType) -> &CBytes {
    &import.module
}

#[unsafe(no_mangle)]
extern "C" fn wasm_importtype_name(import: &CImportType) -> &CBytes {
    &import.name
}

#[unsafe(no_mangle)]
extern "C" fn wasm_importtype_type(import: &CImportType) -> &CExternType {
    &import.ty
}

#[unsafe(no_mangle)]
extern "C" fn wasm_exporttype_new(name: &mut CBytes, ty: Box<CExternType>) -> Box<CExportType> {
    Box::new(CExportType { name: name.take().into(), ty })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_exporttype_name(export: &CExportType) -> &CBytes {
    &export.name
}

#[unsafe(no_mangle)]
extern "C" fn wasm_exporttype_type(export: &CExportType) -> &CExternType {
    &export.ty
}
