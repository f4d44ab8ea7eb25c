//! Loads and stores of numbers, `memory.size` and `memory.grow` (Wasm 3.0, section 4.6.7).

use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder as _, Opcode, Type};
use wasm_types::MemoryIndex;
use wasm_types::wasmparser::{MemArg, Operator};

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
        O::I32Load { memarg } => load(t, memarg, Opcode::Load, I32, 4)?,
        O::I64Load { memarg } => load(t, memarg, Opcode::Load, I64, 8)?,
        O::F32Load { memarg } => load(t, memarg, Opcode::Load, F32, 4)?,
        O::F64Load { memarg } => load(t, memarg, Opcode::Load, F64, 8)?,
        O::I32Load8S { memarg } => load(t, memarg, Opcode::Sload8, I32, 1)?,
        O::I32Load8U { memarg } => load(t, memarg, Opcode::Uload8, I32, 1)?,
        O::I32Load16S { memarg } => load(t, memarg, Opcode::Sload16, I32, 2)?,
        O::I32Load16U { memarg } => load(t, memarg, Opcode::Uload16, I32, 2)?,
        O::I64Load8S { memarg } => load(t, memarg, Opcode::Sload8, I64, 1)?,
        O::I64Load8U { memarg } => load(t, memarg, Opcode::Uload8, I64, 1)?,
        O::I64Load16S { memarg } => load(t, memarg, Opcode::Sload16, I64, 2)?,
        O::I64Load16U { memarg } => load(t, memarg, Opcode::Uload16, I64, 2)?,
        O::I64Load32S { memarg } => load(t, memarg, Opcode::Sload32, I64, 4)?,
        O::I64Load32U { memarg } => load(t, memarg, Opcode::Uload32, I64, 4)?,

        O::I32Store { memarg } | O::F32Store { memarg } => store(t, memarg, Opcode::Store, 4)?,
        O::I64Store { memarg } | O::F64Store { memarg } => store(t, memarg, Opcode::Store, 8)?,
        O::I32Store8 { memarg } | O::I64Store8 { memarg } => store(t, memarg, Opcode::Istore8, 1)?,
        O::I32Store16 { memarg } | O::I64Store16 { memarg } => {
            store(t, memarg, Opcode::Istore16, 2)?;
        }
        O::I64Store32 { memarg } => store(t, memarg, Opcode::Istore32, 4)?,

        O::MemorySize { mem } => {
            let pages = t.env.memory_size(&mut t.builder, MemoryIndex::new(*mem))?;
            t.push(pages);
        }
        O::MemoryGrow { mem } => {
            let delta = t.pop();
            t.env.before_units(&mut t.builder, op, delta)?;
            let pages = t.env.memory_grow(&mut t.builder, MemoryIndex::new(*mem), delta)?;
            t.push(pages);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A load by the given instruction, which extends what it reads to the type.
fn load<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    opcode: Opcode,
    ty: Type,
    size: u8,
) -> Result<(), Error> {
    let (flags, address, offset) = t.heap_addr(memarg, size)?;
    let flags = t.builder.func.dfg.mem_flags.insert_unchecked(flags);
    let (inst, dfg) = t.builder.ins().Load(opcode, ty, flags, Offset32::new(offset), address);
    let value = dfg.first_result(inst);
    t.push(value);
    Ok(())
}

/// A store by the given instruction, which takes the low bits of the value.
fn store<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    opcode: Opcode,
    size: u8,
) -> Result<(), Error> {
    let value = t.pop();
    let ty = t.ty(value);
    let (flags, address, offset) = t.heap_addr(memarg, size)?;
    let flags = t.builder.func.dfg.mem_flags.insert_unchecked(flags);
    t.builder.ins().Store(opcode, ty, flags, Offset32::new(offset), value, address);
    Ok(())
}
