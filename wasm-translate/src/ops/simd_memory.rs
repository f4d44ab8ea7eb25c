//! Loads and stores of vectors and of their lanes (Wasm 3.0, section 4.6.8).
//!
//! Each access is one instruction of the code generator with the width that Wasm gives it, so that
//! an access that is partly out of bounds traps whole.

use cranelift_codegen::ir::types::{I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::wasmparser::{MemArg, Operator};

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::V128Load { memarg } => {
            load(t, &memarg, 16, |b, flags, p, at| b.ins().load(I8X16, flags, p, at))?;
        }
        Operator::V128Load8x8S { memarg } => {
            load(t, &memarg, 8, |b, flags, p, at| b.ins().sload8x8(flags, p, at))?;
        }
        Operator::V128Load8x8U { memarg } => {
            load(t, &memarg, 8, |b, flags, p, at| b.ins().uload8x8(flags, p, at))?;
        }
        Operator::V128Load16x4S { memarg } => {
            load(t, &memarg, 8, |b, flags, p, at| b.ins().sload16x4(flags, p, at))?;
        }
        Operator::V128Load16x4U { memarg } => {
            load(t, &memarg, 8, |b, flags, p, at| b.ins().uload16x4(flags, p, at))?;
        }
        Operator::V128Load32x2S { memarg } => {
            load(t, &memarg, 8, |b, flags, p, at| b.ins().sload32x2(flags, p, at))?;
        }
        Operator::V128Load32x2U { memarg } => {
            load(t, &memarg, 8, |b, flags, p, at| b.ins().uload32x2(flags, p, at))?;
        }

        Operator::V128Load8Splat { memarg } => load_splat(t, &memarg, I8X16)?,
        Operator::V128Load16Splat { memarg } => load_splat(t, &memarg, I16X8)?,
        Operator::V128Load32Splat { memarg } => load_splat(t, &memarg, I32X4)?,
        Operator::V128Load64Splat { memarg } => load_splat(t, &memarg, I64X2)?,
        Operator::V128Load32Zero { memarg } => load_zero(t, &memarg, I32X4)?,
        Operator::V128Load64Zero { memarg } => load_zero(t, &memarg, I64X2)?,

        Operator::V128Load8Lane { memarg, lane } => load_lane(t, &memarg, I8X16, lane)?,
        Operator::V128Load16Lane { memarg, lane } => load_lane(t, &memarg, I16X8, lane)?,
        Operator::V128Load32Lane { memarg, lane } => load_lane(t, &memarg, I32X4, lane)?,
        Operator::V128Load64Lane { memarg, lane } => load_lane(t, &memarg, I64X2, lane)?,

        Operator::V128Store { memarg } => store(t, &memarg)?,
        Operator::V128Store8Lane { memarg, lane } => store_lane(t, &memarg, I8X16, lane)?,
        Operator::V128Store16Lane { memarg, lane } => store_lane(t, &memarg, I16X8, lane)?,
        Operator::V128Store32Lane { memarg, lane } => store_lane(t, &memarg, I32X4, lane)?,
        Operator::V128Store64Lane { memarg, lane } => store_lane(t, &memarg, I64X2, lane)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Loads a whole vector by the given instruction.
fn load<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    access_size: u8,
    build: impl FnOnce(&mut FunctionBuilder<'_>, MemFlagsData, Value, i32) -> Value,
) -> Result<(), Error> {
    let (flags, address, offset) = t.heap_addr(memarg, access_size)?;
    let value = build(&mut t.builder, flags, address, offset);
    t.push(value);
    Ok(())
}

/// Loads a scalar as wide as a lane of the vector type.
fn load_scalar<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    vector: Type,
) -> Result<Value, Error> {
    let lane = vector.lane_type();
    let (flags, address, offset) = t.heap_addr(memarg, lane.bytes() as u8)?;
    Ok(t.builder.ins().load(lane, flags, address, offset))
}

/// Loads one scalar into all lanes.
fn load_splat<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
) -> Result<(), Error> {
    let scalar = load_scalar(t, memarg, ty)?;
    let value = t.builder.ins().splat(ty, scalar);
    t.push(value);
    Ok(())
}

/// Loads one scalar into the lowest lane and zeros into the others.
fn load_zero<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
) -> Result<(), Error> {
    let scalar = load_scalar(t, memarg, ty)?;
    let value = t.builder.ins().scalar_to_vector(ty, scalar);
    t.push(value);
    Ok(())
}

/// Loads one lane and leaves the others as they are.
fn load_lane<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
    lane: u8,
) -> Result<(), Error> {
    let vector = t.pop_vec(ty);
    let scalar = load_scalar(t, memarg, ty)?;
    let value = t.builder.ins().insertlane(vector, scalar, lane);
    t.push(value);
    Ok(())
}

/// Stores a whole vector, whatever its lanes.
fn store<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
) -> Result<(), Error> {
    // In memory, the order of lanes of other types would not be little-endian on every target.
    let vector = t.pop_vec(I8X16);
    let (flags, address, offset) = t.heap_addr(memarg, 16)?;
    t.builder.ins().store(flags, vector, address, offset);
    Ok(())
}

/// Stores one lane.
fn store_lane<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
    lane: u8,
) -> Result<(), Error> {
    let vector = t.pop_vec(ty);
    let scalar = t.builder.ins().extractlane(vector, lane);
    let (flags, address, offset) = t.heap_addr(memarg, ty.lane_type().bytes() as u8)?;
    t.builder.ins().store(flags, scalar, address, offset);
    Ok(())
}
