//! Arithmetic on floats: constants, comparisons, operations (Wasm 3.0, section 4.3.3).
//!
//! Bringing not-a-number results to one bit pattern, where that is wanted, is left to the code
//! generator.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{InstBuilder as _, InstructionData, Opcode, Value};
use wasm_types::wasmparser::Operator;

use super::integer::{binary, unary};
use crate::environ::{FuncEnvironment, Rounding};
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    use Operator as O;
    match *op {
        O::F32Const { value } => {
            let value = t.builder.ins().f32const(Ieee32::with_bits(value.bits()));
            t.push(value);
        }
        O::F64Const { value } => {
            let value = t.builder.ins().f64const(Ieee64::with_bits(value.bits()));
            t.push(value);
        }

        O::F32Add | O::F64Add => binary(t, Opcode::Fadd),
        O::F32Sub | O::F64Sub => binary(t, Opcode::Fsub),
        O::F32Mul | O::F64Mul => binary(t, Opcode::Fmul),
        O::F32Div | O::F64Div => binary(t, Opcode::Fdiv),
        O::F32Min | O::F64Min => binary(t, Opcode::Fmin),
        O::F32Max | O::F64Max => binary(t, Opcode::Fmax),
        O::F32Copysign | O::F64Copysign => binary(t, Opcode::Fcopysign),
        O::F32Abs | O::F64Abs => unary(t, Opcode::Fabs),
        O::F32Neg | O::F64Neg => unary(t, Opcode::Fneg),
        O::F32Sqrt | O::F64Sqrt => unary(t, Opcode::Sqrt),
        O::F32Ceil | O::F64Ceil => round(t, Rounding::Ceil)?,
        O::F32Floor | O::F64Floor => round(t, Rounding::Floor)?,
        O::F32Trunc | O::F64Trunc => round(t, Rounding::Trunc)?,
        O::F32Nearest | O::F64Nearest => round(t, Rounding::Nearest)?,

        O::F32Eq | O::F64Eq => compare(t, FloatCC::Equal),
        O::F32Ne | O::F64Ne => compare(t, FloatCC::NotEqual),
        O::F32Lt | O::F64Lt => compare(t, FloatCC::LessThan),
        O::F32Gt | O::F64Gt => compare(t, FloatCC::GreaterThan),
        O::F32Le | O::F64Le => compare(t, FloatCC::LessThanOrEqual),
        O::F32Ge | O::F64Ge => compare(t, FloatCC::GreaterThanOrEqual),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Rounds to an integral value, as the environment does that on this machine.
fn round<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    rounding: Rounding,
) -> Result<(), Error> {
    let x = t.pop();
    let result = t.env.round(&mut t.builder, rounding, x)?;
    t.push(result);
    Ok(())
}

/// A comparison.
fn compare<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, cc: FloatCC) {
    let (a, b) = t.pop2();
    t.fcmp(cc, a, b);
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Pushes the 0 or 1 of type `i32` that Wasm has for the outcome of a comparison of floats.
    pub(super) fn fcmp(&mut self, cc: FloatCC, a: Value, b: Value) {
        let flag = self.builder.ins().fcmp(cc, a, b);
        let flag = self.builder.ins().uextend(I32, flag);
        self.push(flag);
    }

    /// The comparison of floats whose outcome a value is. Its opposite is a comparison too, which
    /// the optimiser knows of integers only.
    pub(super) fn float_comparison(&self, value: Value) -> Option<(FloatCC, Value, Value)> {
        let dfg = &self.builder.func.dfg;
        let InstructionData::Unary { opcode: Opcode::Uextend, arg } =
            dfg.insts[dfg.value_def(value).inst()?]
        else {
            return None;
        };
        match dfg.insts[dfg.value_def(arg).inst()?] {
            InstructionData::FloatCompare { opcode: Opcode::Fcmp, args: [a, b], cond } => {
                let is_scalar = dfg.value_type(a).is_float();
                is_scalar.then_some((cond, a, b))
            }
            _ => None,
        }
    }
}
