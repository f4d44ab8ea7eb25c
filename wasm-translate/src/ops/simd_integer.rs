//! Arithmetic on vectors of integers, and bitwise operators on whole vectors (Wasm 3.0, section
//! 4.3.4).
//!
//! Comparisons are in `simd_compare`; narrowing and widening are in `simd_convert`.

use cranelift_codegen::ir::types::{I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Opcode, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::wasmparser::Operator;

use super::vectors::{binary, binary_op, unary, unary_op};
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    if let Some((ty, opcode)) = one_to_one_binary(op) {
        binary_op(t, ty, opcode);
        return Ok(true);
    }
    if let Some((ty, opcode)) = one_to_one_unary(op) {
        unary_op(t, ty, opcode);
        return Ok(true);
    }
    if let Some((ty, opcode)) = shift(op) {
        let amount = t.pop();
        let x = t.pop_vec(ty);
        // The code generator takes the amount modulo the width of a lane, as Wasm wants it.
        let (inst, dfg) = t.builder.ins().Binary(opcode, ty, x, amount);
        let result = dfg.first_result(inst);
        t.push(result);
        return Ok(true);
    }
    if let Some((ty, widen)) = extended_multiplication(op) {
        binary(t, ty, |b, x, y| {
            let x = extend(b, widen, ty, x);
            let y = extend(b, widen, ty, y);
            b.ins().imul(x, y)
        });
        return Ok(true);
    }
    match op {
        Operator::V128AndNot => binary(t, I8X16, |b, x, y| b.ins().band_not(x, y)),
        Operator::V128Bitselect => {
            let (if_set, if_clear, mask) = t.pop3_vec(I8X16);
            let result = t.builder.ins().bitselect(mask, if_set, if_clear);
            t.push(result);
        }
        Operator::I16x8ExtAddPairwiseI8x16S | Operator::I32x4ExtAddPairwiseI16x8S => {
            let ty = if matches!(op, Operator::I16x8ExtAddPairwiseI8x16S) { I8X16 } else { I16X8 };
            unary(t, ty, add_pairwise_signed);
        }
        Operator::I16x8ExtAddPairwiseI8x16U | Operator::I32x4ExtAddPairwiseI16x8U => {
            let ty = if matches!(op, Operator::I16x8ExtAddPairwiseI8x16U) { I8X16 } else { I16X8 };
            unary(t, ty, |b, x| {
                let low = b.ins().uwiden_low(x);
                let high = b.ins().uwiden_high(x);
                b.ins().iadd_pairwise(low, high)
            });
        }
        // Each product fits in a 32-bit lane. A sum wraps only where all four factors are -32768,
        // as Wasm wants it to.
        Operator::I32x4DotI16x8S => binary(t, I16X8, |b, x, y| {
            let (x_low, y_low) = (b.ins().swiden_low(x), b.ins().swiden_low(y));
            let low = b.ins().imul(x_low, y_low);
            let (x_high, y_high) = (b.ins().swiden_high(x), b.ins().swiden_high(y));
            let high = b.ins().imul(x_high, y_high);
            b.ins().iadd_pairwise(low, high)
        }),
        Operator::V128AnyTrue => unary(t, I8X16, |b, x| {
            let any = b.ins().vany_true(x);
            b.ins().uextend(I32, any)
        }),
        Operator::I8x16AllTrue => all_true(t, I8X16),
        Operator::I16x8AllTrue => all_true(t, I16X8),
        Operator::I32x4AllTrue => all_true(t, I32X4),
        Operator::I64x2AllTrue => all_true(t, I64X2),
        Operator::I8x16Bitmask => unary(t, I8X16, |b, x| b.ins().vhigh_bits(I32, x)),
        Operator::I16x8Bitmask => unary(t, I16X8, |b, x| b.ins().vhigh_bits(I32, x)),
        Operator::I32x4Bitmask => unary(t, I32X4, |b, x| b.ins().vhigh_bits(I32, x)),
        Operator::I64x2Bitmask => unary(t, I64X2, |b, x| b.ins().vhigh_bits(I32, x)),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Sums of neighbouring lanes, each widened with its sign. Relaxed dot products end in it, too.
pub(super) fn add_pairwise_signed(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    let low = b.ins().swiden_low(x);
    let high = b.ins().swiden_high(x);
    b.ins().iadd_pairwise(low, high)
}

fn all_true<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, ty: Type) {
    unary(t, ty, |b, x| {
        let all = b.ins().vall_true(x);
        b.ins().uextend(I32, all)
    });
}

/// Widens one half of a vector with the given opcode.
fn extend(b: &mut FunctionBuilder<'_>, opcode: Opcode, from: Type, x: Value) -> Value {
    let (inst, dfg) = b.ins().Unary(opcode, from, x);
    dfg.first_result(inst)
}

/// Operators of two vectors that are one instruction of the code generator.
fn one_to_one_binary(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::*;
    Some(match op {
        Operator::V128And => (I8X16, Band),
        Operator::V128Or => (I8X16, Bor),
        Operator::V128Xor => (I8X16, Bxor),

        Operator::I8x16Add => (I8X16, Iadd),
        Operator::I16x8Add => (I16X8, Iadd),
        Operator::I32x4Add => (I32X4, Iadd),
        Operator::I64x2Add => (I64X2, Iadd),
        Operator::I8x16Sub => (I8X16, Isub),
        Operator::I16x8Sub => (I16X8, Isub),
        Operator::I32x4Sub => (I32X4, Isub),
        Operator::I64x2Sub => (I64X2, Isub),
        Operator::I16x8Mul => (I16X8, Imul),
        Operator::I32x4Mul => (I32X4, Imul),
        Operator::I64x2Mul => (I64X2, Imul),

        Operator::I8x16AddSatS => (I8X16, SaddSat),
        Operator::I16x8AddSatS => (I16X8, SaddSat),
        Operator::I8x16AddSatU => (I8X16, UaddSat),
        Operator::I16x8AddSatU => (I16X8, UaddSat),
        Operator::I8x16SubSatS => (I8X16, SsubSat),
        Operator::I16x8SubSatS => (I16X8, SsubSat),
        Operator::I8x16SubSatU => (I8X16, UsubSat),
        Operator::I16x8SubSatU => (I16X8, UsubSat),

        Operator::I8x16MinS => (I8X16, Smin),
        Operator::I16x8MinS => (I16X8, Smin),
        Operator::I32x4MinS => (I32X4, Smin),
        Operator::I8x16MinU => (I8X16, Umin),
        Operator::I16x8MinU => (I16X8, Umin),
        Operator::I32x4MinU => (I32X4, Umin),
        Operator::I8x16MaxS => (I8X16, Smax),
        Operator::I16x8MaxS => (I16X8, Smax),
        Operator::I32x4MaxS => (I32X4, Smax),
        Operator::I8x16MaxU => (I8X16, Umax),
        Operator::I16x8MaxU => (I16X8, Umax),
        Operator::I32x4MaxU => (I32X4, Umax),

        Operator::I8x16AvgrU => (I8X16, AvgRound),
        Operator::I16x8AvgrU => (I16X8, AvgRound),
        Operator::I16x8Q15MulrSatS => (I16X8, SqmulRoundSat),
        _ => return None,
    })
}

/// Operators of one vector that are one instruction of the code generator.
fn one_to_one_unary(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::*;
    Some(match op {
        Operator::V128Not => (I8X16, Bnot),
        Operator::I8x16Abs => (I8X16, Iabs),
        Operator::I16x8Abs => (I16X8, Iabs),
        Operator::I32x4Abs => (I32X4, Iabs),
        Operator::I64x2Abs => (I64X2, Iabs),
        Operator::I8x16Neg => (I8X16, Ineg),
        Operator::I16x8Neg => (I16X8, Ineg),
        Operator::I32x4Neg => (I32X4, Ineg),
        Operator::I64x2Neg => (I64X2, Ineg),
        Operator::I8x16Popcnt => (I8X16, Popcnt),
        _ => return None,
    })
}

/// Shifts of all lanes by the same amount.
fn shift(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::{Ishl, Sshr, Ushr};
    Some(match op {
        Operator::I8x16Shl => (I8X16, Ishl),
        Operator::I16x8Shl => (I16X8, Ishl),
        Operator::I32x4Shl => (I32X4, Ishl),
        Operator::I64x2Shl => (I64X2, Ishl),
        Operator::I8x16ShrS => (I8X16, Sshr),
        Operator::I16x8ShrS => (I16X8, Sshr),
        Operator::I32x4ShrS => (I32X4, Sshr),
        Operator::I64x2ShrS => (I64X2, Sshr),
        Operator::I8x16ShrU => (I8X16, Ushr),
        Operator::I16x8ShrU => (I16X8, Ushr),
        Operator::I32x4ShrU => (I32X4, Ushr),
        Operator::I64x2ShrU => (I64X2, Ushr),
        _ => return None,
    })
}

/// Multiplications of one half of the lanes to lanes of twice the width: the type of the operands
/// and how they are widened.
fn extended_multiplication(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::{SwidenHigh, SwidenLow, UwidenHigh, UwidenLow};
    Some(match op {
        Operator::I16x8ExtMulLowI8x16S => (I8X16, SwidenLow),
        Operator::I16x8ExtMulHighI8x16S => (I8X16, SwidenHigh),
        Operator::I16x8ExtMulLowI8x16U => (I8X16, UwidenLow),
        Operator::I16x8ExtMulHighI8x16U => (I8X16, UwidenHigh),
        Operator::I32x4ExtMulLowI16x8S => (I16X8, SwidenLow),
        Operator::I32x4ExtMulHighI16x8S => (I16X8, SwidenHigh),
        Operator::I32x4ExtMulLowI16x8U => (I16X8, UwidenLow),
        Operator::I32x4ExtMulHighI16x8U => (I16X8, UwidenHigh),
        Operator::I64x2ExtMulLowI32x4S => (I32X4, SwidenLow),
        Operator::I64x2ExtMulHighI32x4S => (I32X4, SwidenHigh),
        Operator::I64x2ExtMulLowI32x4U => (I32X4, UwidenLow),
        Operator::I64x2ExtMulHighI32x4U => (I32X4, UwidenHigh),
        _ => return None,
    })
}
