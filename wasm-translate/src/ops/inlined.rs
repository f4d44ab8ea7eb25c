//! A call that is replaced by the body of what it calls: a construct of its own, with locals of its
//! own.

use cranelift_codegen::ir::SourceLoc;
use wasm_types::{FuncIndex, FunctionHints, ValType};

use super::branch::return_from_function;
use super::call::{note_results_of, pop_args_of};
use super::types::check_types;
use crate::control_stack::FrameKind;
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::flow::Flow;
use crate::inline::places::Here;
use crate::inline::{Plan, Site};
use crate::legacy_tries::LegacyTries;
use crate::live_references::LiveLocals;
use crate::loop_globals::LoopGlobals;
use crate::translator::{FuncTranslator, zero};

/// A body that stands in place of a call.
#[derive(Clone, Copy)]
pub(crate) struct Inlined {
    /// The place of its frame on the control stack.
    frame: usize,
    /// The call, in the place of the caller.
    call: SourceLoc,
}

/// What belongs to one body: while another one stands in place of a call, what is kept of the
/// caller.
pub(crate) struct Caller<'a> {
    first_local: u32,
    plan: Option<&'a Plan>,
    hints: Option<FunctionHints<'a>>,
    flow: Option<&'a Flow>,
    live_locals: LiveLocals,
    loop_globals: LoopGlobals,
    legacy_tries: LegacyTries,
    inlined: Option<Inlined>,
    /// Where the call is, from the start of the binary.
    offset: u64,
    place: SourceLoc,
    here: Here,
}

/// What is to be known of a body that replaces a call.
pub(crate) struct Callee<'a> {
    pub(crate) site: &'a Site,
    pub(crate) func: FuncIndex,
    /// Where its body starts, from the start of the binary.
    pub(crate) start: u64,
    pub(crate) hints: Option<FunctionHints<'a>>,
    /// How often it ran, by a profile.
    pub(crate) flow: Option<&'a Flow>,
    pub(crate) live_locals: LiveLocals,
    pub(crate) loop_globals: LoopGlobals,
    pub(crate) legacy_tries: LegacyTries,
}

/// Begins with the body of a function in place of a call of it: its arguments become its first
/// locals. [`declare_locals`] has to follow, and then its operators, of which the last leaves its
/// results on the operand stack.
pub(crate) fn begin<'a, E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'a, '_, E>,
    callee: Callee<'a>,
) -> Result<Caller<'a>, Error> {
    let Callee { site, func, start, .. } = callee;
    let args = pop_args_of(t, func)?;
    let place = t.builder.srcloc();
    let here = t.places.enter(func, t.offset, start);
    // Variables are numbered in the order in which they are declared.
    let ty = t.env.module().type_of_func(func).clone();
    let mut first_local = t.next_local;
    for (arg, ty) in args.iter().zip(ty.params()) {
        t.declare_local(*ty, *arg);
    }
    std::mem::swap(&mut t.first_local, &mut first_local);
    let end = t.new_block(ty.results());
    let inlined = Inlined { frame: t.stacks.frames.len(), call: place };
    let caller = Caller {
        first_local,
        plan: t.plan.replace(&site.inner),
        hints: std::mem::replace(&mut t.hints, callee.hints),
        flow: std::mem::replace(&mut t.flow, callee.flow),
        live_locals: std::mem::replace(&mut t.live_locals, callee.live_locals),
        loop_globals: std::mem::replace(&mut t.loop_globals, callee.loop_globals),
        legacy_tries: std::mem::replace(&mut t.legacy_tries, callee.legacy_tries),
        inlined: t.inlined.replace(inlined),
        offset: t.offset,
        place,
        here,
    };
    t.has_hints |= t.hints.is_some();
    t.enter(FrameKind::Block, end, ty.results().len(), 0);
    t.builder.set_srcloc(t.places.of(start)?);
    t.env.enter_inlined(&mut t.builder, func, site.has_calls)?;
    Ok(caller)
}

/// Declares further locals of one type.
pub(crate) fn declare_locals<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    count: u32,
    ty: ValType,
) -> Result<(), Error> {
    if count == 0 {
        return Ok(());
    }
    check_types(t.env, [&ty])?;
    let clif = t.clif_type(ty);
    let value = zero(&mut t.builder, clif);
    for _ in 0..count {
        t.declare_local(ty, value);
    }
    Ok(())
}

impl<'a> Caller<'a> {
    /// Continues after the call; the body has ended at an offset of the binary.
    pub(crate) fn end<E: FuncEnvironment + ?Sized>(
        self,
        t: &mut FuncTranslator<'a, '_, E>,
        end: u64,
    ) {
        t.places.leave(self.here, self.offset, end);
        t.first_local = self.first_local;
        t.plan = self.plan;
        t.hints = self.hints;
        t.flow = self.flow;
        t.live_locals = self.live_locals;
        t.loop_globals = self.loop_globals;
        t.legacy_tries = self.legacy_tries;
        t.inlined = self.inlined;
        t.offset = self.offset;
        t.builder.set_srcloc(self.place);
    }
}

/// `return_call` in a body that stands in place of a call. Its function is gone when the other one
/// runs: that is called by the caller, with what catches exceptions there, and the body is left
/// with its results.
pub(super) fn return_call<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    inlined: Inlined,
    func: FuncIndex,
) -> Result<(), Error> {
    let args = pop_args_of(t, func)?;
    let place = t.builder.srcloc();
    let around = t.handlers_at(inlined.frame - 1);
    t.set_handlers(&around)?;
    t.count_handlers()?;
    t.builder.set_srcloc(inlined.call);
    let results = t.env.call(&mut t.builder, func, &args)?;
    note_results_of(t, func, &results)?;
    t.push_all(&results);
    t.builder.set_srcloc(place);
    let here = t.handlers_here();
    t.set_handlers(&here)?;
    return_from_function(t)
}

impl Inlined {
    /// How many constructs are around the innermost one up to that of the body.
    pub(super) fn depth(self, frames: usize) -> u32 {
        (frames - 1 - self.frame) as u32
    }
}
