//! What the families of vector operators share.
//!
//! A vector on the operand stack has the type of lanes that its operator left it with; whoever pops
//! it requests the lanes that it works on. Only locals, parameters and results are always
//! [`I8X16`](cranelift_codegen::ir::types::I8X16).
//!
//! # What a target must have
//!
//! Vectors are compiled to vector instructions, never to calls of library functions. On x86-64 that
//! takes SSSE3 and SSE4.1 (processors of the last fifteen years), on riscv64 the V extension; see
//! [`supported`].

use cranelift_codegen::ir::{InstBuilder, Opcode, Type, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;
use target_lexicon::Architecture;

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Whether the target's instruction set has what vector operators are compiled to. An error where
/// it has not: the code generator would call library functions, which compiled code has none of, or
/// panic.
pub(crate) fn supported(isa: &dyn TargetIsa) -> Result<(), Error> {
    match isa.triple().architecture {
        Architecture::X86_64 if !(isa.has_round() && isa.has_x86_pshufb_lowering()) => {
            Err(Error::unsupported("a 128-bit vector on x86-64 without SSSE3 and SSE4.1"))
        }
        Architecture::Riscv64(_) if !has_flag(isa, "has_v") => {
            Err(Error::unsupported("a 128-bit vector on riscv64 without the V extension"))
        }
        _ => Ok(()),
    }
}

/// Whether a setting of the instruction set is on. It searches all settings: for the rare operator
/// only.
pub(super) fn has_flag(isa: &dyn TargetIsa, name: &str) -> bool {
    isa.isa_flags().iter().any(|flag| flag.name == name && flag.as_bool() == Some(true))
}

/// An operator of one vector with lanes of the given type.
pub(super) fn unary<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
    build: impl FnOnce(&mut FunctionBuilder<'_>, Value) -> Value,
) {
    let x = t.pop_vec(ty);
    let result = build(&mut t.builder, x);
    t.push(result);
}

/// An operator of two vectors with lanes of the given type.
pub(super) fn binary<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
    build: impl FnOnce(&mut FunctionBuilder<'_>, Value, Value) -> Value,
) {
    let (x, y) = t.pop2_vec(ty);
    let result = build(&mut t.builder, x, y);
    t.push(result);
}

/// An operator of three vectors with lanes of the given type.
pub(super) fn ternary<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
    build: impl FnOnce(&mut FunctionBuilder<'_>, Value, Value, Value) -> Value,
) {
    let (x, y, z) = t.pop3_vec(ty);
    let result = build(&mut t.builder, x, y, z);
    t.push(result);
}

/// An operator of one vector that is one instruction of the code generator.
pub(super) fn unary_op<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
    opcode: Opcode,
) {
    unary(t, ty, |b, x| {
        let (inst, dfg) = b.ins().Unary(opcode, ty, x);
        dfg.first_result(inst)
    });
}

/// An operator of two vectors that is one instruction of the code generator.
pub(super) fn binary_op<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: Type,
    opcode: Opcode,
) {
    binary(t, ty, |b, x, y| {
        let (inst, dfg) = b.ins().Binary(opcode, ty, x, y);
        dfg.first_result(inst)
    });
}

/// The vector whose bits are all zero.
pub(super) fn zero(b: &mut FunctionBuilder<'_>, ty: Type) -> Value {
    constant(b, ty, &[0; 16])
}

/// A constant vector of the given bytes, the lowest lane first.
pub(super) fn constant(b: &mut FunctionBuilder<'_>, ty: Type, bytes: &[u8; 16]) -> Value {
    let handle = b.func.dfg.constants.insert(bytes.as_slice().into());
    b.ins().vconst(ty, handle)
}
