//! Which calls are replaced by what they call: where it pays, for what the code grows.
//!
//! It is decided for each function by itself, from the bodies alone, so that the code is the same
//! whatever the number of threads. The calls of a function are taken in the order of what they are
//! worth ([`budget`]); the calls in a body that replaces one are then calls of the function, made
//! as often as the one times what the body says. So a chain of small functions goes into the place
//! where it is called from a loop, and functions go into themselves for a level or two.
//!
//! Code that stands in place of a call knows where it comes from, and by which calls ([`places`]):
//! traps are what they are and where they are, and backtraces show the functions that were to be
//! called. Functions stay called that have to be seen (function hooks), that are computed in some
//! better way (idioms), or that leave for others by tail calls of what only they find out.

pub(crate) mod budget;
mod facts;
pub(crate) mod places;
mod weight;

use std::collections::BinaryHeap;

use wasm_types::{DefinedFuncIndex, FuncIndex, OptLevel, ParsedModule, Tunables};

use budget::{Call, Room};
use facts::{CallSite, Facts};

use crate::profiled::Profiled;

/// The most bytes of a body that is looked at, to be put into others.
const MAX_BYTES: usize = 400;
/// The most that such a body weighs.
const MAX_WEIGHT: u32 = 110;
/// The most locals that it has, parameters included.
const MAX_LOCALS: u32 = 64;
/// The most calls of one function that are replaced.
const MAX_CALLS: usize = 500;

/// The functions of a module that can be put in place of calls.
#[derive(Debug)]
pub(crate) struct Inlining<'a> {
    parsed: &'a ParsedModule,
    wasm: &'a [u8],
    /// For each defined function.
    candidates: Vec<Option<Facts>>,
    any: bool,
    /// Whether it is the size of the code that matters.
    for_size: bool,
}

/// What is put in place of the calls of a body.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order of the calls' offsets.
    sites: Vec<Site>,
}

/// A call that is replaced.
#[derive(Debug)]
pub(crate) struct Site {
    /// Where it is, from the start of the binary.
    pub(crate) offset: u64,
    /// The function that is put in its place.
    pub(crate) func: DefinedFuncIndex,
    /// Whether that calls anything.
    pub(crate) has_calls: bool,
    /// What is put in place of the calls of that.
    pub(crate) inner: Plan,
}

impl Plan {
    /// What is put in place of the call at an offset.
    pub(crate) fn at(&self, offset: u64) -> Option<&Site> {
        let place = self.sites.binary_search_by_key(&offset, |site| site.offset).ok()?;
        Some(&self.sites[place])
    }
}

/// A call that could be replaced.
#[derive(Clone, Copy)]
struct Choice {
    worth: f32,
    /// Where the choice is in the order in which they were found.
    number: u32,
    call: Call,
    site: CallSite,
    callee: DefinedFuncIndex,
    /// The choice that the call is in the body of.
    outer: Option<u32>,
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Choice {}

impl PartialOrd for Choice {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Choice {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Of those that are worth the same, the first.
        self.worth.total_cmp(&other.worth).then(other.number.cmp(&self.number))
    }
}

impl<'a> Inlining<'a> {
    /// Looks for functions that can be put in place of calls, but for some that are called whatever
    /// they do.
    pub(crate) fn find(
        parsed: &'a ParsedModule,
        wasm: &'a [u8],
        tunables: &Tunables,
        is_called: impl Fn(DefinedFuncIndex) -> bool,
    ) -> Self {
        let bodies = &parsed.module().bodies;
        let metered = tunables.fuel_costs.is_some();
        let candidate = |(number, range): (usize, &wasm_types::FunctionBody)| {
            let func = DefinedFuncIndex::new(number as u32);
            if range.range.len() > MAX_BYTES || is_called(func) {
                return None;
            }
            candidate(parsed, wasm, func, metered)
        };
        let candidates: Vec<_> = bodies.iter().enumerate().map(candidate).collect();
        let any = candidates.iter().any(Option::is_some);
        let for_size = tunables.opt_level == OptLevel::SpeedAndSize;
        Self { parsed, wasm, candidates, any, for_size }
    }

    /// What is put in place of the calls of a function; `None` if nothing is.
    pub(crate) fn plan(
        &self,
        func: DefinedFuncIndex,
        profiled: Option<&Profiled<'_>>,
    ) -> Option<Plan> {
        if !self.any {
            return None;
        }
        let read;
        let facts = match &self.candidates[func.index()] {
            Some(facts) => facts,
            None => {
                let body = self.parsed.body(self.wasm, func);
                let hints = self.parsed.hints_of(self.wasm, func);
                read = Facts::read(&body, hints, u32::MAX)?;
                &read
            }
        };
        if facts.calls.is_empty() {
            return None;
        }
        let mut search = Search {
            inlining: self,
            profiled,
            whole: func,
            heap: BinaryHeap::new(),
            taken: Vec::new(),
            found: 0,
        };
        search.add(&facts.calls, None);
        search.choose(Room::of(facts.weight, self.bytes_of(func), self.for_size));
        (!search.taken.is_empty()).then(|| search.plan())
    }

    fn bytes_of(&self, func: DefinedFuncIndex) -> u32 {
        self.parsed.body(self.wasm, func).as_bytes().len() as u32
    }
}

/// The search for what is worth it in one function.
struct Search<'i> {
    inlining: &'i Inlining<'i>,
    /// Says how often calls are made.
    profiled: Option<&'i Profiled<'i>>,
    whole: DefinedFuncIndex,
    heap: BinaryHeap<Choice>,
    /// The calls that are replaced, each after the one whose body it is in.
    taken: Vec<Choice>,
    found: u32,
}

impl Search<'_> {
    /// Adds the calls of a body: of the whole function, or of one that replaces a call.
    fn add(&mut self, calls: &[CallSite], outer: Option<u32>) {
        let module = self.inlining.parsed.module();
        let owner = outer.map_or(self.whole, |outer| self.taken[outer as usize].callee);
        for site in calls {
            let Some(callee) = module.defined_func(site.callee) else { continue };
            let facts = self.inlining.candidates.get(callee.index()).and_then(Option::as_ref);
            let Some(facts) = facts else { continue };
            let times = self.profiled.map(|profiled| profiled.times(owner, site.offset));
            let (mut times, mut level, mut recursion) = (times.unwrap_or(site.times), 0, 0);
            let mut next = outer;
            if let Some(outer) = outer {
                times *= self.taken[outer as usize].call.times;
            }
            while let Some(around) = next {
                let around = &self.taken[around as usize];
                level += 1;
                recursion += u32::from(around.callee == callee);
                next = around.outer;
            }
            recursion += u32::from(self.whole == callee);
            let arguments = module.type_of_func(site.callee).params().len();
            let bytes = self.inlining.bytes_of(callee);
            let weight = facts.weight;
            let call = Call { times, weight, bytes, arguments, level, recursion };
            let number = self.found;
            self.found += 1;
            self.heap.push(Choice {
                worth: call.worth(),
                number,
                call,
                site: *site,
                callee,
                outer,
            });
        }
    }

    /// Takes calls while there is room.
    fn choose(&mut self, mut room: Room) {
        while let Some(choice) = self.heap.pop() {
            if self.taken.len() == MAX_CALLS {
                break;
            }
            if room.takes(&choice.call) {
                let number = self.taken.len() as u32;
                self.taken.push(choice);
                if let Some(facts) = &self.inlining.candidates[choice.callee.index()] {
                    self.add(&facts.calls, Some(number));
                }
            }
        }
    }

    /// What was taken, as a plan.
    fn plan(mut self) -> Plan {
        let mut plans: Vec<Plan> = Vec::new();
        plans.resize_with(self.taken.len(), Plan::default);
        let mut whole = Plan::default();
        // Inner ones come after outer ones.
        while let Some(choice) = self.taken.pop() {
            let mut inner = plans.pop().expect("there is one for each");
            inner.sites.sort_by_key(|site| site.offset);
            let facts = self.inlining.candidates[choice.callee.index()].as_ref();
            let has_calls = facts.is_some_and(|facts| facts.has_calls);
            let site = Site { offset: choice.site.offset, func: choice.callee, has_calls, inner };
            match choice.outer {
                Some(outer) => plans[outer as usize].sites.push(site),
                None => whole.sites.push(site),
            }
        }
        whole.sites.sort_by_key(|site| site.offset);
        whole
    }
}

/// What is known of a body that can be put in place of calls; `None` if it can't.
fn candidate(
    parsed: &ParsedModule,
    wasm: &[u8],
    func: DefinedFuncIndex,
    metered: bool,
) -> Option<Facts> {
    let module = parsed.module();
    let body = parsed.body(wasm, func);
    let mut locals = module.type_of_func(module.func_index(func)).params().len() as u32;
    for group in body.get_locals_reader().ok()? {
        locals = locals.checked_add(group.ok()?.0)?;
    }
    if locals > MAX_LOCALS {
        return None;
    }
    let facts = Facts::read(&body, parsed.hints_of(wasm, func), MAX_WEIGHT)?;
    // An import that is called in place of the function is called by nobody else.
    let is_import = |func: &FuncIndex| module.defined_func(*func).is_none();
    let is_bound = facts.is_bound || facts.tail_callees.iter().any(is_import);
    // Where fuel is counted, a function that calls something looks for what is left when it is
    // entered; so it has to be certain whether it does.
    let is_refused = is_bound || metered && facts.is_unclear;
    (!is_refused).then_some(facts)
}
