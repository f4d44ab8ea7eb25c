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

/// The most globals that a loop may name to be looked at. What keeps state in globals names fewer,
/// and adding up what loops name takes time by this number, however they are nested.
const MOST_NAMED: usize = 64;

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
        let (around, open) = (Vec::new(), Vec::new());
        let found = Self::default();
        let mut reading = Reading { own, parsed, wasm, around, open, is_inlined: false, found };
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

/// A loop around the current place.
struct OpenLoop {
    start: u64,
    /// Whether it keeps nothing: something is called in it, or too many globals are named.
    is_given_up: bool,
    /// By the number of the global.
    uses: Vec<(usize, Uses)>,
}

impl OpenLoop {
    fn add(&mut self, number: usize, more: Uses) {
        if self.is_given_up {
            return;
        }
        if let Some((_, uses)) = self.uses.iter_mut().find(|(other, _)| *other == number) {
            uses.gets = uses.gets.saturating_add(more.gets);
            uses.sets = uses.sets.saturating_add(more.sets);
        } else if self.uses.len() < MOST_NAMED {
            self.uses.push((number, more));
        } else {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.is_given_up = true;
        self.uses = Vec::new();
    }
}

struct Reading<'a> {
    own: &'a OwnGlobals,
    parsed: &'a ParsedModule,
    wasm: &'a [u8],
    /// The constructs around the current place: whether each is a loop.
    around: Vec<bool>,
    /// The loops among them.
    open: Vec<OpenLoop>,
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
                    self.around.push(true);
                    let uses = Vec::new();
                    self.open.push(OpenLoop { start: offset, is_given_up: false, uses });
                }
                Operator::Block { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. }
                | Operator::Try { .. } => self.around.push(false),
                // The last one is the end of the body.
                Operator::End | Operator::Delegate { .. } if self.around.len() > outermost => {
                    self.end();
                }
                Operator::GlobalGet { global_index } => self.note(global_index, (1, 0)),
                Operator::GlobalSet { global_index } => self.note(global_index, (0, 1)),
                Operator::Call { .. } => match plan.and_then(|plan| plan.at(offset)) {
                    // Its body is a part of the loop around it.
                    Some(site) if !site.has_calls => {
                        if !self.open.is_empty() {
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

    fn note(&mut self, global: u32, (gets, sets): (u32, u32)) {
        let Some(innermost) = self.open.last_mut().filter(|innermost| !innermost.is_given_up)
        else {
            return;
        };
        if let Some(number) = self.own.number(global) {
            innermost.add(number, Uses { gets, sets });
        }
    }

    fn note_call(&mut self) {
        if let Some(innermost) = self.open.last_mut() {
            innermost.give_up();
        }
    }

    /// A construct ends. A loop that calls nothing has those within it as parts.
    fn end(&mut self) {
        if self.around.pop() != Some(true) {
            return;
        }
        let Some(OpenLoop { start, is_given_up, uses }) = self.open.pop() else { return };
        if !is_given_up && !self.is_inlined {
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
        match self.open.last_mut() {
            Some(outer) if is_given_up => outer.give_up(),
            Some(outer) => uses.iter().for_each(|(number, uses)| outer.add(*number, *uses)),
            None => {}
        }
    }
}

/// Whether others may run before the operator is done.
fn is_wait(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use wasm_types::WasmFeatures;

    use super::*;

    /// What the loops of the only function of a module keep, by the order of the loops.
    fn kept(globals: usize, body: &str) -> Vec<Vec<u32>> {
        let mut text = "(module ".to_owned();
        for _ in 0..globals {
            text.push_str("(global (mut i32) (i32.const 0))");
        }
        let _ = write!(text, "(func $f {body}))");
        let wasm = wat::parse_str(text).unwrap();
        let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
        let own = OwnGlobals::find(parsed.module()).unwrap();
        let body = parsed.body(&wasm, wasm_types::DefinedFuncIndex::new(0));
        let found = LoopGlobals::find(&own, &parsed, &wasm, &body, None);
        let numbers = |list: &Vec<GlobalIndex>| list.iter().map(|it| it.as_u32()).collect();
        found.loops.iter().map(|(_, list)| numbers(list)).collect()
    }

    fn uses(globals: std::ops::Range<usize>) -> String {
        globals.map(|number| format!("global.get {number} global.set {number} ")).collect()
    }

    #[test]
    fn the_outermost_loop_that_calls_nothing_keeps_what_is_named_in_it() {
        let inner = uses(2..3);
        let outer = uses(1..2);
        assert_eq!(kept(4, &format!("loop {outer} block loop {inner} end end end")), [[1, 2]]);
        let calls = format!("loop {outer} call $f loop {inner} end end loop {outer} end");
        assert_eq!(kept(4, &calls), [[2], [1]]);
    }

    #[test]
    fn loops_that_name_many_globals_keep_none() {
        let (few, many) = (uses(0..1), uses(0..MOST_NAMED + 1));
        assert_eq!(kept(100, &format!("loop {many} loop {few} end end")), [[0]]);
        // Names of loops within loops are added up at each end: here they would be 20,000 times
        // 4,000 names, each of which is looked for among as many.
        let (begin, end) = ("loop ".repeat(20_000), "end ".repeat(20_000));
        assert_eq!(kept(4_000, &format!("{begin} {} {end}", uses(0..4_000))), [[]; 0]);
        // And each name would be one of the loop that is found behind as many blocks.
        let blocks = "block ".repeat(200_000);
        let ends = "end ".repeat(200_000);
        let names = "global.get 0 drop ".repeat(200_000);
        assert_eq!(kept(4, &format!("loop {blocks} {names} {ends} end")), [[]; 0]);
    }
}
