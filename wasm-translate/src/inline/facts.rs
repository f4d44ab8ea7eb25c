//! What is known of a body before anything is put in place of its calls: how much code it makes,
//! what it calls and how often.
//!
//! Nothing is validated here: what can't be read ends the look ahead, and is refused when the body
//! is translated.

use wasm_types::wasmparser::{Catch, FunctionBody, Operator};
use wasm_types::{FuncIndex, FunctionHints};

use super::weight::{Kind, weight};

/// How often a loop goes round each time that it is entered.
const ROUNDS: f32 = 8.0;
/// How often a branch of an `if` is taken.
const HALF: f32 = 0.5;
/// How often code is run that only leads to a trap, or that a hint says is unlikely.
const SELDOM: f32 = 0.001;

/// A direct call in a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSite {
    /// Where it is, from the start of the binary.
    pub(crate) offset: u64,
    pub(crate) callee: FuncIndex,
    /// How often it is made for each call of the function.
    pub(crate) times: f32,
}

/// A body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// How much code it makes: see [`weight`].
    pub(crate) weight: u32,
    /// Its direct calls, in order.
    pub(crate) calls: Vec<CallSite>,
    /// Whether it has an operator that calls and can be reached.
    pub(crate) has_calls: bool,
    /// Whether it has an operator that has to stand in a function of its own.
    pub(crate) is_bound: bool,
    /// Whether what of it can be reached follows from more than its branches: what is thrown, and
    /// what is known of types.
    pub(crate) is_unclear: bool,
    /// The functions that it calls in its place.
    pub(crate) tail_callees: Vec<FuncIndex>,
}

/// A construct around the current place.
struct Construct {
    kind: ConstructKind,
    /// How often the code at its start is run.
    times: f32,
    /// Whether its start can be reached.
    is_reached: bool,
    /// Whether its end is reached by a branch, or from the first half of an `if`.
    is_target: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ConstructKind {
    Block,
    Loop,
    If,
    Else,
}

/// Reads a body.
struct Reading<'h> {
    facts: Facts,
    around: Vec<Construct>,
    hints: Option<FunctionHints<'h>>,
    /// How often the current place is run for each call.
    times: f32,
    is_reached: bool,
    /// The first call since control last came together or parted: what is seldom run if this ends
    /// in a trap.
    straight: usize,
}

impl Facts {
    /// Reads a body; `None` if it can't be read, or weighs more than so much.
    pub(crate) fn read(
        body: &FunctionBody<'_>,
        hints: Option<FunctionHints<'_>>,
        most: u32,
    ) -> Option<Self> {
        let whole = Construct {
            kind: ConstructKind::Block,
            times: 1.0,
            is_reached: true,
            is_target: false,
        };
        let mut reading = Reading {
            facts: Facts::default(),
            around: vec![whole],
            hints,
            times: 1.0,
            is_reached: true,
            straight: 0,
        };
        let mut operators = body.get_operators_reader().ok()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().ok()?;
            reading.operator(&operator, offset)?;
            if reading.facts.weight > most {
                return None;
            }
        }
        Some(reading.facts)
    }
}

impl Reading<'_> {
    fn operator(&mut self, operator: &Operator<'_>, offset: u64) -> Option<()> {
        use Operator as O;
        if self.is_reached {
            let (weight, kind) = weight(operator);
            self.facts.weight += weight;
            self.facts.has_calls |= kind == Kind::Call;
            self.facts.is_bound |= kind == Kind::Bound;
        }
        match operator {
            O::Block { .. } => self.enter(ConstructKind::Block, self.times),
            O::TryTable { try_table } => {
                self.facts.is_unclear = true;
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = *catch;
                    self.branch(label);
                }
                self.enter(ConstructKind::Block, self.times);
            }
            O::Try { .. } => {
                self.facts.is_unclear = true;
                self.enter(ConstructKind::Block, self.times);
            }
            O::Catch { .. } | O::CatchAll => {
                let construct = self.around.last_mut()?;
                construct.is_target |= self.is_reached;
                self.is_reached = construct.is_reached;
                self.times = construct.times * SELDOM;
                self.part();
            }
            O::Loop { .. } => self.enter(ConstructKind::Loop, self.times * ROUNDS),
            O::If { .. } => {
                let times = match self.is_likely(offset) {
                    None => self.times * HALF,
                    Some(true) => self.times,
                    Some(false) => self.times * SELDOM,
                };
                let outer = self.times;
                self.enter(ConstructKind::If, outer);
                self.times = times;
            }
            O::Else => {
                let taken = self.times;
                let construct = self.around.last_mut()?;
                construct.is_target |= self.is_reached;
                construct.kind = ConstructKind::Else;
                self.is_reached = construct.is_reached;
                // What the first half leaves, if a hint said what that is.
                let seldom = taken > construct.times * HALF;
                self.times = construct.times * if seldom { SELDOM } else { HALF };
                self.part();
            }
            O::End | O::Delegate { .. } => {
                let construct = self.around.pop()?;
                self.is_reached = match construct.kind {
                    ConstructKind::Loop => self.is_reached,
                    ConstructKind::If => construct.is_reached,
                    _ => self.is_reached || construct.is_target,
                };
                self.times = match construct.kind {
                    ConstructKind::Loop => construct.times / ROUNDS,
                    _ => construct.times,
                };
                self.part();
            }
            O::Br { relative_depth } => {
                self.branch(*relative_depth);
                self.stop();
            }
            O::BrIf { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::BrOnCast { relative_depth, .. }
            | O::BrOnCastFail { relative_depth, .. } => {
                self.facts.is_unclear |=
                    matches!(operator, O::BrOnCast { .. } | O::BrOnCastFail { .. });
                self.branch(*relative_depth);
                if self.is_likely(offset) == Some(true) {
                    self.times *= SELDOM;
                }
                self.part();
            }
            O::BrTable { targets } => {
                self.branch(targets.default());
                for target in targets.targets() {
                    self.branch(target.ok()?);
                }
                self.stop();
            }
            O::Unreachable => {
                if self.is_reached {
                    let straight = &mut self.facts.calls[self.straight..];
                    straight.iter_mut().for_each(|call| call.times *= SELDOM);
                }
                self.stop();
            }
            O::Return
            | O::ReturnCallIndirect { .. }
            | O::ReturnCallRef { .. }
            | O::Throw { .. }
            | O::ThrowRef
            | O::Rethrow { .. } => self.stop(),
            O::ReturnCall { function_index } => {
                if self.is_reached {
                    self.facts.tail_callees.push(FuncIndex::new(*function_index));
                }
                self.stop();
            }
            O::Call { function_index } if self.is_reached => {
                let callee = FuncIndex::new(*function_index);
                self.facts.calls.push(CallSite { offset, callee, times: self.times });
            }
            _ => {}
        }
        Some(())
    }

    fn enter(&mut self, kind: ConstructKind, times: f32) {
        let is_reached = self.is_reached;
        self.around.push(Construct { kind, times, is_reached, is_target: false });
        self.times = times;
        self.part();
    }

    /// A branch to a construct.
    fn branch(&mut self, depth: u32) {
        let place = self.around.len().checked_sub(1 + depth as usize);
        if let Some(place) = place.filter(|_| self.is_reached)
            && self.around[place].kind != ConstructKind::Loop
        {
            self.around[place].is_target = true;
        }
    }

    /// Control does not go on here.
    fn stop(&mut self) {
        self.is_reached = false;
        self.part();
    }

    /// Control comes together or parts here.
    fn part(&mut self) {
        self.straight = self.facts.calls.len();
    }

    fn is_likely(&mut self, offset: u64) -> Option<bool> {
        self.hints.as_mut()?.is_likely(offset)
    }
}

#[cfg(test)]
mod tests {
    use wasm_types::{DefinedFuncIndex, Module, WasmFeatures};

    use super::*;

    fn facts(body: &str) -> Facts {
        let text = format!("(module (func $f) (func (param i32) {body}))");
        let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
        let body = parsed.body(&wasm, DefinedFuncIndex::new(1));
        Facts::read(&body, None, u32::MAX).expect("it can be read")
    }

    fn times(body: &str) -> Vec<f32> {
        facts(body).calls.iter().map(|call| call.times).collect()
    }

    #[test]
    fn loops_branches_and_traps_say_how_often_calls_are_made() {
        let call = "(call $f)";
        assert_eq!(times(call), [1.0]);
        assert_eq!(times(&format!("(loop {call} (loop {call}) {call}) {call}")), [8., 64., 8., 1.]);
        let both = format!("(if (local.get 0) (then {call}) (else {call})) {call}");
        assert_eq!(times(&both), [0.5, 0.5, 1.0]);
        assert_eq!(
            times(&format!("(if (local.get 0) (then {call} unreachable)) {call}")),
            [0.5 * SELDOM, 1.0]
        );
    }

    #[test]
    fn only_calls_that_can_be_reached_count() {
        let call = "(call $f)";
        for (body, reached) in [
            (format!("return {call}"), false),
            (format!("(block return) {call}"), false),
            (format!("(block (br 0)) {call}"), true),
            (format!("(block (block (br 1)) {call})"), false),
            (format!("(block (br_if 0 (local.get 0)) return) {call}"), true),
            (format!("(loop (br 0)) {call}"), false),
            (format!("(if (local.get 0) (then return)) {call}"), true),
            (format!("(if (local.get 0) (then return) (else return)) {call}"), false),
            (format!("(if (local.get 0) (then return) (else)) {call}"), true),
            (format!("return (block (br 0)) {call}"), false),
            (format!("(block (block (br_table 0 1 (local.get 0))) return) {call}"), true),
        ] {
            let facts = facts(&body);
            assert_eq!(facts.has_calls, reached, "{body}");
            assert_eq!(!facts.calls.is_empty(), reached, "{body}");
        }
    }
}
