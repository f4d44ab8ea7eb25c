//! Conversions between vectors: narrowing and widening of integers, integer to float and back,
//! demotion and promotion (Wasm 3.0, section 4.3.4).

use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Opcode, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::wasmparser::Operator;

use super::vectors::{binary_op, unary, unary_op, zero};
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    if let Some((ty, opcode)) = widening(op) {
        unary_op(t, ty, opcode);
        return Ok(true);
    }
    match op {
        // Lanes are signed before narrowing, whatever the result is.
        Operator::I8x16NarrowI16x8S => binary_op(t, I16X8, Opcode::Snarrow),
        Operator::I16x8NarrowI32x4S => binary_op(t, I32X4, Opcode::Snarrow),
        Operator::I8x16NarrowI16x8U => binary_op(t, I16X8, Opcode::Unarrow),
        Operator::I16x8NarrowI32x4U => binary_op(t, I32X4, Opcode::Unarrow),

        Operator::I32x4TruncSatF32x4S => {
            unary(t, F32X4, |b, x| b.ins().fcvt_to_sint_sat(I32X4, x));
        }
        Operator::I32x4TruncSatF32x4U => {
            unary(t, F32X4, |b, x| b.ins().fcvt_to_uint_sat(I32X4, x));
        }
        Operator::I32x4TruncSatF64x2SZero => unary(t, F64X2, truncate_f64x2_signed),
        Operator::I32x4TruncSatF64x2UZero => unary(t, F64X2, truncate_f64x2_unsigned),

        Operator::F32x4ConvertI32x4S => unary(t, I32X4, |b, x| b.ins().fcvt_from_sint(F32X4, x)),
        Operator::F32x4ConvertI32x4U => unary(t, I32X4, |b, x| b.ins().fcvt_from_uint(F32X4, x)),
        Operator::F64x2ConvertLowI32x4S => unary(t, I32X4, |b, x| {
            let wide = b.ins().swiden_low(x);
            b.ins().fcvt_from_sint(F64X2, wide)
        }),
        Operator::F64x2ConvertLowI32x4U => unary(t, I32X4, |b, x| {
            let wide = b.ins().uwiden_low(x);
            b.ins().fcvt_from_uint(F64X2, wide)
        }),

        Operator::F32x4DemoteF64x2Zero => unary(t, F64X2, |b, x| b.ins().fvdemote(x)),
        Operator::F64x2PromoteLowF32x4 => unary(t, F32X4, |b, x| b.ins().fvpromote_low(x)),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Two floats to the low two lanes of signed integers, saturating; the high two become zero. The
/// code generator takes the instructions as a whole: narrowing from 64 bits alone has no
/// counterpart on some targets.
pub(super) fn truncate_f64x2_signed(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    let wide = b.ins().fcvt_to_sint_sat(I64X2, x);
    let zero = zero(b, I64X2);
    b.ins().snarrow(wide, zero)
}

/// Two floats to the low two lanes of unsigned integers, saturating; the high two become zero.
pub(super) fn truncate_f64x2_unsigned(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    let wide = b.ins().fcvt_to_uint_sat(I64X2, x);
    let zero = zero(b, I64X2);
    b.ins().uunarrow(wide, zero)
}

/// One half of the lanes to lanes of twice the width: the type of the operand and the opcode.
fn widening(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::{SwidenHigh, SwidenLow, UwidenHigh, UwidenLow};
    Some(match op {
        Operator::I16x8ExtendLowI8x16S => (I8X16, SwidenLow),
        Operator::I16x8ExtendHighI8x16S => (I8X16, SwidenHigh),
        Operator::I16x8ExtendLowI8x16U => (I8X16, UwidenLow),
        Operator::I16x8ExtendHighI8x16U => (I8X16, UwidenHigh),
        Operator::I32x4ExtendLowI16x8S => (I16X8, SwidenLow),
        Operator::I32x4ExtendHighI16x8S => (I16X8, SwidenHigh),
        Operator::I32x4ExtendLowI16x8U => (I16X8, UwidenLow),
        Operator::I32x4ExtendHighI16x8U => (I16X8, UwidenHigh),
        Operator::I64x2ExtendLowI32x4S => (I32X4, SwidenLow),
        Operator::I64x2ExtendHighI32x4S => (I32X4, SwidenHigh),
        Operator::I64x2ExtendLowI32x4U => (I32X4, UwidenLow),
        Operator::I64x2ExtendHighI32x4U => (I32X4, UwidenHigh),
        _ => return None,
    })
}
