//! Loads whose results are extended.

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Function, Inst, InstBuilder as _, InstructionData, Opcode, Value, types,
};

use super::{Replaced, extended, for_each_value};

/// Makes loads 64 bits wide whose results are extended.
pub(super) fn run(func: &mut Function, extensions: &[Inst], replaced: &mut Replaced) {
    // What a load that is wide already gives, by what it gave before.
    let mut wide: SecondaryMap<Value, Option<Value>> = SecondaryMap::new();
    let mut any = false;
    for &inst in extensions {
        let Some(narrow) = extended(func, inst) else { continue };
        let value = match wide[narrow] {
            Some(value) => value,
            None => match load(func, narrow) {
                Some(load) => widen(func, load),
                None => continue,
            },
        };
        if !any {
            any = true;
            wide = for_each_value(func);
        }
        wide[narrow] = Some(value);
        replaced.replace(func, inst, value);
    }
}

/// The load that gives a value.
fn load(func: &Function, value: Value) -> Option<Inst> {
    let inst = func.dfg.value_def(value).inst()?;
    matches!(func.dfg.insts[inst], InstructionData::Load { opcode: Opcode::Load, .. })
        .then_some(inst)
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
