//! Conversions between numbers (Wasm 3.0, section 4.3.4).

use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Opcode, Type};
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
    match op {
        O::I32WrapI64 => convert(t, Opcode::Ireduce, I32),
        O::I64ExtendI32S => convert(t, Opcode::Sextend, I64),
        O::I64ExtendI32U => convert(t, Opcode::Uextend, I64),
        O::F32DemoteF64 => convert(t, Opcode::Fdemote, F32),
        O::F64PromoteF32 => convert(t, Opcode::Fpromote, F64),

        // These trap where the number does not fit, in both languages.
        O::I32TruncF32S | O::I32TruncF64S => convert(t, Opcode::FcvtToSint, I32),
        O::I32TruncF32U | O::I32TruncF64U => convert(t, Opcode::FcvtToUint, I32),
        O::I64TruncF32S | O::I64TruncF64S => convert(t, Opcode::FcvtToSint, I64),
        O::I64TruncF32U | O::I64TruncF64U => convert(t, Opcode::FcvtToUint, I64),
        O::I32TruncSatF32S | O::I32TruncSatF64S => convert(t, Opcode::FcvtToSintSat, I32),
        O::I32TruncSatF32U | O::I32TruncSatF64U => convert(t, Opcode::FcvtToUintSat, I32),
        O::I64TruncSatF32S | O::I64TruncSatF64S => convert(t, Opcode::FcvtToSintSat, I64),
        O::I64TruncSatF32U | O::I64TruncSatF64U => convert(t, Opcode::FcvtToUintSat, I64),

        O::F32ConvertI32S | O::F32ConvertI64S => convert(t, Opcode::FcvtFromSint, F32),
        O::F32ConvertI32U | O::F32ConvertI64U => convert(t, Opcode::FcvtFromUint, F32),
        O::F64ConvertI32S | O::F64ConvertI64S => convert(t, Opcode::FcvtFromSint, F64),
        O::F64ConvertI32U | O::F64ConvertI64U => convert(t, Opcode::FcvtFromUint, F64),

        O::I32ReinterpretF32 => reinterpret(t, I32),
        O::I64ReinterpretF64 => reinterpret(t, I64),
        O::F32ReinterpretI32 => reinterpret(t, F32),
        O::F64ReinterpretI64 => reinterpret(t, F64),
        _ => return Ok(false),
    }
    Ok(true)
}

/// A conversion that is one instruction.
fn convert<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    opcode: Opcode,
    ty: Type,
) {
    let value = t.pop();
    let (inst, dfg) = t.builder.ins().Unary(opcode, ty, value);
    let result = dfg.first_result(inst);
    t.push(result);
}

/// The same bits as a number of another type.
fn reinterpret<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, ty: Type) {
    let value = t.pop();
    let result = t.builder.ins().bitcast(ty, MemFlagsData::new(), value);
    t.push(result);
}
