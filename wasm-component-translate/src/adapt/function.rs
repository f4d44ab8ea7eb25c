//! An adapter as a whole: the function that the caller calls in place of the one that it imports.

use wasm_component::instance_flags::{HAS_CONTEXT, MAY_ENTER, MAY_LEAVE};
use wasm_component::{AdapterTrap, FlatType};
use wasm_encoder::{BlockType, Catch};

use super::body::{Body, Local};
use super::call::Call;
use super::copy::{Copier, Place};
use super::memory::Bytes;
use super::module::{Builder, End, MemoryRef, Signature};
use super::refusal::invalid;
use super::shape::{Entry, ShapeId};
use crate::error::Error;

/// How the parameters and the result of a function are passed.
struct Passing {
    /// The parameters as core values, if there are few enough.
    params: Option<Vec<FlatType>>,
    /// The result as core values, if there are no more than one.
    result: Option<Vec<FlatType>>,
}

impl Passing {
    fn new(builder: &Builder<'_>, call: &Call) -> Self {
        let flat = |shape: ShapeId| builder.shapes[shape].flat.as_deref().map(<[_]>::to_vec);
        Self {
            params: flat(call.params),
            result: match call.result {
                Some(result) => flat(result).filter(|flat| flat.len() <= 1),
                None => Some(Vec::new()),
            },
        }
    }

    /// The signature that the caller imports: a result that is not a core value goes where the last
    /// parameter says.
    fn lowered(&self) -> Signature {
        let (mut params, results) = self.lifted();
        match &self.result {
            Some(_) => (params, results),
            None => {
                params.push(FlatType::I32);
                (params, Vec::new())
            }
        }
    }

    /// The signature that the callee has: a result that is not a core value is where the result
    /// says.
    fn lifted(&self) -> Signature {
        let in_memory = || vec![FlatType::I32];
        let params = self.params.clone().unwrap_or_else(in_memory);
        (params, self.result.clone().unwrap_or_else(in_memory))
    }
}

/// Writes an adapter, and gives its index.
pub(super) fn write(builder: &mut Builder<'_>, call: &Call) -> Result<u32, Error> {
    let passing = Passing::new(builder, call);
    let (params, results) = passing.lowered();
    let index = builder.declare(&params, &results);

    if call.recursive {
        let body = always_trap(builder, call, &params);
        builder.define(index, body)?;
        return Ok(index);
    }

    let (lifted_params, lifted_results) = passing.lifted();
    let callee = builder.function(&call.function, &lifted_params, &lifted_results);
    let caller_flags = builder.flags(&call.caller.flags);
    let callee_flags = builder.flags(&call.callee.flags);
    let (source, target) = (builder.end(&call.caller), builder.end(&call.callee));
    let scope = call
        .scope
        .as_ref()
        .map(|(enter, exit)| (builder.function(enter, &[], &[]), builder.function(exit, &[], &[])));

    let (body, params) = Body::new(&params);
    let mut copier = Copier { builder, body, source, target };
    copier.trap_if_not(caller_flags, MAY_LEAVE, AdapterTrap::CannotLeave);
    copier.trap_if_not(callee_flags, MAY_ENTER, AdapterTrap::CannotEnter);
    // What calls before this one have set for themselves is not this one's.
    copier.clear(callee_flags, MAY_ENTER | HAS_CONTEXT);
    if call.exceptions {
        copier.begin_barrier();
    }
    if let Some((enter, _)) = scope {
        copier.body.call(enter);
    }

    copier.params(call.params, &passing, &params, callee_flags)?;
    copier.body.call(callee);
    let returned = copier.pop_all(&lifted_results);
    let results = copier.result(call, &passing, (&params, &returned), (source, target))?;

    if let Some(post_return) = &call.post_return {
        let post_return = copier.builder.function(post_return, &lifted_results, &[]);
        copier.clear(callee_flags, MAY_LEAVE);
        for local in &returned {
            copier.body.push(*local);
        }
        copier.body.call(post_return);
        copier.set(callee_flags, MAY_LEAVE);
    }
    if let Some((_, exit)) = scope {
        copier.body.call(exit);
    }
    if call.exceptions {
        copier.end_barrier();
    }
    copier.set(callee_flags, MAY_ENTER);
    for local in results {
        copier.body.push(local);
    }
    let body = copier.body;
    builder.define(index, body)?;
    Ok(index)
}

/// The code of a function that is in a call whenever it is called.
fn always_trap(builder: &mut Builder<'_>, call: &Call, params: &[FlatType]) -> Body {
    let flags = builder.flags(&call.caller.flags);
    let encoding = call.caller.encoding;
    let nothing = End { memory: None, realloc: None, encoding, realloc_flags: None };
    let (body, _) = Body::new(params);
    let mut copier = Copier { builder, body, source: nothing, target: nothing };
    copier.trap_if_not(flags, MAY_LEAVE, AdapterTrap::CannotLeave);
    copier.trap(AdapterTrap::CannotEnter);
    copier.body
}

impl Copier<'_, '_> {
    /// Pushes the parameters of the callee.
    fn params(
        &mut self,
        shape: ShapeId,
        passing: &Passing,
        params: &[Local],
        callee_flags: u32,
    ) -> Result<(), Error> {
        let entry = &self.builder.shapes[shape];
        // `realloc` must not call out.
        let guarded = entry.allocates || passing.params.is_none();
        if guarded {
            self.clear(callee_flags, MAY_LEAVE);
        }
        let targets = match &passing.params {
            Some(types) => {
                let targets: Vec<_> = types.iter().map(|ty| self.body.local(*ty)).collect();
                let sources = params.get(..targets.len()).unwrap_or_default();
                self.inline(shape, Place::Flat(sources), Place::Flat(&targets))?;
                targets
            }
            None => {
                let source = first(params)?;
                let memory = self.source_memory()?;
                self.check_area(source, memory, entry);
                let target = self.word();
                let bytes = Bytes::Constant(entry.layout.size);
                let trap = AdapterTrap::PointerOutOfBounds;
                self.allocate(target, entry.layout.align, bytes, trap)?;
                self.inline(
                    shape,
                    Place::Memory { address: source, offset: 0 },
                    Place::Memory { address: target, offset: 0 },
                )?;
                vec![target]
            }
        };
        if guarded {
            self.set(callee_flags, MAY_LEAVE);
        }
        for target in targets {
            self.body.push(target);
        }
        Ok(())
    }

    /// Copies the result to the caller, and gives the locals that the adapter returns.
    fn result(
        &mut self,
        call: &Call,
        passing: &Passing,
        (params, returned): (&[Local], &[Local]),
        (caller, callee): (End, End),
    ) -> Result<Vec<Local>, Error> {
        let Some(shape) = call.result else { return Ok(Vec::new()) };
        // Back, the other way round.
        (self.source, self.target) = (callee, caller);
        let caller_flags = self.builder.flags(&call.caller.flags);
        let entry = &self.builder.shapes[shape];
        if entry.allocates {
            self.clear(caller_flags, MAY_LEAVE);
        }
        let results = match &passing.result {
            Some(types) => {
                let results: Vec<_> = types.iter().map(|ty| self.body.local(*ty)).collect();
                self.value(shape, Place::Flat(returned), Place::Flat(&results))?;
                results
            }
            None => {
                let (source, target) = (first(returned)?, last(params)?);
                self.check_area(source, self.source_memory()?, entry);
                self.check_area(target, self.target_memory()?, entry);
                self.value(
                    shape,
                    Place::Memory { address: source, offset: 0 },
                    Place::Memory { address: target, offset: 0 },
                )?;
                Vec::new()
            }
        };
        if entry.allocates {
            self.set(caller_flags, MAY_LEAVE);
        }
        Ok(results)
    }
}

impl Copier<'_, '_> {
    /// Checks that a value can be where a pointer says.
    fn check_area(&mut self, address: Local, memory: MemoryRef, entry: &Entry) {
        let bytes = Bytes::Constant(entry.layout.size);
        self.check_aligned(address, entry.layout.align);
        self.check_bounds(memory, address, bytes, AdapterTrap::PointerOutOfBounds);
    }

    /// Begins what exceptions must not come out of.
    fn begin_barrier(&mut self) {
        self.body
            .code()
            .block(BlockType::Empty)
            .block(BlockType::Empty)
            .try_table(BlockType::Empty, [Catch::All { label: 0 }]);
    }

    /// Ends what exceptions must not come out of, and traps if one does.
    fn end_barrier(&mut self) {
        self.body.code().br(2).end().end();
        self.trap(AdapterTrap::UncaughtException);
        self.body.code().end();
    }

    /// Traps, if a flag is not set.
    fn trap_if_not(&mut self, flags: u32, flag: i32, trap: AdapterTrap) {
        self.body.code().global_get(flags).i32_const(flag).i32_and().i32_eqz();
        self.trap_if(trap);
    }

    pub(super) fn clear(&mut self, flags: u32, flag: i32) {
        self.body.code().global_get(flags).i32_const(!flag).i32_and().global_set(flags);
    }

    pub(super) fn set(&mut self, flags: u32, flag: i32) {
        self.body.code().global_get(flags).i32_const(flag).i32_or().global_set(flags);
    }

    /// Pops values into new locals.
    fn pop_all(&mut self, types: &[FlatType]) -> Vec<Local> {
        let locals: Vec<_> = types.iter().map(|ty| self.body.local(*ty)).collect();
        for local in locals.iter().rev() {
            self.body.pop(*local);
        }
        locals
    }
}

fn first(locals: &[Local]) -> Result<Local, Error> {
    locals.first().copied().ok_or_else(|| invalid("an adapter has no pointer"))
}

fn last(locals: &[Local]) -> Result<Local, Error> {
    locals.last().copied().ok_or_else(|| invalid("an adapter has no pointer"))
}
