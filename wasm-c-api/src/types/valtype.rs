//! Types of values (`wasm_valtype_t`).

#![allow(unsafe_code)]

use wasm_runtime::{HeapType, ValType};

use super::type_family;
use crate::border::abort;
use crate::vec::CVec;

/// `wasm_valtype_t`.
#[derive(Clone)]
pub(crate) struct CValType(pub(crate) ValType);

/// `wasm_valtype_vec_t`.
pub(crate) type ValTypes = CVec<Option<Box<CValType>>>;

const I32: u8 = 0;
const I64: u8 = 1;
const F32: u8 = 2;
const F64: u8 = 3;
const EXTERNREF: u8 = 128;
const FUNCREF: u8 = 129;

impl FromIterator<ValType> for ValTypes {
    fn from_iter<I: IntoIterator<Item = ValType>>(types: I) -> Self {
        types.into_iter().map(|ty| Some(Box::new(CValType(ty)))).collect::<Vec<_>>().into()
    }
}

/// The types of a vector.
pub(crate) fn val_types(types: &ValTypes) -> impl Iterator<Item = ValType> + '_ {
    types.as_slice().iter().map(|ty| match ty {
        Some(ty) => ty.0.clone(),
        None => abort("wasm_valtype_vec_t", "an element is null"),
    })
}

type_family!(CValType: wasm_valtype_delete wasm_valtype_copy wasm_valtype_vec_new_empty
    wasm_valtype_vec_new_uninitialized wasm_valtype_vec_new wasm_valtype_vec_copy
    wasm_valtype_vec_delete);

#[unsafe(no_mangle)]
extern "C" fn wasm_valtype_new(kind: u8) -> Box<CValType> {
    Box::new(CValType(match kind {
        I32 => ValType::I32,
        I64 => ValType::I64,
        F32 => ValType::F32,
        F64 => ValType::F64,
        EXTERNREF => ValType::EXTERNREF,
        FUNCREF => ValType::FUNCREF,
        other => abort("wasm_valtype_new", format!("there is no kind {other} of types")),
    }))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_valtype_kind(ty: &CValType) -> u8 {
    let kind = match &ty.0 {
        ValType::I32 => Some(I32),
        ValType::I64 => Some(I64),
        ValType::F32 => Some(F32),
        ValType::F64 => Some(F64),
        ValType::V128 => None,
        ValType::Ref(ty) => match (ty.is_nullable(), ty.heap_type()) {
            (true, HeapType::Extern) => Some(EXTERNREF),
            (true, HeapType::Func) => Some(FUNCREF),
            _ => None,
        },
    };
    kind.unwrap_or_else(|| {
        let why = format!("wasm.h has no kind for {}: wasmtime_valtype_new describes it", ty.0);
        abort("wasm_valtype_kind", why)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_wasm_valtype_v128() -> Box<CValType> {
    Box::new(CValType(ValType::V128))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_wasm_valtype_equal(a: &CValType, b: &CValType) -> bool {
    ValType::eq(&a.0, &b.0)
}
