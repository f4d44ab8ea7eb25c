//! Which locals with references are used after an operator that makes an object, found by reading
//! the body of a function once more.
//!
//! An object is made in place; only where there is no room the store is called, which may move all
//! objects. The code generator would keep what is used afterwards in the frame, from where it is
//! made, and read it from there. For what is alive at no other call, it is better to save it right
//! before this one, in a block that hardly ever runs. What is not found here is left to the code
//! generator: nothing depends on it but speed. So a loop is taken to need at its head all that is
//! read in it or behind it.

mod events;

use wasm_types::wasmparser::{FunctionBody, Result};
use wasm_types::{Module, ValType};

use events::{EndOf, Event, Events};
pub(crate) use events::{makes_object, may_call};

/// In functions with more locals that have references, nothing is found.
const MAX_LOCALS: usize = 256;

/// A set of such locals.
type Locals = [u64; MAX_LOCALS / 64];

const NONE: Locals = [0; MAX_LOCALS / 64];

/// The locals that are used after operators which make objects.
#[derive(Debug, Default)]
pub(crate) struct LiveLocals {
    /// The locals that have references.
    numbers: Vec<u32>,
    /// Where objects are made, from the start of the binary, and what is used afterwards.
    sites: Vec<(u64, Locals)>,
    /// What is used after other calls.
    during_calls: Locals,
}

impl LiveLocals {
    /// Reads the body of a function with these parameters.
    pub(crate) fn find(module: &Module, params: &[ValType], body: &FunctionBody<'_>) -> Self {
        // What can't be read is refused when the body is validated.
        Self::read(module, params, body).ok().flatten().unwrap_or_default()
    }

    /// Whether an object is made anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Whether a local is used after a call that does something else.
    pub(crate) fn is_used_after_call(&self, local: u32) -> bool {
        match self.numbers.binary_search(&local) {
            Ok(number) => contains(&self.during_calls, number),
            Err(_) => false,
        }
    }

    /// The locals that are used after the operator at an offset of the binary, but after no call.
    pub(crate) fn at(&self, offset: u64) -> impl Iterator<Item = u32> + '_ {
        let site = self.sites.binary_search_by_key(&offset, |site| site.0).ok();
        let live = site.map_or(&NONE, |site| &self.sites[site].1);
        let saved =
            |number: &usize| contains(live, *number) && !contains(&self.during_calls, *number);
        (0..self.numbers.len()).filter(saved).map(|number| self.numbers[number])
    }

    fn read(module: &Module, params: &[ValType], body: &FunctionBody<'_>) -> Result<Option<Self>> {
        let Some(numbers) = locals_with_references(module, params, body)? else { return Ok(None) };
        let Some(events) = Events::read(&numbers, body)? else { return Ok(None) };
        let mut found = Self { numbers, ..Self::default() };
        found.follow(&events);
        found.sites.reverse();
        Ok(Some(found))
    }

    /// Goes through the body from its end to its start.
    fn follow(&mut self, events: &Events) {
        let mut around: Vec<Construct> = Vec::new();
        let mut live = NONE;
        for event in events.list.iter().rev() {
            match *event {
                Event::Get(number) => insert(&mut live, number.into()),
                Event::Set(number) => remove(&mut live, number.into()),
                Event::Make(offset) => self.sites.push((offset, live)),
                Event::Call => {
                    // An exception goes to a handler.
                    if let Some(construct) = around.last() {
                        add(&mut live, &construct.handlers);
                    }
                    add(&mut self.during_calls, &live);
                }
                Event::Stop => live = NONE,
                Event::Branch(depth) => live = target(&around, depth),
                Event::BranchIf(depth) => add(&mut live, &target(&around, depth)),
                Event::End(kind) => {
                    let mut handlers = around.last().map_or(NONE, |around| around.handlers);
                    let mut anywhere = around.last().map_or(NONE, |around| around.anywhere);
                    let mut at_target = live;
                    match kind {
                        EndOf::Loop(read) => {
                            add(&mut at_target, &events.sets[read as usize]);
                            // It may be left for any construct around it.
                            add(&mut at_target, &anywhere);
                        }
                        EndOf::Try { first, count } => {
                            let labels = &events.labels[first as usize..][..count as usize];
                            labels.iter().for_each(|label| {
                                add(&mut handlers, &target(&around, *label));
                            });
                        }
                        EndOf::Other => {}
                    }
                    add(&mut anywhere, &at_target);
                    let construct =
                        Construct { at_target, anywhere, at_end: live, otherwise: None, handlers };
                    around.push(construct);
                }
                Event::Else => {
                    if let Some(construct) = around.last_mut() {
                        construct.otherwise = Some(live);
                        live = construct.at_end;
                    }
                }
                Event::If => {
                    if let Some(construct) = around.pop() {
                        add(&mut live, &construct.otherwise.unwrap_or(construct.at_end));
                    }
                }
                Event::Start => _ = around.pop(),
            }
        }
    }
}

/// The locals that have references into the heap; `None` if there are too many.
fn locals_with_references(
    module: &Module,
    params: &[ValType],
    body: &FunctionBody<'_>,
) -> Result<Option<Vec<u32>>> {
    let mut numbers: Vec<u32> = Vec::new();
    for (number, ty) in params.iter().enumerate() {
        if ty.is_collected() {
            numbers.push(number as u32);
        }
    }
    let mut next = params.len() as u32;
    for group in body.get_locals_reader()? {
        let (count, ty) = group?;
        let is_collected = ValType::from_parser(ty, module).is_ok_and(ValType::is_collected);
        if is_collected {
            if count as usize > MAX_LOCALS - numbers.len().min(MAX_LOCALS) {
                return Ok(None);
            }
            numbers.extend(next..next + count);
        }
        next = next.saturating_add(count);
    }
    // Without any, operands are to be saved all the same.
    Ok((numbers.len() <= MAX_LOCALS).then_some(numbers))
}

/// A construct around the current place.
struct Construct {
    /// What is used after a branch to it.
    at_target: Locals,
    /// What is used after a branch to it or to any construct around it.
    anywhere: Locals,
    /// What is used after it.
    at_end: Locals,
    /// Of an `if`, what is used from its `else` on.
    otherwise: Option<Locals>,
    /// What is used by whatever catches an exception in it.
    handlers: Locals,
}

/// What is used after a branch.
fn target(around: &[Construct], depth: u32) -> Locals {
    let place = around.len().checked_sub(1 + depth as usize);
    place.map_or(NONE, |place| around[place].at_target)
}

fn contains(set: &Locals, number: usize) -> bool {
    set[number / 64] >> (number % 64) & 1 != 0
}

fn insert(set: &mut Locals, number: usize) {
    set[number / 64] |= 1 << (number % 64);
}

fn remove(set: &mut Locals, number: usize) {
    set[number / 64] &= !(1 << (number % 64));
}

fn add(set: &mut Locals, other: &Locals) {
    set.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
}

#[cfg(test)]
mod tests {
    use wasm_types::{DefinedFuncIndex, Module, WasmFeatures};

    use super::*;

    /// For each place where the body makes an object, the locals that are used afterwards but after
    /// no call.
    fn found(body: &str) -> Vec<Vec<u32>> {
        let text = format!(
            "(module (type $t (struct (field anyref))) (func $call)
             (func (param $a anyref) (param $i i32) (param $b anyref) (local $c (ref null $t)) {body}))"
        );
        let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
        let module = parsed.module();
        let func = DefinedFuncIndex::new(1);
        let params = module.type_of_func(module.func_index(func)).params();
        let live = LiveLocals::find(module, params, &parsed.body(&wasm, func));
        let sites: Vec<u64> = live.sites.iter().map(|site| site.0).collect();
        sites.into_iter().map(|site| live.at(site).collect()).collect()
    }

    const NEW: &str = "(local.set $c (struct.new_default $t))";
    const NONE: &[u32] = &[];

    #[test]
    fn what_is_used_later_is_found() {
        let none: Vec<Vec<u32>> = Vec::new();
        assert_eq!(found("(drop (local.get $a))"), none);
        assert_eq!(found(&format!("{NEW} (drop (local.get $a))")), [[0]]);
        assert_eq!(found(&format!("(drop (local.get $a)) {NEW}")), [NONE]);
        // What is written before it is read is not used.
        assert_eq!(found(&format!("{NEW} (drop (local.get $c))")), [NONE]);
        let both = format!("{NEW} {NEW} (drop (local.get $c)) (drop (local.get $b))");
        assert_eq!(found(&both), [[2], [2]]);
    }

    #[test]
    fn control_is_followed() {
        let branch = format!(
            "(if (local.get $i) (then {NEW} (drop (local.get $a))) (else {NEW} (return)))
             (drop (local.get $b))"
        );
        assert_eq!(found(&branch), [vec![0, 2], vec![]]);
        let leave = format!("(block {NEW} (br 0) (drop (local.get $a))) (drop (local.get $b))");
        assert_eq!(found(&leave), [[2]]);
        // What a loop reads at its head is used by whatever goes back to it.
        let again = format!("(loop (drop (local.get $a)) {NEW} (br_if 0 (local.get $i)))");
        assert_eq!(found(&again), [[0]]);
        let once = format!("(loop (drop (local.get $a)) {NEW} (return))");
        assert_eq!(found(&once), [NONE]);
        let table =
            format!("(block (block {NEW} (br_table 0 1 (local.get $i))) (drop (local.get $a)))");
        assert_eq!(found(&table), [[0]]);
    }

    #[test]
    fn what_is_used_after_calls_is_left_to_the_code_generator() {
        let call = format!("{NEW} (call $call) (drop (local.get $a))");
        assert_eq!(found(&call), [NONE]);
        let before = format!("(call $call) {NEW} (drop (local.get $a)) (drop (local.get $b))");
        assert_eq!(found(&before), [NONE]);
        let apart = format!("{NEW} (drop (local.get $a)) (call $call)");
        assert_eq!(found(&apart), [[0]]);
    }
}
