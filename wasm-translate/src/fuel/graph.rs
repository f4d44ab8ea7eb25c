//! The pieces that fuel is taken in: blocks, divided where others see what is left, with how often
//! each is run.

use std::ops::Range;

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode};
use cranelift_codegen::loop_analysis::LoopAnalysis;
use wasm_types::TrapCode;

use super::placement::{self, GROUND, Passage, Point};
use super::{ENTRY_COST, Event, EventKind, Plan, TrapLeads};
use crate::trap::clif_trap_code;

/// How much cheaper it is to take fuel where the code checks it anyway.
const CHECKED: f32 = 0.6;
/// How often cold code runs, for each time that it could.
const COLD: f32 = 0.001;
/// How often a loop is left, for each time that it goes on.
const LEAVE: f32 = 0.1;
/// How often a loop goes round each time that it is entered.
const ROUNDS: f32 = 10.0;

/// A part of a block, up to where others see what is left.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) block: Block,
    /// Its events: places in the list of all. One that says that others see what is left is the
    /// last.
    pub(super) events: Range<usize>,
    passage: Passage,
    /// How much is taken.
    pub(super) taken: i64,
}

/// An edge that gets a block of its own if something is taken on it.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: Block,
    /// Which of the branch's destinations it is.
    pub(super) number: usize,
    passage: Passage,
    pub(super) taken: i64,
}

/// A function as far as its fuel is concerned.
pub(super) struct Graph<'e> {
    pub(super) events: &'e [Event],
    /// For each event the instruction that it comes before.
    pub(super) anchors: Vec<Inst>,
    pub(super) plan: Plan,
    /// In the order of blocks, then of places in the block.
    pub(super) pieces: Vec<Piece>,
    pub(super) edges: Vec<Edge>,
    /// Reachable blocks, each after those that dominate it.
    pub(super) order: Vec<Block>,
    pub(super) flow: ControlFlowGraph,
    loops: LoopAnalysis,
    leads: placement::LeadSets,
}

impl<'e> Graph<'e> {
    pub(super) fn new(func: &Function, events: &'e [Event], plan: Plan) -> Self {
        let flow = ControlFlowGraph::with_function(func);
        let tree = DominatorTree::with_function(func, &flow);
        let mut loops = LoopAnalysis::new();
        loops.compute(func, &flow, &tree);
        let order: Vec<Block> = tree.cfg_rpo().copied().collect();
        let read = entry_read(func, events);
        let anchors = events.iter().map(|event| anchor(func, event, read)).collect();
        let mut graph = Graph {
            events,
            anchors,
            plan,
            pieces: Vec::new(),
            edges: Vec::new(),
            order,
            flow,
            loops,
            leads: placement::LeadSets::new(),
        };
        graph.divide(func, &tree);
        graph
    }

    /// Divides all blocks, and ties their ends to each other.
    fn divide(&mut self, func: &Function, tree: &DominatorTree) {
        let frequencies = self.frequencies(func, tree);
        let mut blocks: Vec<Block> = self.order.clone();
        blocks.sort_by_key(|block| block.as_u32());
        // The points at the start and at the end of each block.
        let mut ends: SecondaryMap<Block, (Point, Point)> = SecondaryMap::new();
        let mut next = 0;
        for block in blocks {
            while self.events.get(next).is_some_and(|event| event.block.as_u32() < block.as_u32()) {
                next += 1;
            }
            let start = next;
            while self.events.get(next).is_some_and(|event| event.block == block) {
                next += 1;
            }
            ends[block] = self.divide_block(func, block, start..next, frequencies[block]);
        }
        for place in 0..self.order.len() {
            let block = self.order[place];
            let Some(branch) = func.layout.last_inst(block) else { continue };
            let is_table = func.dfg.insts[branch].opcode() == Opcode::BrTable;
            // What others see is exact up to where control goes on, and what comes with control
            // comes nowhere else.
            let is_call = calls_last(func, block);
            let successors = self.flow.succ_iter(block).count();
            let tables = (&func.dfg.jump_tables, &func.dfg.exception_tables);
            let calls = func.dfg.insts[branch].branch_destination(tables.0, tables.1);
            for (number, call) in calls.iter().enumerate() {
                let target = call.block(&func.dfg.value_lists);
                if !tree.is_reachable(target) {
                    continue;
                }
                let (from, to) = (ends[block].1, ends[target].0);
                let is_critical = successors > 1 && self.flow.pred_iter(target).nth(1).is_some();
                let leaves = self.loops.loop_level(block) > self.loops.loop_level(target);
                if is_critical && leaves && !is_table && !is_call && !self.plan.each_operator {
                    let price = frequencies[block] * LEAVE;
                    let passage = Passage { enter: from, leave: to, weight: 0, price };
                    self.edges.push(Edge { from: block, number, passage, taken: 0 });
                } else {
                    self.leads.tie(from, to, 0);
                }
            }
        }
    }

    /// Divides a block; the points at its start and at its end.
    fn divide_block(
        &mut self,
        func: &Function,
        block: Block,
        events: Range<usize>,
        frequency: f32,
    ) -> (Point, Point) {
        let each = self.plan.each_operator;
        let start = if each { GROUND } else { self.leads.point() };
        let mut first = start;
        let (mut begin, mut enter, mut weight, mut price) = (events.start, start, 0, frequency);
        for place in events.clone() {
            let ends_here = match self.events[place].kind {
                EventKind::Used(cost) => {
                    weight += cost;
                    each
                }
                EventKind::Exact { checked } => {
                    price *= if checked { CHECKED } else { 1.0 };
                    true
                }
                EventKind::Entry | EventKind::InlinedEntry | EventKind::LoopHead => {
                    if place > begin {
                        // Something was called before.
                        self.add_piece(block, begin..place, enter, GROUND, weight, price);
                        (begin, weight) = (place, 0);
                    } else if enter == start {
                        first = GROUND;
                    }
                    enter = GROUND;
                    price = frequency * CHECKED;
                    if self.events[place].kind != EventKind::LoopHead {
                        weight += ENTRY_COST;
                    }
                    each
                }
            };
            if ends_here {
                self.add_piece(block, begin..place + 1, enter, GROUND, weight, price);
                (begin, enter, weight, price) = (place + 1, GROUND, 0, frequency);
            }
        }
        let returns = func.layout.last_inst(block).is_none_or(|inst| {
            let opcode = func.dfg.insts[inst].opcode();
            opcode.is_return()
        });
        let returns = returns || calls_last(func, block);
        let leave = if returns || each { GROUND } else { self.leads.point() };
        self.add_piece(block, begin..events.end, enter, leave, weight, price);
        (first, leave)
    }

    fn add_piece(
        &mut self,
        block: Block,
        events: Range<usize>,
        enter: Point,
        leave: Point,
        weight: i64,
        price: f32,
    ) {
        let passage = Passage { enter, leave, weight, price };
        self.pieces.push(Piece { block, events, passage, taken: 0 });
    }

    /// How often each block is run, for each call of the function.
    fn frequencies(&self, func: &Function, tree: &DominatorTree) -> SecondaryMap<Block, f32> {
        let mut frequencies: SecondaryMap<Block, f32> = SecondaryMap::new();
        if let Some(entry) = self.order.first() {
            frequencies[*entry] = 1.0;
        }
        for &block in &self.order {
            if self.loops.is_loop_header(block).is_some() {
                frequencies[block] *= ROUNDS;
            }
            let share = |target: Block| {
                let leaves = self.loops.loop_level(block) > self.loops.loop_level(target);
                match (is_cold(func, target), leaves) {
                    (true, _) => COLD,
                    (false, true) => LEAVE,
                    (false, false) => 1.0,
                }
            };
            let all: f32 = self.flow.succ_iter(block).map(share).sum();
            for target in self.flow.succ_iter(block) {
                // All loops of Wasm have one entry, so that what leads back to it is dominated by
                // it.
                if !tree.block_dominates(target, block) {
                    frequencies[target] += frequencies[block] * share(target) / all;
                }
            }
        }
        frequencies
    }

    /// Decides how much is taken where.
    pub(super) fn place(&mut self) {
        let passages = self.pieces.iter().map(|piece| piece.passage);
        let passages: Vec<Passage> =
            passages.chain(self.edges.iter().map(|edge| edge.passage)).collect();
        self.leads.choose(&passages);
        for piece in &mut self.pieces {
            piece.taken = self.leads.taken(&piece.passage);
        }
        for edge in &mut self.edges {
            edge.taken = self.leads.taken(&edge.passage);
        }
    }

    /// Whether a block is the head of a loop.
    pub(super) fn is_loop_head(&self, block: Block) -> bool {
        self.loops.is_loop_header(block).is_some()
    }

    /// Whether a piece takes fuel at its end, where the code checks how much is left.
    pub(super) fn takes_at_end(&self, piece: &Piece) -> bool {
        let last = self.events[piece.events.clone()].last();
        last.is_some_and(|event| event.kind == EventKind::Exact { checked: true })
    }

    /// How much fuel was taken ahead of its use where operators trap.
    pub(super) fn leads_of_operators(&mut self) -> TrapLeads {
        let mut leads = TrapLeads::new();
        for piece in &self.pieces {
            let taken = if self.takes_at_end(piece) { 0 } else { piece.taken };
            let mut lead = self.leads.lead(piece.passage.enter) + taken;
            for event in &self.events[piece.events.clone()] {
                let here = match event.kind {
                    EventKind::Used(cost) => {
                        lead -= cost;
                        lead
                    }
                    EventKind::Entry | EventKind::InlinedEntry => {
                        lead -= ENTRY_COST;
                        continue;
                    }
                    // Nothing of a loop itself traps but what is done at its head, and nothing of a
                    // call that is looked at but that.
                    EventKind::LoopHead | EventKind::Exact { checked: true } => 0,
                    EventKind::Exact { checked: false } => continue,
                };
                // With all but the highest costs, what a function can use fits.
                let here = here.clamp(i32::MIN.into(), i32::MAX.into());
                leads.insert(event.place.bits(), here as i32);
            }
        }
        leads.retain(|_, lead| *lead != 0);
        leads
    }
}

/// Whether a block ends in a call, which goes on elsewhere if an exception is thrown.
pub(super) fn calls_last(func: &Function, block: Block) -> bool {
    let last = func.layout.last_inst(block);
    last.is_some_and(|inst| {
        matches!(func.dfg.insts[inst].opcode(), Opcode::TryCall | Opcode::TryCallIndirect)
    })
}

/// Whether a block is hardly ever run: it is marked as cold, or ends in a trap.
fn is_cold(func: &Function, block: Block) -> bool {
    let last = func.layout.last_inst(block);
    func.layout.is_cold(block)
        || last.is_some_and(|inst| func.dfg.insts[inst].opcode() == Opcode::Trap)
}

/// What interrupts the function at its entry: it was put before all else, after the events were
/// noted.
fn entry_read(func: &Function, events: &[Event]) -> Option<Inst> {
    let entry = events.iter().find(|event| event.kind == EventKind::Entry)?;
    func.layout
        .block_insts(func.layout.entry_block()?)
        .rfind(|inst| func.srcloc(*inst) == entry.place && is_interruption(func, *inst))
}

/// The instruction that an event comes before; `read` is what interrupts the function at its entry.
fn anchor(func: &Function, event: &Event, read: Option<Inst>) -> Inst {
    let is_entry = func.layout.entry_block() == Some(event.block);
    let after = event.after.expand().or(read.filter(|_| is_entry));
    let next = match after {
        Some(inst) => func.layout.next_inst(inst),
        None => func.layout.first_inst(event.block),
    };
    next.expect("a block ends with an instruction that nothing comes after")
}

fn is_interruption(func: &Function, inst: Inst) -> bool {
    let code = clif_trap_code(TrapCode::Interrupt);
    match func.dfg.insts[inst] {
        InstructionData::Load { flags, .. } | InstructionData::LoadNoOffset { flags, .. } => {
            func.dfg.mem_flags[flags].trap_code() == Some(code)
        }
        _ => false,
    }
}
