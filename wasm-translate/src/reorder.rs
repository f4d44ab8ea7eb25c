//! Brings the pure instructions of each block back into the order of the source, between the
//! optimiser and the back end.
//!
//! The optimiser takes all pure instructions out of the layout and puts each back right before its
//! first use, while loads, stores and all else with an effect stay where they are. In
//! `*p = (a[0] + a[1]) + (a[2] + a[3])` all additions so end up before the store, and the four
//! loads before them are live at the same time; with some more of them they spill. The order that
//! the program was written in rarely needs that many registers, and every instruction knows its
//! place in the source.
//!
//! So this is list scheduling within each block: of the instructions whose operands are there, the
//! one that stands first in the source comes next. What has an effect, or may trap, or reads what
//! may be written, keeps its order with everything of its kind. Nothing leaves its block. What the
//! optimiser made up has no place in the source: constants, and what has one operand, wait for
//! their first use; what has more comes as soon as they are there, since it replaces several live
//! values by one. What stood in front of the block was brought down by the optimiser to where it is
//! used, and waits for its first use as well: all of it at the start of the block would be live at
//! the same time.
//!
//! The order is computed as a key for each instruction, no smaller than those of its operands, by
//! which the block is sorted; a block is nearly sorted to begin with, which the sort makes use of.

use std::sync::LazyLock;

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode, ValueDef};

/// The place of an instruction that comes after all others.
const LAST: u32 = u32::MAX;

/// The pass, with what it keeps allocated from one function to the next.
#[derive(Default)]
pub(crate) struct Reorder {
    /// By instruction. Only those of the block at hand mean anything.
    places: Vec<Position>,
    /// For each block its place in the source: that of the first instruction that has one.
    starts: SecondaryMap<Block, u32>,
    /// The instructions of the block at hand.
    order: Vec<Inst>,
    /// For each of them, those of the block whose results it takes, one after the other.
    operands: Vec<Inst>,
}

/// Where an instruction goes.
#[derive(Clone, Copy, Default)]
struct Position {
    /// What the block is sorted by: an offset into the source.
    key: u32,
    /// The smallest key of those in the block that use it.
    first_use: u32,
    /// Where its operands start in the list of all.
    operands_start: u32,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// It has its place, by its operands and by the source.
    #[default]
    Placed,
    /// It waits for its first use.
    Late,
    /// As that, and it has no operands: it is live from there and no sooner.
    Constant,
}

impl Reorder {
    /// Notes where the blocks of a function stand in the source. To be called before the optimiser,
    /// which takes instructions out of their blocks.
    pub(crate) fn note_blocks(&mut self, func: &Function) {
        self.starts.clear();
        for block in func.layout.blocks() {
            let mut places = func.layout.block_insts(block).map(|inst| func.srcloc(inst));
            let first = places.find(|place| !place.is_default());
            self.starts[block] = first.map_or(0, |place| place.bits());
        }
    }

    /// Reorders the instructions of a function. No control flow and no value changes.
    pub(crate) fn run(&mut self, func: &mut Function) {
        self.places.clear();
        self.places.resize(func.dfg.num_insts(), Position::default());
        let mut next = func.layout.entry_block();
        while let Some(block) = next {
            self.run_block(func, block);
            next = func.layout.next_block(block);
        }
    }

    fn run_block(&mut self, func: &mut Function, block: Block) {
        self.order.clear();
        self.order.extend(func.layout.block_insts(block));
        // A terminator with one instruction before it has nothing to reorder.
        if self.order.len() < 3 {
            return;
        }
        self.place_by_source(func, block);
        self.place_by_use();
        let places = &self.places;
        if self.order.is_sorted_by_key(|inst| places[inst.as_u32() as usize].key) {
            return;
        }
        // The sort is stable: what has the same key keeps its order, in which operands come first.
        self.order.sort_by_key(|inst| places[inst.as_u32() as usize].key);
        self.lay_out(func, block);
    }

    /// Puts the instructions of a block into the order that was found.
    ///
    /// Those from the first on that stands elsewhere are taken out and put back at the end, one
    /// after the other. To insert each before another would be fewer steps, but where many come
    /// before the same one, the layout numbers the rest of the block anew every few times.
    fn lay_out(&self, func: &mut Function, block: Block) {
        let mut here = func.layout.first_inst(block);
        let mut kept = 0;
        while let Some(inst) = here.filter(|inst| *inst == self.order[kept]) {
            here = func.layout.next_inst(inst);
            kept += 1;
        }
        let moved = &self.order[kept..];
        moved.iter().for_each(|inst| func.layout.remove_inst(*inst));
        moved.iter().for_each(|inst| func.layout.append_inst(*inst, block));
    }

    /// From operands to users: the earliest place of each instruction.
    fn place_by_source(&mut self, func: &Function, block: Block) {
        let terminator = func.layout.last_inst(block);
        let start = self.starts[block];
        let mut effects = 0;
        self.operands.clear();
        for &inst in &self.order {
            let operands_start = self.operands.len() as u32;
            let mut operands = 0;
            let mut varying = 0;
            let args = func.dfg.inst_args(inst);
            for &value in args {
                match func.dfg.value_def(value) {
                    ValueDef::Result(def, _) if func.layout.inst_block(def) == Some(block) => {
                        let place = self.places[def.as_u32() as usize];
                        operands = operands.max(place.key);
                        varying += u32::from(place.kind != Kind::Constant);
                        self.operands.push(def);
                    }
                    _ => varying += 1,
                }
            }
            let location = func.srcloc(inst);
            let source = (!location.is_default()).then(|| location.bits());
            let (key, kind) = if Some(inst) == terminator {
                (LAST, Kind::Placed)
            } else if !is_pure(func, inst) {
                effects = effects.max(operands).max(source.unwrap_or(0));
                (effects, Kind::Placed)
            } else if args.is_empty() {
                (0, Kind::Constant)
            } else if source.is_some_and(|source| source < start) {
                (operands, Kind::Late)
            } else if let Some(source) = source {
                (operands.max(source), Kind::Placed)
            } else if varying > 1 && operands > 0 {
                (operands, Kind::Placed)
            } else {
                (operands, Kind::Late)
            };
            let place = Position { key, first_use: LAST, operands_start, kind };
            self.places[inst.as_u32() as usize] = place;
        }
    }

    /// From users to operands: what waits for its first use goes there.
    fn place_by_use(&mut self) {
        let mut end = self.operands.len();
        for &inst in self.order.iter().rev() {
            let place = &mut self.places[inst.as_u32() as usize];
            if place.kind != Kind::Placed {
                place.key = place.first_use;
            }
            let (key, start) = (place.key, place.operands_start as usize);
            for operand in &self.operands[start..end] {
                let place = &mut self.places[operand.as_u32() as usize];
                place.first_use = place.first_use.min(key);
            }
            end = start;
        }
    }
}

/// Whether an instruction does nothing but compute its results from its operands, so that it can be
/// anywhere between those and its users.
pub(crate) fn is_pure(func: &Function, inst: Inst) -> bool {
    let data = &func.dfg.insts[inst];
    if let InstructionData::Load { flags, .. } = *data {
        let flags = func.dfg.mem_flags[flags];
        return flags.readonly() && flags.notrap() && flags.can_move();
    }
    WITHOUT_EFFECT[data.opcode() as usize] && !func.dfg.inst_results(inst).is_empty()
}

/// By opcode, whether instructions do nothing but compute results from operands: found out once,
/// since it takes seven questions and each instruction of a function is asked.
static WITHOUT_EFFECT: LazyLock<[bool; 256]> = LazyLock::new(|| {
    let mut table = [false; 256];
    for opcode in Opcode::all() {
        table[*opcode as usize] = !(opcode.is_terminator()
            || opcode.is_branch()
            || opcode.is_call()
            || opcode.can_trap()
            || opcode.can_load()
            || opcode.can_store()
            || opcode.other_side_effects());
    }
    table
});
