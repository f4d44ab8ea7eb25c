//! Constants, splats, access to single lanes, shuffles (Wasm 3.0, section 4.6.2).

use cranelift_codegen::ir::types::{F32X4, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasm_types::wasmparser::Operator;

use super::vectors::{binary, constant, unary};
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::V128Const { value } => {
            let value = constant(&mut t.builder, I8X16, value.bytes());
            t.push(value);
        }
        Operator::I8x16Shuffle { lanes } => {
            let mask = t.builder.func.dfg.immediates.push(lanes.as_slice().into());
            binary(t, I8X16, |b, x, y| b.ins().shuffle(x, y, mask));
        }
        // Indices out of range give zero, here and in the code generator.
        Operator::I8x16Swizzle => binary(t, I8X16, |b, x, indices| b.ins().swizzle(x, indices)),

        Operator::I8x16Splat => splat(t, I8X16),
        Operator::I16x8Splat => splat(t, I16X8),
        Operator::I32x4Splat => splat(t, I32X4),
        Operator::I64x2Splat => splat(t, I64X2),
        Operator::F32x4Splat => splat(t, F32X4),
        Operator::F64x2Splat => splat(t, F64X2),

        Operator::I8x16ExtractLaneS { lane } => unary(t, I8X16, |b, x| {
            let narrow = b.ins().extractlane(x, lane);
            b.ins().sextend(I32, narrow)
        }),
        Operator::I8x16ExtractLaneU { lane } => unary(t, I8X16, |b, x| {
            let narrow = b.ins().extractlane(x, lane);
            b.ins().uextend(I32, narrow)
        }),
        Operator::I16x8ExtractLaneS { lane } => unary(t, I16X8, |b, x| {
            let narrow = b.ins().extractlane(x, lane);
            b.ins().sextend(I32, narrow)
        }),
        Operator::I16x8ExtractLaneU { lane } => unary(t, I16X8, |b, x| {
            let narrow = b.ins().extractlane(x, lane);
            b.ins().uextend(I32, narrow)
        }),
        Operator::I32x4ExtractLane { lane } => unary(t, I32X4, |b, x| b.ins().extractlane(x, lane)),
        Operator::I64x2ExtractLane { lane } => unary(t, I64X2, |b, x| b.ins().extractlane(x, lane)),
        Operator::F32x4ExtractLane { lane } => unary(t, F32X4, |b, x| b.ins().extractlane(x, lane)),
        Operator::F64x2ExtractLane { lane } => unary(t, F64X2, |b, x| b.ins().extractlane(x, lane)),

        Operator::I8x16ReplaceLane { lane } => replace_lane(t, I8X16, lane),
        Operator::I16x8ReplaceLane { lane } => replace_lane(t, I16X8, lane),
        Operator::I32x4ReplaceLane { lane } => replace_lane(t, I32X4, lane),
        Operator::I64x2ReplaceLane { lane } => replace_lane(t, I64X2, lane),
        Operator::F32x4ReplaceLane { lane } => replace_lane(t, F32X4, lane),
        Operator::F64x2ReplaceLane { lane } => replace_lane(t, F64X2, lane),
        _ => return Ok(false),
    }
    Ok(true)
}

fn splat<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, ty: Type) {
    let scalar = pop_lane(t, ty);
    let result = t.builder.ins().splat(ty, scalar);
    t.push(result);
}

fn replace_lane<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
    lane: u8,
) {
    let scalar = pop_lane(t, ty);
    let vector = t.pop_vec(ty);
    let result = t.builder.ins().insertlane(vector, scalar, lane);
    t.push(result);
}

/// Pops a scalar for a lane of the vector type: 8- and 16-bit ones are the low bits of an `i32`.
fn pop_lane<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
) -> cranelift_codegen::ir::Value {
    let scalar = t.pop();
    match ty.lane_type() {
        narrow @ (I8 | I16) => t.builder.ins().ireduce(narrow, scalar),
        _ => scalar,
    }
}
