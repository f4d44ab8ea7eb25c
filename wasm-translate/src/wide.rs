//! Arithmetic on 128-bit integers, each of which is two values of type `i64`, the lower half first.
//!
//! Halves are joined into one value of type `i128` and split again. The code generator knows what
//! that means: an addition is one with a carry, and a product of two 64-bit integers is one
//! multiplication, where the machine has such instructions.

use cranelift_codegen::ir::types::{I64, I128};
use cranelift_codegen::ir::{InstBuilder as _, InstructionData, Opcode, Value};
use cranelift_frontend::FunctionBuilder;

/// The lower and the upper half.
pub(crate) type Halves = [Value; 2];

/// The sum, without what does not fit in 128 bits.
pub(crate) fn add(builder: &mut FunctionBuilder<'_>, a: Halves, b: Halves) -> Halves {
    binary(builder, Opcode::Iadd, a, b, u128::wrapping_add)
}

/// The difference, modulo 2^128.
pub(crate) fn subtract(builder: &mut FunctionBuilder<'_>, a: Halves, b: Halves) -> Halves {
    binary(builder, Opcode::Isub, a, b, u128::wrapping_sub)
}

/// The product of two 64-bit integers without a sign.
pub(crate) fn multiply_unsigned(builder: &mut FunctionBuilder<'_>, a: Value, b: Value) -> Halves {
    if let (Some(a), Some(b)) = (constant(builder, a), constant(builder, b)) {
        return halves(builder, u128::from(a) * u128::from(b));
    }
    let (a, b) = (builder.ins().uextend(I128, a), builder.ins().uextend(I128, b));
    let product = builder.ins().imul(a, b);
    builder.ins().isplit(product).into()
}

/// The product of two 64-bit integers with a sign.
pub(crate) fn multiply_signed(builder: &mut FunctionBuilder<'_>, a: Value, b: Value) -> Halves {
    if let (Some(a), Some(b)) = (constant(builder, a), constant(builder, b)) {
        return halves(builder, (i128::from(a as i64) * i128::from(b as i64)) as u128);
    }
    let (a, b) = (builder.ins().sextend(I128, a), builder.ins().sextend(I128, b));
    let product = builder.ins().imul(a, b);
    builder.ins().isplit(product).into()
}

fn binary(
    builder: &mut FunctionBuilder<'_>,
    opcode: Opcode,
    a: Halves,
    b: Halves,
    fold: fn(u128, u128) -> u128,
) -> Halves {
    if let (Some(a), Some(b)) = (constants(builder, a), constants(builder, b)) {
        return halves(builder, fold(a, b));
    }
    let a = builder.ins().iconcat(a[0], a[1]);
    let b = builder.ins().iconcat(b[0], b[1]);
    let (inst, dfg) = builder.ins().Binary(opcode, I128, a, b);
    let result = dfg.first_result(inst);
    builder.ins().isplit(result).into()
}

/// The optimiser has no constants of 128 bits, so those are computed here.
fn constant(builder: &FunctionBuilder<'_>, value: Value) -> Option<u64> {
    let dfg = &builder.func.dfg;
    match dfg.insts[dfg.value_def(value).inst()?] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits() as u64),
        _ => None,
    }
}

fn constants(builder: &FunctionBuilder<'_>, [low, high]: Halves) -> Option<u128> {
    let (low, high) = (constant(builder, low)?, constant(builder, high)?);
    Some(u128::from(low) | (u128::from(high) << 64))
}

fn halves(builder: &mut FunctionBuilder<'_>, value: u128) -> Halves {
    [value as u64, (value >> 64) as u64].map(|half| builder.ins().iconst(I64, half as i64))
}
