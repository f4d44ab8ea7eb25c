//! Integers that are known when the code is made.

use cranelift_codegen::ir::{Function, InstructionData, Opcode, Value, ValueDef};

/// The value of an integer constant.
pub(crate) fn constant(func: &Function, value: Value) -> Option<i64> {
    let ValueDef::Result(inst, _) = func.dfg.value_def(value) else { return None };
    match func.dfg.insts[inst] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
        _ => None,
    }
}
