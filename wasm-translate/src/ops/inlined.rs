//! A call that is replaced by the body of what it calls: a construct of its own, with locals of its
//! own.
//!
//! An access to memory out of bounds must trap in the function that was to be called. So each
//! access is checked first, and if it would trap, the function is called after all: nothing was
//! changed until then, so it comes to the same place, and traps there.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Endianness, InstBuilder as _, MemFlagsData, Value, types};
use wasm_types::wasmparser::{self, Operator, OperatorsReader};
use wasm_types::{FuncIndex, TrapCode};

use super::call::pop_args_of;
use super::types::check_types;
use crate::control_stack::FrameKind;
use crate::environ::{FuncEnvironment, HeapAccess};
use crate::error::{Error, ErrorKind};
use crate::translator::{FuncTranslator, Inlined, zero};
use crate::trap::clif_trap_code;

/// The body that comes in place of a call, of which each operator is still to be translated.
pub(super) struct Body<'a> {
    operators: OperatorsReader<'a>,
    /// The first local of the function around it.
    callers_first: u32,
}

/// Begins with the body of a function in place of a call of it, which leaves its results on the
/// operand stack; `None` if the call is not one to be replaced.
pub(super) fn begin<'a, E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'a, '_, E>,
    func: FuncIndex,
) -> Result<Option<Body<'a>>, Error> {
    let Some(sites) = t.inlining.filter(|sites| sites.contains(t.offset)) else { return Ok(None) };
    let Some(inlinee) = sites.inlinee(func) else { return Ok(None) };
    let args = pop_args_of(t, func)?;
    check_types(t.env, inlinee.locals)?;

    // Variables are numbered in the order in which they are declared.
    let mut first = None;
    let ty = t.env.module().type_of_func(func).clone();
    for (arg, ty) in args.iter().zip(ty.params()) {
        let variable = t.declare_local(*ty, *arg);
        first.get_or_insert(variable);
    }
    for ty in inlinee.locals {
        let clif = t.clif_type(*ty);
        let value = zero(&mut t.builder, clif);
        let variable = t.declare_local(*ty, value);
        first.get_or_insert(variable);
    }

    let results = ty.results();
    let end = t.new_block(results);
    let first = first.map_or(0, |variable| variable.as_u32());
    let callers_first = std::mem::replace(&mut t.first_local, first);
    let frame = t.stacks.frames.len();
    t.inlined = Some(Inlined { frame, func, args, trapping: None });
    t.enter(FrameKind::Block, end, results.len(), 0);
    t.env.enter_inlined(&mut t.builder, func)?;
    let operators = inlinee.body.get_operators_reader().map_err(invalid)?;
    Ok(Some(Body { operators, callers_first }))
}

impl<'a> Body<'a> {
    /// The next operator of the body, which was found to be valid; the last one ends its frame.
    pub(super) fn next<E: FuncEnvironment + ?Sized>(
        &mut self,
        t: &mut FuncTranslator<'_, '_, E>,
    ) -> Result<Option<Operator<'a>>, Error> {
        if self.operators.eof() {
            return Ok(None);
        }
        let op = self.operators.read().map_err(invalid)?;
        if t.reachable {
            t.env.before_operator(&mut t.builder, &op)?;
        }
        Ok(Some(op))
    }

    /// Continues after the call.
    pub(super) fn end<E: FuncEnvironment + ?Sized>(self, t: &mut FuncTranslator<'_, '_, E>) {
        t.first_local = self.callers_first;
        if let Some(block) = t.inlined.take().and_then(|inlined| inlined.trapping) {
            t.builder.seal_block(block);
        }
    }
}

fn invalid(error: wasmparser::Error) -> Error {
    Error::new(ErrorKind::Invalid, format!("{error}"))
}

/// As [`heap::prepare_access`](crate::heap::prepare_access), in a body that replaces a call: the
/// access that is made can't trap.
pub(crate) fn prepare_access<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    access: HeapAccess,
) -> Result<(MemFlagsData, Value, i32), Error> {
    let unchecked =
        || Error::new(ErrorKind::Codegen, "an access that can't be checked was inlined");
    if !t.env.memory_is_reserved(access.memory) {
        return Err(unchecked());
    }
    let heap = t.env.heap(&mut t.builder, access.memory)?;
    let length = t.env.memory_length(&mut t.builder, access.memory)?;
    let offset = i32::try_from(access.offset).map_err(|_| unchecked())?;
    let index = t.builder.ins().uextend(types::I64, access.index);
    let end = i64::from(offset) + i64::from(access.size);
    let end = t.builder.ins().iadd_imm_s(index, end);
    let outside = t.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
    call_if(t, outside)?;
    let flags = MemFlagsData::new()
        .with_endianness(Endianness::Little)
        .with_trap_code(None)
        .with_alias_region(heap.alias_region);
    Ok((flags, t.builder.ins().iadd(heap.base, index), offset))
}

/// Calls the function that was replaced if the condition holds, to have it trap.
fn call_if<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    condition: Value,
) -> Result<(), Error> {
    let inlined = t.inlined.as_mut().expect("a body replaces a call");
    let next = t.builder.create_block();
    if let Some(trapping) = inlined.trapping {
        t.builder.ins().brif(condition, trapping, &[], next, &[]);
    } else {
        let trapping = t.builder.create_block();
        inlined.trapping = Some(trapping);
        t.builder.set_cold_block(trapping);
        t.builder.ins().brif(condition, trapping, &[], next, &[]);
        t.builder.switch_to_block(trapping);
        if t.env.undo_inlined(&mut t.builder)? {
            t.builder.seal_block(trapping);
            inlined.trapping = None;
        }
        t.env.call(&mut t.builder, inlined.func, &inlined.args)?;
        // It does not return.
        t.builder.ins().trap(clif_trap_code(TrapCode::MemoryOutOfBounds));
    }
    t.builder.seal_block(next);
    t.builder.switch_to_block(next);
    Ok(())
}
