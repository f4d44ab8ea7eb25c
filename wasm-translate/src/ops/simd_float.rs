//! Arithmetic on vectors of floats (Wasm 3.0, section 4.3.3, lane by lane).
//!
//! Bringing not-a-number results to one bit pattern is left to the code generator, which does it
//! for all arithmetic, scalars and vectors alike.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2};
use cranelift_codegen::ir::{InstBuilder, Opcode, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::wasmparser::Operator;

use super::vectors::{binary, binary_op, unary_op};
use crate::environ::{FuncEnvironment, Rounding};
use crate::error::Error;
use crate::translator::{FuncTranslator, lane_order};

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
    if let Some((ty, rounding)) = rounding(op) {
        let x = t.pop_vec(ty);
        let result = t.env.round(&mut t.builder, rounding, x)?;
        t.push(result);
        return Ok(true);
    }
    match op {
        Operator::F32x4PMin => binary(t, F32X4, pseudo_minimum),
        Operator::F64x2PMin => binary(t, F64X2, pseudo_minimum),
        Operator::F32x4PMax => binary(t, F32X4, pseudo_maximum),
        Operator::F64x2PMax => binary(t, F64X2, pseudo_maximum),
        _ => return Ok(false),
    }
    Ok(true)
}

/// `y < x ? y : x`: what `pmin` is defined as. The code generator knows this very shape, and on
/// x86-64 makes one instruction of it.
pub(super) fn pseudo_minimum(b: &mut FunctionBuilder<'_>, x: Value, y: Value) -> Value {
    let take_y = b.ins().fcmp(FloatCC::LessThan, y, x);
    select_lanes(b, take_y, y, x)
}

/// `x < y ? y : x`: what `pmax` is defined as.
pub(super) fn pseudo_maximum(b: &mut FunctionBuilder<'_>, x: Value, y: Value) -> Value {
    let take_y = b.ins().fcmp(FloatCC::LessThan, x, y);
    select_lanes(b, take_y, y, x)
}

/// Lanes of one or the other float vector, by the result of a comparison.
fn select_lanes(b: &mut FunctionBuilder<'_>, mask: Value, if_set: Value, if_clear: Value) -> Value {
    let ty = b.func.dfg.value_type(if_set);
    let mask = b.ins().bitcast(ty, lane_order(), mask);
    b.ins().bitselect(mask, if_set, if_clear)
}

/// Operators of two vectors that are one instruction of the code generator.
fn one_to_one_binary(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::*;
    Some(match op {
        Operator::F32x4Add => (F32X4, Fadd),
        Operator::F64x2Add => (F64X2, Fadd),
        Operator::F32x4Sub => (F32X4, Fsub),
        Operator::F64x2Sub => (F64X2, Fsub),
        Operator::F32x4Mul => (F32X4, Fmul),
        Operator::F64x2Mul => (F64X2, Fmul),
        Operator::F32x4Div => (F32X4, Fdiv),
        Operator::F64x2Div => (F64X2, Fdiv),
        Operator::F32x4Min => (F32X4, Fmin),
        Operator::F64x2Min => (F64X2, Fmin),
        Operator::F32x4Max => (F32X4, Fmax),
        Operator::F64x2Max => (F64X2, Fmax),
        _ => return None,
    })
}

/// Operators of one vector that are one instruction of the code generator.
fn one_to_one_unary(op: &Operator<'_>) -> Option<(Type, Opcode)> {
    use Opcode::*;
    Some(match op {
        Operator::F32x4Abs => (F32X4, Fabs),
        Operator::F64x2Abs => (F64X2, Fabs),
        Operator::F32x4Neg => (F32X4, Fneg),
        Operator::F64x2Neg => (F64X2, Fneg),
        Operator::F32x4Sqrt => (F32X4, Sqrt),
        Operator::F64x2Sqrt => (F64X2, Sqrt),
        _ => return None,
    })
}

/// Rounding to integral values, which not every machine has instructions for.
fn rounding(op: &Operator<'_>) -> Option<(Type, Rounding)> {
    use Rounding::*;
    Some(match op {
        Operator::F32x4Ceil => (F32X4, Ceil),
        Operator::F64x2Ceil => (F64X2, Ceil),
        Operator::F32x4Floor => (F32X4, Floor),
        Operator::F64x2Floor => (F64X2, Floor),
        Operator::F32x4Trunc => (F32X4, Trunc),
        Operator::F64x2Trunc => (F64X2, Trunc),
        Operator::F32x4Nearest => (F32X4, Nearest),
        Operator::F64x2Nearest => (F64X2, Nearest),
        _ => return None,
    })
}
