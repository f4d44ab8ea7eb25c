//! Code that finds too little fuel calls the store instead of trapping: what the store has put
//! aside is added to what is left, and the code goes on, once others had their turn.
//!
//! The checks are made as traps, wherever they come from. Here each becomes a branch to a cold
//! block that calls the builtin, and comes back when enough is left. The code reads what is left
//! anew after each check ([`emit`](super::emit)), so nothing else changes.

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Function, Inst, InstBuilder as _, InstructionData, MemFlagsData, Opcode, Signature, Value,
    ValueDef, types,
};
use wasm_types::TrapCode;
use wasm_types::abi::{Builtin, context};

use super::Access;
use crate::trap::clif_trap_code;

/// Has a function call the store where it would trap for want of fuel. `vmctx` is the instance
/// context, and the signature that of the builtin.
pub(super) fn ask_for_more(func: &mut Function, vmctx: Value, signature: Signature) {
    let checks: Vec<Inst> = (func.layout.blocks())
        .flat_map(|block| func.layout.block_insts(block))
        .filter(|inst| is_check(func, *inst))
        .collect();
    if checks.is_empty() {
        return;
    }
    let signature = func.import_signature(signature);
    let access = Access::new(func);
    for check in checks {
        let place = func.srcloc(check);
        let too_little = func.dfg.inst_args(check)[0];
        let limit = limit_of(func, too_little);
        let (before, more, enough) = (
            func.layout.inst_block(check).expect("it was found in a block"),
            func.dfg.make_block(),
            func.dfg.make_block(),
        );
        func.layout.split_block(enough, check);
        func.layout.append_block(more);
        func.layout.set_cold(more);
        if func.layout.is_cold(before) {
            func.layout.set_cold(enough);
        }
        func.layout.remove_inst(check);
        let mut cursor = FuncCursor::new(func).at_bottom(before);
        cursor.set_srcloc(place);
        cursor.ins().brif(too_little, more, &[], enough, &[]);
        // Nothing here can move out of the cold block.
        let flags = MemFlagsData::trusted();
        cursor.goto_bottom(more);
        let builtins = cursor.ins().load(types::I64, flags, vmctx, context::BUILTINS as i32);
        let offset = Builtin::OutOfFuel.offset() as i32;
        let code = cursor.ins().load(types::I64, flags, builtins, offset);
        cursor.ins().call_indirect(signature, code, &[vmctx]);
        let pointer = cursor.ins().load(types::I64, access.pointer, vmctx, context::FUEL as i32);
        let left = cursor.ins().load(types::I64, access.fuel, pointer, 0);
        let too_little = cursor.ins().icmp_imm_s(IntCC::SignedLessThan, left, limit);
        cursor.ins().brif(too_little, more, &[], enough, &[]);
    }
}

fn is_check(func: &Function, inst: Inst) -> bool {
    matches!(
        func.dfg.insts[inst],
        InstructionData::CondTrap { opcode: Opcode::Trapnz, code, .. }
            if code == clif_trap_code(TrapCode::OutOfFuel)
    )
}

/// The least that must be left, of a check of whether it is too little.
fn limit_of(func: &Function, too_little: Value) -> i64 {
    let ValueDef::Result(inst, 0) = func.dfg.value_def(too_little) else {
        unreachable!("checks compare right before they trap")
    };
    let limit = func.dfg.inst_args(inst)[1];
    crate::constant::constant(func, limit).expect("they compare with a constant")
}
