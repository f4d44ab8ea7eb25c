//! Unboxed integers, and casts (Wasm 3.0, sections 4.6.3 and 4.6.8).

use cranelift_codegen::ir::InstBuilder as _;
use wasm_types::wasmparser::{self, Operator};
use wasm_types::{HeapType, RefType};

use super::branch::{block_args, return_from_function};
use crate::environ::{Extension, FuncEnvironment, Reference, TypeTest};
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::RefTestNonNull { hty } => test(t, false, hty)?,
        Operator::RefTestNullable { hty } => test(t, true, hty)?,
        Operator::RefCastNonNull { hty } => cast(t, false, hty)?,
        Operator::RefCastNullable { hty } => cast(t, true, hty)?,
        Operator::BrOnCast { relative_depth, to_ref_type, .. } => {
            branch(t, relative_depth, to_ref_type, true)?;
        }
        Operator::BrOnCastFail { relative_depth, to_ref_type, .. } => {
            branch(t, relative_depth, to_ref_type, false)?;
        }
        Operator::RefI31 => {
            let value = t.pop();
            let value = t.env.ref_i31(&mut t.builder, value)?;
            t.push(value);
        }
        Operator::I31GetS => i31_get(t, Extension::Signed)?,
        Operator::I31GetU => i31_get(t, Extension::Unsigned)?,
        Operator::RefEq => {
            let (a, b) = t.pop2();
            let flag = t.env.ref_eq(&mut t.builder, a, b)?;
            t.push(flag);
        }
        Operator::AnyConvertExtern => {
            let value = t.pop();
            let value = t.env.any_convert_extern(&mut t.builder, value)?;
            t.push_converted(value, HeapType::Any);
        }
        Operator::ExternConvertAny => {
            let value = t.pop();
            let value = t.env.extern_convert_any(&mut t.builder, value)?;
            t.push_converted(value, HeapType::Extern);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn i31_get<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    extension: Extension,
) -> Result<(), Error> {
    let reference = t.pop_reference();
    let value = t.env.i31_get(&mut t.builder, reference, extension)?;
    t.push(value);
    Ok(())
}

/// What a cast of the top operand asks, which stays on the stack.
fn type_test<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    nullable: bool,
    heap: wasmparser::HeapType,
) -> Result<TypeTest, Error> {
    let heap = HeapType::from_parser(heap, t.env.module()).map_err(Error::unsupported)?;
    t.budget.blocks(3, 0)?;
    let value = t.pop();
    t.push(value);
    let known = t.operand;
    Ok(TypeTest {
        reference: Reference { value, nullable: known.nullable },
        may_be_i31: known.may_be_i31,
        is_certain: known.is_certain,
        target: RefType { nullable, heap },
    })
}

fn test<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    nullable: bool,
    heap: wasmparser::HeapType,
) -> Result<(), Error> {
    let test = type_test(t, nullable, heap)?;
    let flag = t.env.ref_test(&mut t.builder, test)?;
    t.pop();
    t.push(flag);
    Ok(())
}

fn cast<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    nullable: bool,
    heap: wasmparser::HeapType,
) -> Result<(), Error> {
    let test = type_test(t, nullable, heap)?;
    t.env.ref_cast(&mut t.builder, test)
}

/// `br_on_cast`, or `br_on_cast_fail`: with the operand to the target, and on with it.
fn branch<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    depth: u32,
    to: wasmparser::RefType,
    if_of_type: bool,
) -> Result<(), Error> {
    let test = type_test(t, to.is_nullable(), to.heap_type())?;
    let (taken, next) = (t.builder.create_block(), t.builder.create_block());
    match t.is_likely() {
        Some(true) => t.builder.set_cold_block(next),
        Some(false) => t.builder.set_cold_block(taken),
        None => {}
    }
    let (is_of_type, is_not) = if if_of_type { (taken, next) } else { (next, taken) };
    t.env.branch_on_cast(&mut t.builder, test, is_of_type, is_not)?;
    t.builder.seal_block(taken);
    t.builder.seal_block(next);
    t.builder.switch_to_block(taken);
    if t.frame_at(depth) == 0 {
        return_from_function(t)?;
    } else {
        let (target, arity) = t.branch_target(depth);
        t.budget.blocks(1, arity)?;
        let args = block_args(&t.top(arity));
        t.builder.ins().jump(target, &args);
    }
    t.builder.switch_to_block(next);
    t.reachable = true;
    Ok(())
}
