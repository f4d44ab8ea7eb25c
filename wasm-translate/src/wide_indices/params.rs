//! Parameters of loops that are extended within them.
//!
//! Such a parameter can be 64 bits wide if what it gets from one turn to the next is wide at no
//! cost: the result of arithmetic, whose upper half the machine clears, a constant, what was loaded
//! wide, or another parameter of which the same is true. What it gets before the first turn is
//! extended there.

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{
    Block, BlockArg, BlockCall, Function, Inst, InstBuilder as _, InstructionData, Opcode, Value,
    ValueDef, types,
};
use cranelift_codegen::loop_analysis::{Loop, LoopAnalysis};

use super::{Replaced, extended, for_each_value};

/// How many parameters of a function are looked at: the work for each can touch all the others.
const MOST_PARAMS: usize = 256;

/// Makes parameters of loops 64 bits wide.
pub(super) fn run(
    func: &mut Function,
    cfg: &ControlFlowGraph,
    loops: &LoopAnalysis,
    extensions: &[Inst],
    replaced: &mut Replaced,
) {
    let mut params = Params::default();
    for &inst in extensions {
        let Some(value) = extended(func, inst) else { continue };
        let Some((block, _)) = param(func, value) else { continue };
        let within = |of: &Loop| {
            func.layout.inst_block(inst).is_some_and(|block| loops.is_in_loop(block, *of))
        };
        if let Some(around) = loops.is_loop_header(block).filter(within) {
            params.add(func, value, block, Some(around));
        }
    }
    params.follow(func, cfg, loops);
    params.refuse();
    params.keep_what_is_needed();
    if !params.list.iter().any(|param| param.is_taken) {
        return;
    }
    params.widen(func, cfg);
    for &inst in extensions {
        // What was a load is gone already.
        if func.layout.inst_block(inst).is_none() {
            continue;
        }
        let wide = extended(func, inst).and_then(|narrow| params.wide[narrow]);
        if let Some(wide) = wide {
            replaced.replace(func, inst, wide);
        }
    }
}

/// The block that a value is a parameter of, and which.
fn param(func: &Function, value: Value) -> Option<(Block, usize)> {
    match func.dfg.value_def(value) {
        ValueDef::Param(block, place) => Some((block, place)),
        _ => None,
    }
}

/// A parameter that may become wide.
struct Param {
    value: Value,
    block: Block,
    /// The loop that it is a parameter of, if it was found by its extension; otherwise another
    /// parameter gets its value from it.
    of: Option<Loop>,
    /// The parameters that it gets values from, by their places in the list.
    from: Vec<usize>,
    is_taken: bool,
}

/// All such parameters of a function.
#[derive(Default)]
struct Params {
    list: Vec<Param>,
    /// By value, one more than the place in the list.
    places: SecondaryMap<Value, usize>,
    /// What takes the place of those that became wide.
    wide: SecondaryMap<Value, Option<Value>>,
}

impl Params {
    /// Adds a parameter that is not there yet, and says where it stands; `None` if there are too
    /// many.
    fn add(
        &mut self,
        func: &Function,
        value: Value,
        block: Block,
        of: Option<Loop>,
    ) -> Option<usize> {
        if let Some(place) = self.places[value].checked_sub(1) {
            return Some(place);
        }
        if self.list.len() == MOST_PARAMS {
            return None;
        }
        if self.list.is_empty() {
            self.places = for_each_value(func);
        }
        self.list.push(Param { value, block, of, from: Vec::new(), is_taken: true });
        self.places[value] = self.list.len();
        Some(self.list.len() - 1)
    }

    /// Finds out what the parameters get. Where that is not wide at no cost, they are not taken.
    fn follow(&mut self, func: &Function, cfg: &ControlFlowGraph, loops: &LoopAnalysis) {
        let mut next = 0;
        while let Some(&Param { value, block, of, .. }) = self.list.get(next) {
            for pred in cfg.pred_iter(block) {
                let is_turn = of.is_none_or(|of| loops.is_in_loop(pred.block, of));
                for arg in arguments(func, pred.inst, block, value) {
                    let BlockArg::Value(arg) = arg else {
                        self.list[next].is_taken = false;
                        continue;
                    };
                    let arg = func.dfg.resolve_aliases(arg);
                    if arg == value || !is_turn || is_wide(func, arg) {
                        continue;
                    }
                    let from = param(func, arg)
                        // The parameters of the function come from its caller as they are.
                        .filter(|(block, _)| cfg.pred_iter(*block).next().is_some())
                        .and_then(|(block, _)| self.add(func, arg, block, None));
                    match from {
                        Some(from) => self.list[next].from.push(from),
                        None => self.list[next].is_taken = false,
                    }
                }
            }
            next += 1;
        }
    }

    /// Takes none of those that get values from others which are not taken.
    fn refuse(&mut self) {
        loop {
            let refused = |param: &Param| {
                param.is_taken && param.from.iter().any(|from| !self.list[*from].is_taken)
            };
            let Some(place) = self.list.iter().position(refused) else { return };
            self.list[place].is_taken = false;
        }
    }

    /// Of those that were not found by their extensions, takes only those that others need.
    fn keep_what_is_needed(&mut self) {
        let mut pending: Vec<usize> = (0..self.list.len())
            .filter(|place| self.list[*place].is_taken && self.list[*place].of.is_some())
            .collect();
        let mut is_needed = vec![false; self.list.len()];
        while let Some(place) = pending.pop() {
            if !std::mem::replace(&mut is_needed[place], true) {
                pending.extend(&self.list[place].from);
            }
        }
        for (param, is_needed) in self.list.iter_mut().zip(is_needed) {
            param.is_taken &= is_needed;
        }
    }

    /// Makes those that are taken wide.
    fn widen(&mut self, func: &mut Function, cfg: &ControlFlowGraph) {
        let taken = || self.list.iter().filter(|param| param.is_taken);
        // The places of the parameters are known while they are parameters.
        let places: Vec<(Block, Value, usize)> = taken()
            .filter_map(|taken| Some((taken.block, taken.value, param(func, taken.value)?.1)))
            .collect();
        self.wide = for_each_value(func);
        for &(block, value, _) in &places {
            let wide = func.dfg.replace_block_param(value, types::I64);
            self.wide[value] = Some(wide);
            let mut cursor = FuncCursor::new(func).at_first_insertion_point(block);
            cursor.ins().with_result(value).ireduce(types::I32, wide);
        }
        for (block, _, place) in places {
            for pred in cfg.pred_iter(block) {
                self.widen_arguments(func, pred.inst, block, place);
            }
        }
    }

    /// Makes what a branch passes for a parameter wide.
    fn widen_arguments(&self, func: &mut Function, branch: Inst, block: Block, place: usize) {
        let count = destinations(func, branch).len();
        for destination in 0..count {
            let call = destinations(func, branch)[destination];
            if call.block(&func.dfg.value_lists) != block {
                continue;
            }
            let arg = call.args(&func.dfg.value_lists).nth(place);
            let Some(BlockArg::Value(arg)) = arg else {
                unreachable!("parameters that get anything else are not taken");
            };
            let arg = func.dfg.resolve_aliases(arg);
            let wide = self.wide[arg].or_else(|| halved(func, arg)).unwrap_or_else(|| {
                let constant = constant(func, arg);
                let mut cursor = FuncCursor::new(func).at_inst(branch);
                cursor.set_srcloc(cursor.func.srcloc(branch));
                match constant {
                    Some(constant) => cursor.ins().iconst(types::I64, constant),
                    None => cursor.ins().uextend(types::I64, arg),
                }
            });
            let dfg = &mut func.dfg;
            let calls = dfg.insts[branch]
                .branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
            let mut at = 0;
            calls[destination].update_args(&mut dfg.value_lists, |arg| {
                at += 1;
                if at == place + 1 { BlockArg::Value(wide) } else { arg }
            });
        }
    }
}

/// Where a branch goes.
fn destinations(func: &Function, branch: Inst) -> &[BlockCall] {
    let dfg = &func.dfg;
    dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables)
}

/// What a branch passes to a block for a parameter.
fn arguments(
    func: &Function,
    branch: Inst,
    block: Block,
    value: Value,
) -> impl Iterator<Item = BlockArg> {
    let lists = &func.dfg.value_lists;
    let place = func.dfg.block_params(block).iter().position(|param| *param == value);
    destinations(func, branch)
        .iter()
        .filter(move |call| call.block(lists) == block)
        .filter_map(move |call| call.args(lists).nth(place?))
}

/// Whether to extend a value takes no instruction: the code generator knows that the machine clears
/// the upper half of what these compute.
fn is_wide(func: &Function, value: Value) -> bool {
    let Some(inst) = func.dfg.value_def(value).inst() else { return false };
    match func.dfg.insts[inst].opcode() {
        Opcode::Iadd
        | Opcode::Isub
        | Opcode::Imul
        | Opcode::Band
        | Opcode::Bor
        | Opcode::Bxor
        | Opcode::Ishl
        | Opcode::Ushr
        | Opcode::Iconst => true,
        Opcode::Ireduce => halved(func, value).is_some(),
        _ => false,
    }
}

/// A constant, extended.
fn constant(func: &Function, value: Value) -> Option<i64> {
    match func.dfg.insts[func.dfg.value_def(value).inst()?] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
            Some(i64::from(imm.bits() as u32))
        }
        _ => None,
    }
}

/// The value of 64 bits, of which the upper half is zero, that a value is the lower half of.
fn halved(func: &Function, value: Value) -> Option<Value> {
    let whole = |inst: Inst| match func.dfg.insts[inst] {
        InstructionData::Unary { opcode: Opcode::Ireduce, arg } => Some(arg),
        _ => None,
    };
    let arg = func.dfg.value_def(value).inst().and_then(whole)?;
    let load = func.dfg.value_def(arg).inst()?;
    let is_clear = func.dfg.insts[load].opcode() == Opcode::Uload32;
    (is_clear && func.dfg.value_type(value) == types::I32).then_some(arg)
}
