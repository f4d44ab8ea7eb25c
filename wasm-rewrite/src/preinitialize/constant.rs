//! Values as constant expressions.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ConstExpr, Ieee32, Ieee64};
use wasm_types::{GlobalState, RefState};
use wasmparser::ValType;

use crate::error::{Error, ErrorKind};

/// A value as a constant expression of the given type.
pub(super) fn constant(value: GlobalState, ty: ValType) -> Result<ConstExpr, Error> {
    Ok(match (value, ty) {
        (GlobalState::I32(value), _) => ConstExpr::i32_const(value),
        (GlobalState::I64(value), _) => ConstExpr::i64_const(value),
        (GlobalState::F32(bits), _) => ConstExpr::f32_const(Ieee32::new(bits)),
        (GlobalState::F64(bits), _) => ConstExpr::f64_const(Ieee64::new(bits)),
        (GlobalState::V128(value), _) => ConstExpr::v128_const(value as i128),
        (GlobalState::Ref(RefState::Func(function)), _) => ConstExpr::ref_func(function.as_u32()),
        (GlobalState::Ref(RefState::Null), ValType::Ref(ty)) => {
            ConstExpr::ref_null(RoundtripReencoder.heap_type(ty.heap_type())?)
        }
        (GlobalState::Ref(RefState::Null), ty) => {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!("null is not a value of the type {ty}"),
            ));
        }
    })
}
