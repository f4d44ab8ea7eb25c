//! The instructions that take fuel.
//!
//! What is left is a number in the store, to which the instance context has a pointer. Between two
//! places where others may see or change it, it is in a register, too: it is read there once, and
//! written wherever something is taken, since any access to memory may trap. So nothing waits for
//! what was written to come back from memory but after a call.

use std::collections::HashSet;

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AliasRegionData, Block, BlockArg, Function, Inst, InstBuilder as _, MemFlagsData, SourceLoc,
    Value, types,
};
use wasm_types::TrapCode;
use wasm_types::abi::context;

use super::graph::{Graph, Piece, calls_last};
use super::{ENTRY_COST, Event, EventKind, Plan};
use crate::trap::clif_trap_code;

/// Numbers of the regions of memory that nothing else is in: what is left, and the pointer to it.
const REGIONS: [(u32, &str); 2] = [(1000, "fuel"), (1001, "fuel pointer")];

/// Flags of accesses to what is left, and to the pointer to it.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    pub(crate) fuel: MemFlagsData,
    pub(crate) pointer: MemFlagsData,
}

impl Access {
    pub(crate) fn new(func: &mut Function) -> Self {
        let [fuel, pointer] = REGIONS.map(|(user_id, description)| {
            let data = AliasRegionData { user_id, description: description.into() };
            MemFlagsData::trusted().with_alias_region(Some(func.dfg.alias_regions.insert(data)))
        });
        Self { fuel, pointer }
    }
}

/// In functions with more blocks than this that come after several others, only heads of loops get
/// what is left handed on. The time for giving registers to parameters of blocks grows with the
/// square of their number. Elsewhere it is read anew, which is one more load.
const MANY_JOINS: usize = 1000;

/// Makes the instructions.
pub(super) fn emit(func: &mut Function, graph: &Graph<'_>, plan: Plan) {
    let mut pieces: SecondaryMap<Block, Vec<&Piece>> = SecondaryMap::new();
    for piece in &graph.pieces {
        pieces[piece.block].push(piece);
    }
    let access = Access::new(func);
    let mut emitter = Emitter { func, graph, pieces, plan, access, blocks: SecondaryMap::new() };
    emitter.find_needs();
    emitter.add_params();
    for &block in &graph.order {
        emitter.block(block);
    }
    emitter.edges();
}

/// What is known of a block.
#[derive(Clone, Copy, Default)]
struct Known {
    /// Whether what is left at its start is used in it, or after it before it is read anew.
    needs: bool,
    /// The parameter that is what is left at its start, if it has one.
    param: Option<Value>,
    /// What is left at its end, if that is in a register.
    at_end: Option<Value>,
}

struct Emitter<'f, 'g> {
    func: &'f mut Function,
    graph: &'g Graph<'g>,
    pieces: SecondaryMap<Block, Vec<&'g Piece>>,
    plan: Plan,
    access: Access,
    blocks: SecondaryMap<Block, Known>,
}

/// What becomes of a number in a register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    /// It is used.
    Use,
    /// Somebody else may have changed what is left.
    Forget,
}

impl Emitter<'_, '_> {
    /// Whether what is left has to be read anew in a block: it comes after calls, and only those.
    fn comes_after_calls(&self, block: Block) -> bool {
        let before = self.graph.flow.pred_iter(block).next();
        before.is_some_and(|edge| calls_last(self.func, edge.block))
    }

    /// Finds out in which blocks what is left is used that was read, or computed, before them.
    fn find_needs(&mut self) {
        let graph = self.graph;
        let is_join =
            |block: &Block| graph.flow.pred_iter(*block).count() > 1 && !graph.is_loop_head(*block);
        let has_many = graph.order.iter().filter(|block| is_join(block)).count() > MANY_JOINS;
        let reads_anew = |block: Block| has_many && is_join(&block);
        // Blocks whose needs are to be passed to those before them.
        let mut changed = Vec::new();
        // Blocks that hand on what they get.
        let mut passes: SecondaryMap<Block, bool> = SecondaryMap::new();
        for &block in &graph.order {
            let first = self.pieces[block].iter().find_map(|piece| self.first_action(piece));
            passes[block] = first.is_none();
            if first == Some(Action::Use) && !reads_anew(block) && !self.comes_after_calls(block) {
                self.blocks[block].needs = true;
                changed.push(block);
            }
        }
        while let Some(block) = changed.pop() {
            for before in graph.flow.pred_iter(block).map(|edge| edge.block) {
                if passes[before]
                    && !self.blocks[before].needs
                    && !reads_anew(before)
                    && !self.comes_after_calls(before)
                {
                    self.blocks[before].needs = true;
                    changed.push(before);
                }
            }
        }
    }

    fn first_action(&self, piece: &Piece) -> Option<Action> {
        if self.forgets_first(piece) {
            return Some(Action::Forget);
        }
        let (before, after) = self.checks(piece);
        if piece.taken != 0 || before.is_some() || after.is_some() {
            return Some(Action::Use);
        }
        self.leaves(piece).then_some(Action::Forget)
    }

    /// Whether somebody else may have changed what is left right before a piece.
    fn forgets_first(&self, piece: &Piece) -> bool {
        let first = self.graph.events[piece.events.clone()].first();
        self.plan.interrupted && first.is_some_and(|event| event.kind == EventKind::LoopHead)
    }

    /// Whether control leaves the code at the end of a piece.
    fn leaves(&self, piece: &Piece) -> bool {
        let last = self.graph.events[piece.events.clone()].last();
        last.is_some_and(|event| matches!(event.kind, EventKind::Exact { .. }))
    }

    /// The checks before and after a piece takes fuel: the least that must be left.
    fn checks(&self, piece: &Piece) -> (Option<Check>, Option<Check>) {
        let events = &self.graph.events[piece.events.clone()];
        let check =
            |limit, event: Option<&Event>| event.map(|event| Check { limit, place: event.place });
        let first = events.first();
        let before = match first.map(|event| event.kind) {
            Some(EventKind::Entry) if self.plan.checks_entry => check(ENTRY_COST, first),
            Some(EventKind::InlinedEntry) => check(ENTRY_COST, first),
            Some(EventKind::LoopHead) => check(0, first),
            _ => None,
        };
        let after = self.graph.takes_at_end(piece).then(|| check(0, events.last()));
        (before, after.flatten())
    }

    /// Gives parameters to the blocks that need what is left and come after several others.
    fn add_params(&mut self) {
        for &block in &self.graph.order {
            if self.blocks[block].needs && self.graph.flow.pred_iter(block).count() > 1 {
                let param = self.func.dfg.append_block_param(block, types::I64);
                self.blocks[block].param = Some(param);
            }
        }
    }

    /// Takes fuel in the pieces of a block.
    fn block(&mut self, block: Block) {
        let graph = self.graph;
        let mut here = self.blocks[block].param;
        if here.is_none() && self.blocks[block].needs {
            let before = graph.flow.pred_iter(block).next();
            here = before.and_then(|before| self.blocks[before.block].at_end);
        }
        for piece in std::mem::take(&mut self.pieces[block]) {
            self.piece(block, piece, &mut here);
        }
        let Some(end) = self.func.layout.last_inst(block) else { return };
        if here.is_none() && graph.flow.succ_iter(block).any(|next| self.blocks[next].needs) {
            let mut cursor = FuncCursor::new(self.func).at_inst(end);
            let pointer = read_pointer(&mut cursor, self.plan.context, self.access.pointer);
            here = Some(cursor.ins().load(types::I64, self.access.fuel, pointer, 0));
        }
        self.blocks[block].at_end = here;
    }

    /// Takes the fuel of a piece; `here` is what is left, where that is in a register.
    fn piece(&mut self, block: Block, piece: &Piece, here: &mut Option<Value>) {
        let graph = self.graph;
        if self.forgets_first(piece) {
            *here = None;
        }
        let start = graph.anchors[piece.events.clone()].first().copied();
        let end = self.func.layout.last_inst(block);
        let (before, after) = self.checks(piece);
        let mut take =
            |place: Option<Inst>, taken: i64, before: Option<Check>, after: Option<Check>| {
                if let Some(place) = place
                    && (taken != 0 || before.is_some() || after.is_some())
                {
                    let left = self.take(place, taken, (before, after), *here);
                    let is_known = !self.plan.yields || before.or(after).is_none();
                    *here = is_known.then_some(left);
                }
            };
        if graph.takes_at_end(piece) {
            take(start, 0, before, None);
            take(Some(graph.anchors[piece.events.end - 1]), piece.taken, None, after);
        } else {
            take(start.or(end), piece.taken, before, after);
        }
        if self.leaves(piece) {
            *here = None;
        }
    }

    /// Takes fuel before an instruction, and looks before and afterwards whether there is enough.
    /// `here` is what is left, where that is in a register; what is left then is returned.
    fn take(
        &mut self,
        place: Inst,
        taken: i64,
        (before, after): (Option<Check>, Option<Check>),
        here: Option<Value>,
    ) -> Value {
        let Access { fuel, pointer } = self.access;
        let mut cursor = FuncCursor::new(self.func).at_inst(place);
        let left = match here {
            Some(left) => left,
            None => {
                let pointer = read_pointer(&mut cursor, self.plan.context, pointer);
                cursor.ins().load(types::I64, fuel, pointer, 0)
            }
        };
        check(&mut cursor, left, before);
        if taken == 0 {
            check(&mut cursor, left, after);
            return left;
        }
        // There may be more by now.
        let left = match before {
            Some(_) if self.plan.yields => {
                let pointer = read_pointer(&mut cursor, self.plan.context, pointer);
                cursor.ins().load(types::I64, fuel, pointer, 0)
            }
            _ => left,
        };
        let left = cursor.ins().iadd_imm_s(left, -taken);
        // Any access to memory may trap, so what is left is written at once.
        let pointer = read_pointer(&mut cursor, self.plan.context, pointer);
        cursor.ins().store(fuel, left, pointer, 0);
        check(&mut cursor, left, after);
        left
    }

    /// Takes fuel on edges, and hands what is left to blocks that want it.
    fn edges(&mut self) {
        let graph = self.graph;
        let mut edges = graph.edges.iter().peekable();
        // Code that is never reached hands on something, too.
        let reached: HashSet<Block> = graph.order.iter().copied().collect();
        let others: Vec<Block> =
            self.func.layout.blocks().filter(|block| !reached.contains(block)).collect();
        for &block in graph.order.iter().chain(&others) {
            let Some(branch) = self.func.layout.last_inst(block) else { continue };
            let dfg = &self.func.dfg;
            let destinations =
                dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
            for number in 0..destinations.len() {
                let edge = edges.next_if(|edge| edge.from == block && edge.number == number);
                self.edge(block, branch, number, edge.map_or(0, |edge| edge.taken));
            }
        }
        debug_assert!(edges.next().is_none(), "edges are in the order of blocks");
    }

    fn edge(&mut self, from: Block, branch: Inst, number: usize, taken: i64) {
        let dfg = &self.func.dfg;
        let calls = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
        let call = calls[number];
        let target = call.block(&dfg.value_lists);
        let mut args: Vec<BlockArg> = call.args(&dfg.value_lists).collect();
        let wants = self.blocks[target].param.is_some();
        if taken == 0 && !wants {
            return;
        }
        let left = self.blocks[from].at_end;
        if taken == 0 {
            let left = left.unwrap_or_else(|| {
                FuncCursor::new(self.func).at_inst(branch).ins().iconst(types::I64, 0)
            });
            args.push(BlockArg::Value(left));
            return self.redirect(branch, number, target, &args);
        }
        let between = self.func.dfg.make_block();
        self.func.layout.insert_block_after(between, from);
        // The jump is there first, for the rest to come before it.
        let mut cursor = FuncCursor::new(self.func).at_bottom(between);
        let jump = cursor.ins().jump(target, &[]);
        let left = self.take(jump, taken, (None, None), left);
        if wants {
            args.push(BlockArg::Value(left));
        }
        self.redirect(jump, 0, target, &args);
        self.redirect(branch, number, between, &[]);
    }

    fn redirect(&mut self, branch: Inst, number: usize, to: Block, args: &[BlockArg]) {
        let dfg = &mut self.func.dfg;
        let call = dfg.block_call(to, args);
        dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables)
            [number] = call;
    }
}

fn read_pointer(cursor: &mut FuncCursor<'_>, context: Value, flags: MemFlagsData) -> Value {
    cursor.ins().load(types::I64, flags, context, context::FUEL as i32)
}

/// A check of what is left.
#[derive(Clone, Copy)]
struct Check {
    /// Less than this is too little.
    limit: i64,
    /// Where the check stands in the binary.
    place: SourceLoc,
}

/// Traps if too little is left.
fn check(cursor: &mut FuncCursor<'_>, left: Value, check: Option<Check>) {
    let Some(Check { limit, place }) = check else { return };
    let code = clif_trap_code(TrapCode::OutOfFuel);
    cursor.set_srcloc(place);
    let too_little = cursor.ins().icmp_imm_s(IntCC::SignedLessThan, left, limit);
    cursor.ins().trapnz(too_little, code);
    cursor.set_srcloc(SourceLoc::default());
}
