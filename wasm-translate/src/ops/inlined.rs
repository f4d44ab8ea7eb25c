//! A call that is replaced by the body of what it calls: a construct of its own, with locals of its
//! own.
//!
//! An access to memory out of bounds must trap in the function that was to be called. So each
//! access is checked first, and if it would trap, the function is called after all: nothing was
//! changed until then, so it comes to the same place, and traps there.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Endianness, InstBuilder as _, MemFlagsData, Value, types};
use wasm_types::wasmparser::FunctionBody;
use wasm_types::{FuncIndex, TrapCode, ValType};

use super::check_types;
use crate::control_stack::FrameKind;
use crate::environ::{FuncEnvironment, HeapAccess, Values};
use crate::error::{Error, ErrorKind};
use crate::function::zero;
use crate::translator::{FuncTranslator, Inlined};
use crate::trap::clif_trap_code;

/// Translates the body of a function in place of a call of it, with its results on the operand
/// stack; `false` if the call is not one to be replaced.
///
/// All of it belongs to the place of the call in the binary, since nothing in it traps.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    func: FuncIndex,
    args: &Values,
) -> Result<bool, Error> {
    let Some(sites) = t.inlining.filter(|sites| sites.contains(t.offset)) else { return Ok(false) };
    let Some(inlinee) = sites.inlinee(func) else { return Ok(false) };
    check_types(t.env, inlinee.locals)?;

    // Variables are numbered in the order in which they are declared.
    let mut first = None;
    for arg in args {
        let ty = t.ty(*arg);
        let variable = t.builder.declare_var(ty);
        t.builder.def_var(variable, *arg);
        first.get_or_insert(variable);
    }
    for ty in inlinee.locals {
        let ty = t.clif_type(*ty);
        let variable = t.builder.declare_var(ty);
        let value = zero(&mut t.builder, ty);
        t.builder.def_var(variable, value);
        first.get_or_insert(variable);
    }

    let results: Vec<ValType> = t.env.module().type_of_func(func).results().to_vec();
    let end = t.new_block(&results);
    let first = first.map_or(0, |variable| variable.as_u32());
    let callers_first = std::mem::replace(&mut t.first_local, first);
    let frame = t.stacks.frames.len();
    t.inlined = Some(Inlined { frame, func, args: args.clone(), trapping: None });
    t.enter(FrameKind::Block, end, results.len(), 0);
    t.env.enter_inlined(&mut t.builder, func)?;
    let result = translate_body(t, &inlinee.body);
    t.first_local = callers_first;
    if let Some(block) = t.inlined.take().and_then(|inlined| inlined.trapping) {
        t.builder.seal_block(block);
    }
    result.map(|()| true)
}

/// Translates all operators of a body that was found to be valid; the last one ends its frame.
fn translate_body<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    body: &FunctionBody<'_>,
) -> Result<(), Error> {
    let invalid =
        |error: wasm_types::wasmparser::Error| Error::new(ErrorKind::Invalid, format!("{error}"));
    let mut operators = body.get_operators_reader().map_err(invalid)?;
    while !operators.eof() {
        let op = operators.read().map_err(invalid)?;
        if t.reachable {
            t.env.before_operator(&mut t.builder, &op)?;
        }
        super::translate(t, &op)?;
    }
    Ok(())
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
