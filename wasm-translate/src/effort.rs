//! How much work the register allocator has with a function, beyond what grows with its size alone.
//!
//! It takes time for each place at which a value is alive and, for each parameter of a block, for
//! all that is passed to parameters. Both are far smaller in what compilers make than they can be:
//! a function of 200 KB can keep 100,000 values alive at once.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Function, Inst, Opcode, Value, ValueDef};

/// What a value that is alive at one more instruction takes, in steps as long as those that each
/// argument of a block takes for each parameter. Both were measured.
const STEPS_ALIVE: u64 = 40;

/// The work in steps, of which a processor does about a thousand million in a second. Not less than
/// it is, but for a factor that is the machine's; often more.
pub(crate) fn steps(func: &Function) -> u64 {
    let places = Places::of(func);
    let alive = places.alive(func);
    let passed = places.params.saturating_mul(places.arguments);
    alive.saturating_mul(STEPS_ALIVE).saturating_add(passed)
}

/// What [`steps`] can't be more than; cheap to compute.
pub(crate) fn most_steps(func: &Function) -> u64 {
    let values = func.dfg.num_values() as u64;
    let alive = values.saturating_mul(func.dfg.num_insts() as u64).saturating_mul(STEPS_ALIVE);
    // Each list of arguments is in the pool, as is each of parameters.
    alive.saturating_add(values.saturating_mul(func.dfg.value_lists.capacity() as u64))
}

/// What [`steps`] can't be more than, of the code that there is: the optimiser leaves about a third
/// of what there ever was. Takes a fraction of the time of [`steps`].
pub(crate) fn most_steps_left(func: &Function) -> u64 {
    let (mut places, mut values) = (0u64, 0u64);
    for block in func.layout.blocks() {
        places += 1;
        values += func.dfg.block_params(block).len() as u64;
        for inst in func.layout.block_insts(block) {
            places += 1;
            values += func.dfg.inst_results(inst).len() as u64;
        }
    }
    let alive = values.saturating_mul(places).saturating_mul(STEPS_ALIVE);
    alive.saturating_add(values.saturating_mul(func.dfg.value_lists.capacity() as u64))
}

/// Where everything stands: instructions are numbered in their order.
struct Places {
    starts: SecondaryMap<Block, u32>,
    defined: SecondaryMap<Value, u32>,
    /// For each block that a branch goes back to, the last instruction from which.
    repeated_to: SecondaryMap<Block, Option<u32>>,
    /// The parameters of all blocks.
    params: u64,
    /// All that is passed to them.
    arguments: u64,
}

impl Places {
    fn of(func: &Function) -> Self {
        let mut places = Self {
            starts: SecondaryMap::new(),
            defined: SecondaryMap::new(),
            repeated_to: SecondaryMap::new(),
            params: 0,
            arguments: 0,
        };
        let mut at = 0;
        for block in func.layout.blocks() {
            // A parameter is there before the first instruction.
            places.starts[block] = at;
            for param in func.dfg.block_params(block) {
                places.defined[*param] = at;
                places.params += 1;
            }
            for inst in func.layout.block_insts(block) {
                at += 1;
                for result in func.dfg.inst_results(inst) {
                    places.defined[*result] = at;
                }
                places.note_branches(func, inst, at);
            }
            at += 1;
        }
        places
    }

    fn note_branches(&mut self, func: &Function, inst: Inst, at: u32) {
        let dfg = &func.dfg;
        for call in dfg.insts[inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            self.arguments += call.len(&dfg.value_lists) as u64;
            let target = call.block(&dfg.value_lists);
            // Blocks that come later have no place yet. That of the first one is no target.
            if self.starts[target] != 0 {
                self.repeated_to[target] = Some(at);
            }
        }
    }

    /// At how many instructions values are alive, for all values together.
    fn alive(&self, func: &Function) -> u64 {
        let mut ranges: SecondaryMap<Value, (u32, u32)> = SecondaryMap::with_default((u32::MAX, 0));
        // Those that the instruction is in, from the outermost, with their first and last
        // instruction.
        let mut loops: Vec<(u32, u32)> = Vec::new();
        for block in func.layout.blocks() {
            let mut at = self.starts[block];
            while loops.last().is_some_and(|(_, end)| *end < at) {
                loops.pop();
            }
            loops.extend(self.repeated_to[block].map(|end| (at, end)));
            for inst in func.layout.block_insts(block) {
                at += 1;
                for value in func.dfg.inst_values(inst) {
                    let value = func.dfg.resolve_aliases(value);
                    if is_constant(func, value) {
                        continue;
                    }
                    let defined = self.defined[value];
                    // What a loop uses that is from before it, is alive to the end of the loop.
                    let outermost = loops.partition_point(|(start, _)| *start <= defined);
                    let end = loops.get(outermost).map_or(at, |(_, end)| at.max(*end));
                    let range = &mut ranges[value];
                    *range = (range.0.min(defined).min(at), range.1.max(defined).max(end));
                }
            }
        }
        ranges.values().map(|(start, end)| u64::from(end.saturating_sub(*start))).sum()
    }
}

/// Whether a value is made anew wherever it is used.
fn is_constant(func: &Function, value: Value) -> bool {
    match func.dfg.value_def(value) {
        ValueDef::Result(inst, _) => matches!(
            func.dfg.insts[inst].opcode(),
            Opcode::Iconst | Opcode::F32const | Opcode::F64const | Opcode::Vconst
        ),
        _ => false,
    }
}
