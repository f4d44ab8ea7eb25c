//! How much code an operator makes, about: in instructions of the machine.

use wasm_types::wasmparser::Operator;

/// What an operator does, as far as it matters for putting it into another function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing of that.
    Plain,
    /// It calls something of the module or of others.
    Call,
    /// It has to stand in a function of its own: it leaves that for another one that it finds out
    /// about, or for another stack.
    Bound,
}

/// The weight of a call, without its arguments.
const CALL: u32 = 4;

/// The weight of a call with so many arguments: what is saved where it is replaced.
pub(super) fn of_call(arguments: usize) -> u32 {
    CALL + arguments.min(8) as u32
}

/// The weight of an operator, and what it does.
pub(super) fn weight(operator: &Operator<'_>) -> (u32, Kind) {
    use Operator as O;
    match operator {
        O::Nop
        | O::Drop
        | O::Block { .. }
        | O::Loop { .. }
        | O::Else
        | O::End
        | O::LocalGet { .. }
        | O::LocalSet { .. }
        | O::LocalTee { .. }
        | O::I32Const { .. }
        | O::I64Const { .. }
        | O::F32Const { .. }
        | O::F64Const { .. }
        | O::I32WrapI64
        | O::I64ExtendI32U
        | O::RefNull { .. }
        | O::RefAsNonNull => (0, Kind::Plain),
        O::Call { .. } | O::ReturnCall { .. } => (CALL + 1, Kind::Call),
        O::CallIndirect { .. } | O::CallRef { .. } => (2 * CALL, Kind::Call),
        O::ReturnCallIndirect { .. }
        | O::ReturnCallRef { .. }
        | O::Resume { .. }
        | O::ResumeThrow { .. }
        | O::ResumeThrowRef { .. }
        | O::Suspend { .. }
        | O::Switch { .. } => (2 * CALL, Kind::Bound),
        O::BrTable { targets } => (3 + targets.len() / 2, Kind::Plain),
        O::I32DivS
        | O::I32RemS
        | O::I64DivS
        | O::I64RemS
        | O::I32TruncF32S
        | O::I32TruncF32U
        | O::I32TruncF64S
        | O::I32TruncF64U
        | O::I64TruncF32S
        | O::I64TruncF32U
        | O::I64TruncF64S
        | O::I64TruncF64U => (4, Kind::Plain),
        O::MemoryGrow { .. }
        | O::MemoryCopy { .. }
        | O::MemoryFill { .. }
        | O::MemoryInit { .. }
        | O::TableGet { .. }
        | O::TableSet { .. }
        | O::TableGrow { .. }
        | O::TableFill { .. }
        | O::TableCopy { .. }
        | O::TableInit { .. }
        | O::RefFunc { .. }
        | O::Throw { .. }
        | O::ThrowRef
        | O::Rethrow { .. }
        | O::StructNew { .. }
        | O::StructNewDefault { .. }
        | O::ArrayNew { .. }
        | O::ArrayNewDefault { .. }
        | O::ArrayNewFixed { .. }
        | O::ArrayNewData { .. }
        | O::ArrayNewElem { .. }
        | O::ArrayCopy { .. }
        | O::ArrayFill { .. }
        | O::ArrayInitData { .. }
        | O::ArrayInitElem { .. }
        | O::ContNew { .. }
        | O::ContBind { .. } => (2 * CALL, Kind::Plain),
        O::StructSet { .. }
        | O::ArrayGet { .. }
        | O::ArrayGetS { .. }
        | O::ArrayGetU { .. }
        | O::ArraySet { .. }
        | O::RefTestNonNull { .. }
        | O::RefTestNullable { .. }
        | O::RefCastNonNull { .. }
        | O::RefCastNullable { .. }
        | O::BrOnCast { .. }
        | O::BrOnCastFail { .. } => (4, Kind::Plain),
        _ => (1, Kind::Plain),
    }
}
