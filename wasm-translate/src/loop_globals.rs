//! Which globals loops keep in registers, found by reading the body of a function once more.
//!
//! A global is in memory, and stays there: what is written to it is stored at once, for traps and
//! calls see it. But nothing else writes to it in a loop that calls nothing. So such a loop reads
//! each global that it changes once, before it begins, and knows from then on what is in it. What
//! one turn writes and the next one reads does not go by way of the memory: in a compiler's
//! output that has its variables in globals, as AssemblyScript's, that is what a turn waits for.

use wasm_types::wasmparser::{self, FunctionBody, Operator};
use wasm_types::{GlobalIndex, Module, ParsedModule, ValType};

use crate::inline::Plan;
use crate::live_references::may_call;

/// In modules with fewer globals that change, nothing is looked for: compilers of C, C++ and Rust
/// make one for the stack, which no loop changes without a call, and some have one or two more.
const LEAST_OF_MODULE: usize = 4;

/// The most globals that one loop keeps: those that it reads most. Others would have no registers.
const MOST_OF_LOOP: usize = 12;

/// The globals of a module that only the module's own code, and what it calls, writes to.
#[derive(Debug)]
pub(crate) struct OwnGlobals(Vec<GlobalIndex>);

impl OwnGlobals {
    /// Numbers that change, of the module's own: two imports may be the same global. `None` if
    /// there are few of them.
    pub(crate) fn find(module: &Module) -> Option<Self> {
        let changes = |global: &GlobalIndex| {
            let ty = module.globals[global.index()];
            let is_number =
                matches!(ty.content, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
            ty.mutable && is_number
        };
        let defined = module.num_imported_globals..module.globals.len() as u32;
        let own: Vec<GlobalIndex> = defined.map(GlobalIndex::new).filter(changes).collect();
        (own.len() >= LEAST_OF_MODULE).then_some(Self(own))
    }

    fn number(&self, global: u32) -> Option<usize> {
        self.0.binary_search(&GlobalIndex::new(global)).ok()
    }
}

/// The loops of a body that keep globals in registers.
#[derive(Debug, Default)]
pub(crate) struct LoopGlobals {
    /// Where they begin, from the start of the binary, in order, and what they keep. None is within
    /// another.
    loops: Vec<(u64, Vec<GlobalIndex>)>,
}

impl LoopGlobals {
    /// Reads a body, in which some calls are replaced.
    pub(crate) fn find(
        own: &OwnGlobals,
        parsed: &ParsedModule,
        wasm: &[u8],
        body: &FunctionBody<'_>,
        plan: Option<&Plan>,
    ) -> Self {
        let around = Vec::new();
        let found = Self::default();
        let mut reading = Reading { own, parsed, wasm, around, is_inlined: false, found };
        // What can't be read is refused when the body is validated.
        match reading.body(body, plan) {
            Ok(Some(())) => reading.found,
            _ => Self::default(),
        }
    }

    /// What the loop keeps that begins at an offset of the binary.
    pub(crate) fn at(&self, offset: u64) -> &[GlobalIndex] {
        match self.loops.binary_search_by_key(&offset, |(start, _)| *start) {
            Ok(number) => &self.loops[number].1,
            Err(_) => &[],
        }
    }
}

/// How often a loop names a global.
#[derive(Clone, Copy, Default)]
struct Uses {
    gets: u32,
    sets: u32,
}

/// A construct around the current place.
enum Construct {
    Loop {
        start: u64,
        /// Whether something is called in it.
        calls: bool,
        /// By the number of the global.
        uses: Vec<(usize, Uses)>,
    },
    Other,
}

struct Reading<'a> {
    own: &'a OwnGlobals,
    parsed: &'a ParsedModule,
    wasm: &'a [u8],
    around: Vec<Construct>,
    /// Whether the body is one that stands in place of a call.
    is_inlined: bool,
    found: LoopGlobals,
}

impl Reading<'_> {
    /// `None` if the constructs don't fit.
    fn body(
        &mut self,
        body: &FunctionBody<'_>,
        plan: Option<&Plan>,
    ) -> wasmparser::Result<Option<()>> {
        let outermost = self.around.len();
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            match operator {
                Operator::Loop { .. } => {
                    let uses = Vec::new();
                    self.around.push(Construct::Loop { start: offset, calls: false, uses });
                }
                Operator::Block { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. }
                | Operator::Try { .. } => self.around.push(Construct::Other),
                // The last one is the end of the body.
                Operator::End | Operator::Delegate { .. } if self.around.len() > outermost => {
                    self.end();
                }
                Operator::GlobalGet { global_index } => self.note(global_index, (1, 0)),
                Operator::GlobalSet { global_index } => self.note(global_index, (0, 1)),
                Operator::Call { .. } => match plan.and_then(|plan| plan.at(offset)) {
                    // Its body is a part of the loop around it.
                    Some(site) if !site.has_calls => {
                        if self.innermost().is_some() {
                            let body = self.parsed.body(self.wasm, site.func);
                            self.is_inlined = true;
                            if self.body(&body, None)?.is_none() {
                                return Ok(None);
                            }
                            self.is_inlined = false;
                        }
                    }
                    _ => self.note_call(),
                },
                ref operator if may_call(operator) || is_wait(operator) => self.note_call(),
                _ => {}
            }
        }
        Ok((self.around.len() == outermost).then_some(()))
    }

    fn innermost(&mut self) -> Option<&mut Construct> {
        self.around.iter_mut().rev().find(|around| matches!(around, Construct::Loop { .. }))
    }

    fn note(&mut self, global: u32, (gets, sets): (u32, u32)) {
        let Some(number) = self.own.number(global) else { return };
        if let Some(Construct::Loop { uses, .. }) = self.innermost() {
            add(uses, number, Uses { gets, sets });
        }
    }

    fn note_call(&mut self) {
        if let Some(Construct::Loop { calls, .. }) = self.innermost() {
            *calls = true;
        }
    }

    /// A construct ends. A loop that calls nothing has those within it as parts.
    fn end(&mut self) {
        let Some(Construct::Loop { start, calls, uses }) = self.around.pop() else { return };
        if !calls && !self.is_inlined {
            let loops = &mut self.found.loops;
            let before = loops.partition_point(|(other, _)| *other < start);
            loops.truncate(before);
            let mut kept: Vec<&(usize, Uses)> =
                uses.iter().filter(|(_, uses)| uses.gets > 0 && uses.sets > 0).collect();
            kept.sort_by_key(|(number, uses)| (std::cmp::Reverse(uses.gets), *number));
            kept.truncate(MOST_OF_LOOP);
            if !kept.is_empty() {
                loops.push((start, kept.iter().map(|(number, _)| self.own.0[*number]).collect()));
            }
        }
        if let Some(Construct::Loop { calls: outer_calls, uses: outer, .. }) = self.innermost() {
            *outer_calls |= calls;
            uses.iter().for_each(|(number, uses)| add(outer, *number, *uses));
        }
    }
}

fn add(list: &mut Vec<(usize, Uses)>, number: usize, more: Uses) {
    match list.iter_mut().find(|(other, _)| *other == number) {
        Some((_, uses)) => {
            uses.gets = uses.gets.saturating_add(more.gets);
            uses.sets = uses.sets.saturating_add(more.sets);
        }
        None => list.push((number, more)),
    }
}

/// Whether others may run before the operator is done.
fn is_wait(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. })
}
