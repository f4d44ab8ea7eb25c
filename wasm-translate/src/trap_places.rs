//! Gives each trap the place of the operator that raises it, also where the code generator makes
//! one instruction of two operators.
//!
//! A trap is reported at the place in the source of the machine instruction that it happened in,
//! and fuel is put right by it. The code generator gives a machine instruction the place of the
//! CLIF instruction that it is lowered from, and that is another one wherever it makes one out of
//! two:
//!
//! * A branch to a block that only traps becomes a conditional trap in place of the branch. So
//!   before the optimiser such branches get the place of the trap ([`locate_branches`]); a branch
//!   itself never traps.
//! * A load is folded into what uses it, if nothing with an effect stands between the two. Other
//!   loads may: one that is itself folded into something further down is gone from there. What
//!   computes or branches, and does not trap, gets the place of the load. What traps by itself has
//!   two reasons to trap and one place, so that it is kept from folding if it is of another
//!   operator: an instruction without code comes before it that counts as an effect.
//! * A store of what was computed from a load of the same bytes becomes one instruction with it. It
//!   is the load that traps then, and gives the store its place ([`TrapPlaces::locate_loads`] does
//!   both).
//!
//! What is merged with an instruction before it that does the same does not trap any more, and what
//! nothing changes keeps its place.

use std::ops::Range;

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder as _, InstructionData, Opcode, SourceLoc,
};

use crate::reorder::is_pure;

/// Gives branches to blocks that trap the place of the trap. To be called before the optimiser.
pub(crate) fn locate_branches(func: &mut Function) {
    let mut traps: SecondaryMap<Block, Option<SourceLoc>> = SecondaryMap::new();
    traps.resize(func.dfg.num_blocks());
    let mut any = false;
    for block in func.layout.blocks() {
        traps[block] = trap_of(func, block);
        any |= traps[block].is_some();
    }
    if !any {
        return;
    }
    let mut cursor = FuncCursor::new(func);
    while let Some(block) = cursor.next_block() {
        let Some(branch) = cursor.func.layout.last_inst(block) else { continue };
        let InstructionData::Brif { blocks, .. } = cursor.func.dfg.insts[branch] else { continue };
        let [then, otherwise] = blocks.map(|call| call.block(&cursor.func.dfg.value_lists));
        match (traps[then], traps[otherwise]) {
            (None, None) => continue,
            (Some(place), None) | (None, Some(place)) => cursor.func.set_srcloc(branch, place),
            (Some(place), Some(other)) => {
                cursor.func.set_srcloc(branch, place);
                if place != other {
                    // One branch can't be in two places: the second block is no longer one that
                    // only traps.
                    FuncCursor::new(cursor.func)
                        .at_first_insertion_point(otherwise)
                        .ins()
                        .sequence_point();
                    traps[otherwise] = None;
                }
            }
        }
    }
}

/// The place of the trap that a block ends in, if the optimiser may leave no more of the block than
/// that.
fn trap_of(func: &Function, block: Block) -> Option<SourceLoc> {
    let last = func.layout.last_inst(block)?;
    let stays = |inst: Inst| {
        let opcode = func.dfg.insts[inst].opcode();
        opcode.is_call() || opcode == Opcode::SequencePoint
    };
    let traps = func.dfg.insts[last].opcode() == Opcode::Trap;
    (traps && !func.layout.block_insts(block).any(stays)).then(|| func.srcloc(last))
}

/// Gives places to what loads may be folded into, with what it keeps allocated from one function to
/// the next.
#[derive(Default)]
pub(crate) struct TrapPlaces {
    /// By instruction, the load that it is or that may be folded into it: its place in the list,
    /// counted from one, and 0 for none.
    loads: Vec<u32>,
    /// All loads of the function.
    list: Vec<Inst>,
}

impl TrapPlaces {
    /// Has to be called last, right before the back end.
    pub(crate) fn locate_loads(&mut self, func: &mut Function) {
        self.loads.clear();
        self.loads.resize(func.dfg.num_insts(), 0);
        self.list.clear();
        let mut cursor = FuncCursor::new(func);
        while cursor.next_block().is_some() {
            // The loads since the last instruction with another effect. Each may be folded if those
            // after it are.
            let mut run = self.list.len()..self.list.len();
            while let Some(inst) = cursor.next_inst() {
                let opcode = cursor.func.dfg.insts[inst].opcode();
                if opcode.is_branch() && !opcode.is_call() || is_pure(cursor.func, inst) {
                    self.locate_user(cursor.func, inst, run.clone());
                    continue;
                }
                // Into what has an effect only the last load can be folded: no later one is gone
                // from before it.
                let last = run.end.saturating_sub(1).max(run.start)..run.end;
                if opcode.can_trap()
                    && let Some(load) = self.load_of(cursor.func, inst, last)
                    && can_trap(cursor.func, load)
                    && cursor.func.srcloc(load) != cursor.func.srcloc(inst)
                {
                    cursor.ins().sequence_point();
                    run.start = run.end;
                }
                if opcode.can_store() {
                    self.locate_store(cursor.func, inst);
                }
                if opcode.can_load() && !opcode.can_store() && !opcode.is_call() {
                    self.list.push(inst);
                    run.end = self.list.len();
                    self.loads[inst.as_u32() as usize] = run.end as u32;
                } else {
                    run = self.list.len()..self.list.len();
                }
            }
        }
    }

    /// Gives what has no effect the place of the load of a run that may be folded into it. If one
    /// of two traps it is that one, for it is traps that have to be in the right place.
    fn locate_user(&mut self, func: &mut Function, inst: Inst, run: Range<usize>) {
        if run.is_empty() {
            return;
        }
        let last = run.end.saturating_sub(1).max(run.start)..run.end;
        let found = self.load_of(func, inst, run).filter(|load| can_trap(func, *load));
        let found = found.or_else(|| self.load_of(func, inst, last));
        let Some(load) = found else { return };
        self.loads[inst.as_u32() as usize] = self.loads[load.as_u32() as usize];
        let place = func.srcloc(load);
        func.set_srcloc(inst, place);
    }

    /// The last load of a run that an instruction uses, or that may be folded into what it uses;
    /// one that can trap before one that can't.
    fn load_of(&self, func: &Function, inst: Inst, run: Range<usize>) -> Option<Inst> {
        let defs =
            func.dfg.inst_args(inst).iter().filter_map(|arg| func.dfg.value_def(*arg).inst());
        let numbers = defs.map(|def| self.loads[def.as_u32() as usize] as usize);
        let loads = numbers.filter(|number| (run.start + 1..=run.end).contains(number));
        let loads = loads.map(|number| (can_trap(func, self.list[number - 1]), number));
        loads.max().map(|(_, number)| self.list[number - 1])
    }

    /// Gives a store of what was computed from a load of the same bytes, or of more, the load's
    /// place: if they become one instruction, it is the load that traps, and if not, the store does
    /// not trap either.
    fn locate_store(&self, func: &mut Function, inst: Inst) {
        let InstructionData::Store { flags, args: [value, address], offset, .. } =
            func.dfg.insts[inst]
        else {
            return;
        };
        if func.dfg.mem_flags[flags].trap_code().is_none() {
            return;
        }
        let Some(computed) = func.dfg.value_def(value).inst() else { return };
        let number = self.loads[computed.as_u32() as usize] as usize;
        let Some(load) = number.checked_sub(1).map(|place| self.list[place]) else { return };
        if load != computed
            && let InstructionData::Load { arg, offset: load_offset, .. } = func.dfg.insts[load]
            && arg == address
            && load_offset == offset
            && bytes_accessed(func, load) >= bytes_accessed(func, inst)
        {
            let place = func.srcloc(load);
            func.set_srcloc(inst, place);
        }
    }
}

/// Whether a load traps out of bounds.
fn can_trap(func: &Function, load: Inst) -> bool {
    let flags = func.dfg.insts[load].memflags_data(&func.dfg);
    flags.is_none_or(|flags| flags.trap_code().is_some())
}

/// How many bytes a load or a store accesses; 0 for loads that widen vectors, which are never those
/// of what is stored.
fn bytes_accessed(func: &Function, inst: Inst) -> u32 {
    let data = &func.dfg.insts[inst];
    match data.opcode() {
        Opcode::Uload8 | Opcode::Sload8 | Opcode::Istore8 => 1,
        Opcode::Uload16 | Opcode::Sload16 | Opcode::Istore16 => 2,
        Opcode::Uload32 | Opcode::Sload32 | Opcode::Istore32 => 4,
        Opcode::Store => func.dfg.value_type(func.dfg.inst_args(inst)[0]).bytes(),
        Opcode::Load => func.dfg.value_type(func.dfg.first_result(inst)).bytes(),
        _ => 0,
    }
}
