//! Values of 32 bits that addresses are made of, extended to 64 bits where that takes no
//! instruction.
//!
//! An index into a memory of 32 bits, and a reference to an object, is extended and added to where
//! the memory or the heap starts. Machines extend what they load or compute at no cost, but the
//! code generator knows that of arithmetic only, and only where it sees the operator: what comes
//! from a load, or around a loop, takes an instruction of its own each time. So after the optimiser
//! such values become 64 bits wide where they come from ([`loads`], [`params`]), and those that
//! want 32 bits of them take the lower half, for which there is no instruction.

mod loads;
mod params;

use cranelift_codegen::Context;
use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode, Value, types};
use cranelift_codegen::isa::TargetIsa;
use target_lexicon::Architecture;

/// Widens what addresses of a function are made of. The analyses of the function are those that the
/// optimiser made.
pub(crate) fn run(context: &mut Context, isa: &dyn TargetIsa) {
    let func = &mut context.func;
    let mut extensions: Vec<Inst> = Vec::new();
    for block in func.layout.blocks() {
        let mut next = func.layout.first_inst(block);
        while let Some(inst) = next {
            if extended(func, inst).is_some() {
                extensions.push(inst);
            }
            next = func.layout.next_inst(inst);
        }
    }
    if extensions.is_empty() {
        return;
    }
    let mut replaced = Replaced::default();
    loads::run(func, &extensions, &mut replaced);
    // Other machines extend as they add.
    if isa.triple().architecture == Architecture::X86_64 {
        let (cfg, loops) = (&context.cfg, &context.loop_analysis);
        params::run(func, cfg, loops, &extensions, &mut replaced);
    }
    replaced.finish(func);
}

/// What an instruction extends from 32 to 64 bits with zeros.
fn extended(func: &Function, inst: Inst) -> Option<Value> {
    let InstructionData::Unary { opcode: Opcode::Uextend, arg } = func.dfg.insts[inst] else {
        return None;
    };
    let result = func.dfg.first_result(inst);
    let is_extended =
        func.dfg.value_type(arg) == types::I32 && func.dfg.value_type(result) == types::I64;
    is_extended.then(|| func.dfg.resolve_aliases(arg))
}

/// A map with a place for each value that the function has, so that it does not grow with each that
/// is entered.
fn for_each_value<T: Clone + Default>(func: &Function) -> SecondaryMap<Value, T> {
    let mut map = SecondaryMap::new();
    map.resize(func.dfg.num_values());
    map
}

/// Extensions that are no longer needed, and what is used in their place.
#[derive(Default)]
struct Replaced {
    by: SecondaryMap<Value, Option<Value>>,
    any: bool,
}

impl Replaced {
    /// Takes an instruction that extends something out of the function.
    fn replace(&mut self, func: &mut Function, extension: Inst, by: Value) {
        if !self.any {
            self.any = true;
            self.by = for_each_value(func);
        }
        self.by[func.dfg.first_result(extension)] = Some(by);
        func.layout.remove_inst(extension);
    }

    /// Gives all instructions what they now use.
    fn finish(self, func: &mut Function) {
        if !self.any {
            return;
        }
        let mut cursor = FuncCursor::new(func);
        while cursor.next_block().is_some() {
            while let Some(inst) = cursor.next_inst() {
                let dfg = &mut cursor.func.dfg;
                dfg.map_inst_values(inst, |value| self.by[value].unwrap_or(value));
            }
        }
    }
}
