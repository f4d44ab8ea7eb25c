//! Arithmetic on integers: constants, comparisons, operations (Wasm 3.0, section 4.3.2).

use cranelift_codegen::ir::condcodes::{CondCode as _, IntCC};
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder as _, Opcode, Type};
use wasm_types::wasmparser::Operator;

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    use Operator as O;
    match *op {
        O::I32Const { value } => {
            // A constant of 32 bits is written without its sign.
            let value = t.builder.ins().iconst(I32, i64::from(value as u32));
            t.push(value);
        }
        O::I64Const { value } => {
            let value = t.builder.ins().iconst(I64, value);
            t.push(value);
        }

        O::I32Add | O::I64Add => binary(t, Opcode::Iadd),
        O::I32Sub | O::I64Sub => binary(t, Opcode::Isub),
        O::I32Mul | O::I64Mul => binary(t, Opcode::Imul),
        O::I32And | O::I64And => binary(t, Opcode::Band),
        O::I32Or | O::I64Or => binary(t, Opcode::Bor),
        O::I32Xor | O::I64Xor => binary(t, Opcode::Bxor),
        // The amount is taken modulo the number of bits by both languages.
        O::I32Shl | O::I64Shl => binary(t, Opcode::Ishl),
        O::I32ShrS | O::I64ShrS => binary(t, Opcode::Sshr),
        O::I32ShrU | O::I64ShrU => binary(t, Opcode::Ushr),
        O::I32Rotl | O::I64Rotl => binary(t, Opcode::Rotl),
        O::I32Rotr | O::I64Rotr => binary(t, Opcode::Rotr),
        // Division by zero and overflow trap in both languages.
        O::I32DivS | O::I64DivS => binary(t, Opcode::Sdiv),
        O::I32DivU | O::I64DivU => binary(t, Opcode::Udiv),
        O::I32RemS | O::I64RemS => binary(t, Opcode::Srem),
        O::I32RemU | O::I64RemU => binary(t, Opcode::Urem),

        O::I32Clz | O::I64Clz => unary(t, Opcode::Clz),
        O::I32Ctz | O::I64Ctz => unary(t, Opcode::Ctz),
        O::I32Popcnt | O::I64Popcnt => unary(t, Opcode::Popcnt),
        O::I32Extend8S | O::I64Extend8S => extend_low(t, I8),
        O::I32Extend16S | O::I64Extend16S => extend_low(t, I16),
        O::I64Extend32S => extend_low(t, I32),

        O::I32Eqz | O::I64Eqz => {
            let value = t.pop();
            if let Some((cc, a, b)) = t.float_comparison(value) {
                t.fcmp(cc.complement(), a, b);
                return Ok(true);
            }
            let ty = t.ty(value);
            let zero = t.builder.ins().iconst(ty, 0);
            let flag = t.icmp(IntCC::Equal, value, zero);
            t.push(flag);
        }
        O::I32Eq | O::I64Eq => compare(t, IntCC::Equal),
        O::I32Ne | O::I64Ne => compare(t, IntCC::NotEqual),
        O::I32LtS | O::I64LtS => compare(t, IntCC::SignedLessThan),
        O::I32LtU | O::I64LtU => compare(t, IntCC::UnsignedLessThan),
        O::I32GtS | O::I64GtS => compare(t, IntCC::SignedGreaterThan),
        O::I32GtU | O::I64GtU => compare(t, IntCC::UnsignedGreaterThan),
        O::I32LeS | O::I64LeS => compare(t, IntCC::SignedLessThanOrEqual),
        O::I32LeU | O::I64LeU => compare(t, IntCC::UnsignedLessThanOrEqual),
        O::I32GeS | O::I64GeS => compare(t, IntCC::SignedGreaterThanOrEqual),
        O::I32GeU | O::I64GeU => compare(t, IntCC::UnsignedGreaterThanOrEqual),
        _ => return Ok(false),
    }
    Ok(true)
}

/// An operator of two operands that is one instruction.
pub(super) fn binary<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    opcode: Opcode,
) {
    let (a, b) = t.pop2();
    let ty = t.ty(a);
    let (inst, dfg) = t.builder.ins().Binary(opcode, ty, a, b);
    let result = dfg.first_result(inst);
    t.push(result);
}

/// An operator of one operand that is one instruction with a result of the same type.
pub(super) fn unary<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    opcode: Opcode,
) {
    let a = t.pop();
    let ty = t.ty(a);
    let (inst, dfg) = t.builder.ins().Unary(opcode, ty, a);
    let result = dfg.first_result(inst);
    t.push(result);
}

/// Extends the sign of the low bits.
fn extend_low<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, low: Type) {
    let value = t.pop();
    let ty = t.ty(value);
    let value = t.builder.ins().ireduce(low, value);
    let value = t.builder.ins().sextend(ty, value);
    t.push(value);
}

/// A comparison.
fn compare<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, cc: IntCC) {
    let (a, b) = t.pop2();
    let flag = t.icmp(cc, a, b);
    t.push(flag);
}
