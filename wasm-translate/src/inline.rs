//! Which calls are replaced by what is called: small functions that call nothing, where it pays.
//!
//! Whether a call is replaced is decided for each call site from the bodies alone, so the code is
//! the same whatever the number of threads. A caller grows by no more than it had, within limits;
//! calls in loops come first, the innermost before the others.
//!
//! Only functions that call nothing and trap for nothing but an access out of bounds, before they
//! change anything, are inlined into others: such an access is left to the function itself, which
//! is called for it. So no backtrace shows the difference, and code that came from elsewhere
//! belongs to the call that it stands for.

mod operators;

use std::collections::HashMap;

use wasm_types::wasmparser::{
    FuncValidatorAllocations, FunctionBody, MemArg, MemArgTarget, Operator,
};
use wasm_types::{DefinedFuncIndex, FuncIndex, Module, ParsedModule, Tunables, ValType};

use operators::{access, branches, changes, is_harmless};

/// The most operators of a function that is inlined into others.
const MAX_CALLEE: u32 = 40;
/// The most bytes that so many operators are expected to have; larger bodies are not read.
const MAX_CALLEE_BYTES: usize = 200;
/// The most locals of a function that is inlined into others, parameters included.
const MAX_LOCALS: u32 = 32;
/// A caller may grow by as many operators as it has, but at least and at most by this many.
const GROWTH: std::ops::RangeInclusive<u32> = 60..=400;

/// A function that can be inlined.
#[derive(Debug)]
struct Candidate {
    /// How many operators it has, but for the last `end`.
    operators: u32,
    /// The types of locals that are not parameters.
    locals: Vec<ValType>,
}

/// The functions of a module that can be inlined.
#[derive(Debug)]
pub(crate) struct Inlining<'a> {
    parsed: &'a ParsedModule,
    wasm: &'a [u8],
    candidates: HashMap<FuncIndex, Candidate>,
}

/// The calls of a function that are replaced by what they call.
pub(crate) struct Sites<'a> {
    inlining: &'a Inlining<'a>,
    /// Where they are, from the start of the binary, in order.
    offsets: Vec<u64>,
}

impl<'a> Sites<'a> {
    /// Whether the call at this place is one of them.
    pub(crate) fn contains(&self, offset: u64) -> bool {
        self.offsets.binary_search(&offset).is_ok()
    }

    /// A function that can be inlined.
    pub(crate) fn inlinee(&self, func: FuncIndex) -> Option<Inlinee<'a>> {
        let Inlining { parsed, wasm, candidates } = self.inlining;
        let candidate = candidates.get(&func)?;
        let defined = parsed.module().defined_func(func)?;
        Some(Inlinee { body: parsed.body(wasm, defined), locals: &candidate.locals })
    }
}

/// A function that is inlined into another one.
pub(crate) struct Inlinee<'a> {
    pub(crate) body: FunctionBody<'a>,
    /// The types of locals that are not parameters.
    pub(crate) locals: &'a [ValType],
}

/// A call that could be replaced.
struct Site {
    /// Where it is, from the start of the binary.
    offset: u64,
    /// How many loops are around it.
    loops: u32,
    /// How many operators it would be replaced by.
    operators: u32,
}

impl<'a> Inlining<'a> {
    /// Looks for functions that can be inlined.
    pub(crate) fn find(parsed: &'a ParsedModule, wasm: &'a [u8], tunables: &Tunables) -> Self {
        let module = parsed.module();
        let reserved = tunables.static_memory_reach();
        // With all that an address can reach reserved, an access can be checked without regard to
        // what it may do before the outcome is known.
        let checkable = |access: &MemArg, size: u64| {
            let MemArgTarget::Memory(memory) = access.target else { return false };
            let ty = module.memories.get(memory as usize);
            let end = access.offset.saturating_add(size);
            // A shared memory may grow between the check and the call that is to trap.
            ty.is_some_and(|ty| tunables.memory_is_static(ty) && !ty.shared)
                && end <= i32::MAX as u64
                && end + u64::from(u32::MAX) <= reserved
        };
        // Where fuel is counted, what was used of a function when it is called after all must not
        // depend on the way to there; and a function that checks the fuel when it is entered has to
        // be entered.
        let metered = tunables.fuel_costs.is_some();
        let mut candidates = HashMap::new();
        let mut allocations = FuncValidatorAllocations::default();
        for (number, body) in module.bodies.iter().enumerate() {
            if body.range.len() > MAX_CALLEE_BYTES {
                continue;
            }
            let func = DefinedFuncIndex::new(number as u32);
            let index = module.func_index(func);
            if metered && module.funcref_slot(index).is_some() {
                continue;
            }
            let params = module.type_of_func(index).params().len() as u32;
            // Bodies that are inlined into others are not validated again there.
            if let Some(candidate) =
                candidate(module, &parsed.body(wasm, func), params, metered, &checkable)
                && let Ok(used) = parsed.validate_body(wasm, func, std::mem::take(&mut allocations))
            {
                allocations = used;
                candidates.insert(index, candidate);
            }
        }
        Self { parsed, wasm, candidates }
    }

    /// Leaves out functions that are to be called whatever they do.
    pub(crate) fn without(mut self, excluded: impl Fn(FuncIndex) -> bool) -> Self {
        self.candidates.retain(|func, _| !excluded(*func));
        self
    }

    /// Which calls of a function are replaced; `None` if there are none.
    pub(crate) fn sites(&self, func: DefinedFuncIndex) -> Option<Sites<'_>> {
        if self.candidates.is_empty() {
            return None;
        }
        let body = self.parsed.body(self.wasm, func);
        // What can't be read is refused when the body is validated.
        let (mut sites, own) = self.candidate_sites(&body).unwrap_or_default();
        sites.sort_by_key(|site| (std::cmp::Reverse(site.loops), site.operators));
        let mut left = own.clamp(*GROWTH.start(), *GROWTH.end());
        sites.retain(|site| match left.checked_sub(site.operators) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        let mut offsets: Vec<u64> = sites.into_iter().map(|site| site.offset).collect();
        offsets.sort_unstable();
        (!offsets.is_empty()).then_some(Sites { inlining: self, offsets })
    }

    /// All calls of a function that could be replaced, and how many operators the function has.
    fn candidate_sites(&self, body: &FunctionBody<'_>) -> Option<(Vec<Site>, u32)> {
        let mut sites = Vec::new();
        let mut own = 0;
        // For each construct around the current place, how many of those up to it are loops.
        let mut nesting = vec![0_u32];
        let mut operators = body.get_operators_reader().ok()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().ok()?;
            let loops = *nesting.last()?;
            own += 1;
            match operator {
                Operator::Loop { .. } => nesting.push(loops + 1),
                Operator::Block { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. }
                | Operator::Try { .. } => nesting.push(loops),
                Operator::End | Operator::Delegate { .. } => {
                    nesting.pop();
                }
                Operator::Call { function_index } => {
                    if let Some(callee) = self.candidates.get(&FuncIndex::new(function_index)) {
                        sites.push(Site { offset, loops, operators: callee.operators });
                    }
                }
                _ => {}
            }
        }
        Some((sites, own))
    }
}

/// What is known of a body that can be inlined; `None` if it can't.
///
/// An access to memory must come before anything is changed: control goes only forward, so the
/// order of the operators is enough to decide. If `straight`, it must also come before any branch.
fn candidate(
    module: &Module,
    body: &FunctionBody<'_>,
    params: u32,
    straight: bool,
    checkable: &impl Fn(&MemArg, u64) -> bool,
) -> Option<Candidate> {
    let mut locals = Vec::new();
    for declared in body.get_locals_reader().ok()? {
        let (count, ty) = declared.ok()?;
        if count > MAX_LOCALS.checked_sub(params + locals.len() as u32)? {
            return None;
        }
        let ty = ValType::from_parser(ty, module).ok()?;
        locals.resize(locals.len() + count as usize, ty);
    }
    let mut operators = body.get_operators_reader().ok()?;
    let mut count = 0;
    let mut changed = false;
    while !operators.eof() {
        let operator = operators.read().ok()?;
        let is_allowed = match access(&operator) {
            Some((memarg, size)) => !changed && checkable(memarg, size),
            None => is_harmless(&operator),
        };
        if count > MAX_CALLEE || !is_allowed {
            return None;
        }
        changed |= changes(&operator) || straight && branches(&operator);
        count += 1;
    }
    Some(Candidate { operators: count.checked_sub(1)?, locals })
}
