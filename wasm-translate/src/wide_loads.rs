//! Loads of references, extended to the 64 bits of addresses as they are loaded.
//!
//! A reference is 32 bits, and the address of an object the start of the heap and the reference
//! extended to 64 bits. Machines load 32 bits that way at no cost, but the code generator takes a
//! second instruction for it, on the way from each object to the next. So after the optimiser a
//! load whose result is extended becomes one of 64 bits, of which those that want 32 take the
//! lower half, for which there is no instruction.

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Function, Inst, InstBuilder as _, InstructionData, Opcode, Value, types,
};

/// Widens the loads of a function.
pub(crate) fn run(func: &mut Function) {
    let mut extensions: Vec<Inst> = Vec::new();
    for block in func.layout.blocks() {
        let insts = func.layout.block_insts(block);
        extensions.extend(insts.filter(|inst| extended_load(func, *inst).is_some()));
    }
    if extensions.is_empty() {
        return;
    }
    // For what is extended, and for what comes of it, the result of the load that is wide.
    let mut wide: SecondaryMap<Value, Option<Value>> = SecondaryMap::new();
    let mut replaced: SecondaryMap<Value, Option<Value>> = SecondaryMap::new();
    for inst in extensions {
        let narrow = func.dfg.resolve_aliases(func.dfg.inst_args(inst)[0]);
        let value = match wide[narrow] {
            Some(value) => value,
            None => {
                let Some(load) = extended_load(func, inst) else { continue };
                widen(func, load)
            }
        };
        wide[narrow] = Some(value);
        replaced[func.dfg.first_result(inst)] = Some(value);
        func.layout.remove_inst(inst);
    }
    let mut cursor = FuncCursor::new(func);
    while cursor.next_block().is_some() {
        while let Some(inst) = cursor.next_inst() {
            let dfg = &mut cursor.func.dfg;
            dfg.map_inst_values(inst, |value| replaced[value].unwrap_or(value));
        }
    }
}

/// The load whose result an instruction extends to 64 bits.
fn extended_load(func: &Function, inst: Inst) -> Option<Inst> {
    let InstructionData::Unary { opcode: Opcode::Uextend, arg } = func.dfg.insts[inst] else {
        return None;
    };
    let load = func.dfg.value_def(arg).inst()?;
    let is_load =
        matches!(func.dfg.insts[load], InstructionData::Load { opcode: Opcode::Load, .. });
    let is_extended = func.dfg.value_type(arg) == types::I32
        && func.dfg.value_type(func.dfg.first_result(inst)) == types::I64;
    (is_load && is_extended).then_some(load)
}

/// Makes a load one of 64 bits, which is returned; its result becomes the lower half.
fn widen(func: &mut Function, load: Inst) -> Value {
    let InstructionData::Load { flags, arg, offset, .. } = func.dfg.insts[load] else {
        unreachable!("only loads are widened");
    };
    let flags = func.dfg.mem_flags[flags];
    let narrow = func.dfg.first_result(load);
    func.dfg.clear_results(load);
    let mut cursor = FuncCursor::new(func).at_inst(load);
    cursor.set_srcloc(cursor.func.srcloc(load));
    let wide = cursor.ins().uload32(flags, arg, offset);
    cursor.ins().with_result(narrow).ireduce(types::I32, wide);
    func.layout.remove_inst(load);
    wide
}
