//! Calls (Wasm 3.0, section 4.6.8), of which the environment decides how they are made.

use cranelift_codegen::ir::Value;
use wasm_types::profile::PointKind;
use wasm_types::wasmparser::Operator;
use wasm_types::{FuncIndex, FuncType, TableIndex, TypeIndex, ValType};

use super::inlined::return_call;
use super::types::check_types;
use crate::environ::{FuncEnvironment, Values};
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::Call { function_index } => {
            let func = FuncIndex::new(function_index);
            let args = pop_args_of(t, func)?;
            t.count_handlers()?;
            let results = t.env.call(&mut t.builder, func, &args)?;
            note_results(t, TypeOf::Func(func), &results)?;
            t.push_all(&results);
        }
        Operator::CallIndirect { type_index, table_index } => {
            let (ty, table) = (TypeIndex::new(type_index), TableIndex::new(table_index));
            let index = t.pop();
            let count = check_type(t, TypeOf::Type(ty))?;
            let args = pop_args(t, count);
            t.count_handlers()?;
            note_callee(t);
            let results = t.env.call_indirect(&mut t.builder, table, ty, index, &args)?;
            note_results(t, TypeOf::Type(ty), &results)?;
            t.push_all(&results);
        }
        Operator::ReturnCall { function_index } => {
            let func = FuncIndex::new(function_index);
            if let Some(inlined) = t.inlined {
                return_call(t, inlined, func)?;
                return Ok(true);
            }
            let args = pop_args_of(t, func)?;
            t.env.return_call(&mut t.builder, func, &args)?;
            t.reachable = false;
        }
        Operator::ReturnCallIndirect { type_index, table_index } => {
            let (ty, table) = (TypeIndex::new(type_index), TableIndex::new(table_index));
            let index = t.pop();
            let count = check_type(t, TypeOf::Type(ty))?;
            let args = pop_args(t, count);
            note_callee(t);
            t.env.return_call_indirect(&mut t.builder, table, ty, index, &args)?;
            t.reachable = false;
        }
        Operator::CallRef { type_index } => {
            let ty = TypeIndex::new(type_index);
            let callee = t.pop();
            let count = check_type(t, TypeOf::Type(ty))?;
            let args = pop_args(t, count);
            t.count_handlers()?;
            note_callee(t);
            let results = t.env.call_ref(&mut t.builder, ty, callee, &args)?;
            note_results(t, TypeOf::Type(ty), &results)?;
            t.push_all(&results);
        }
        Operator::ReturnCallRef { type_index } => {
            let ty = TypeIndex::new(type_index);
            let callee = t.pop();
            let count = check_type(t, TypeOf::Type(ty))?;
            let args = pop_args(t, count);
            note_callee(t);
            t.env.return_call_ref(&mut t.builder, ty, callee, &args)?;
            t.reachable = false;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Says what a profile knows of the function that is called, or has it counted.
fn note_callee<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>) {
    if let Some(counter) = t.counter(PointKind::Indirect) {
        t.env.count_next_callee(counter);
    }
    let expected = t.flow.and_then(|flow| flow.call(t.offset)?.callee);
    if let Some(callee) = expected {
        t.env.expect_callee(callee);
    }
}

/// Pops the arguments of a call of a function, in order and in canonical form.
pub(super) fn pop_args_of<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    func: FuncIndex,
) -> Result<Values, Error> {
    let count = check_type(t, TypeOf::Func(func))?;
    Ok(pop_args(t, count))
}

fn func_type<'t, E: FuncEnvironment + ?Sized>(
    t: &'t FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
) -> Result<&'t FuncType, Error> {
    let unknown = || Error::new(ErrorKind::Codegen, format!("type {ty} is no function type"));
    t.env.module().func_type(ty).ok_or_else(unknown)
}

/// Whose type a call has.
enum TypeOf {
    Func(FuncIndex),
    Type(TypeIndex),
}

/// Makes sure that the target has all types of a signature, and that there are not too many;
/// returns the number of parameters.
fn check_type<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: TypeOf,
) -> Result<usize, Error> {
    let ty = match ty {
        TypeOf::Func(func) => t.env.module().type_of_func(func),
        TypeOf::Type(ty) => func_type(t, ty)?,
    };
    let (params, results) = (ty.params().len(), ty.results().len());
    check_types(t.env, ty.params().iter().chain(ty.results()))?;
    t.budget.signature(params, results)?;
    t.budget.operators(params + results)?;
    Ok(params)
}

/// Notes the references among the results of a call of a function.
pub(super) fn note_results_of<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    func: FuncIndex,
    results: &[Value],
) -> Result<(), Error> {
    note_results(t, TypeOf::Func(func), results)
}

/// Notes the references among the results of a call.
fn note_results<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: TypeOf,
    results: &[Value],
) -> Result<(), Error> {
    let types = match ty {
        TypeOf::Func(func) => t.env.module().type_of_func(func),
        TypeOf::Type(ty) => func_type(t, ty)?,
    };
    let is_collected = |ty: &ValType| t.env.is_collected(*ty);
    if !types.results().iter().any(is_collected) {
        return Ok(());
    }
    let types = types.clone();
    for (value, ty) in results.iter().zip(types.results()) {
        t.note_reference(*value, *ty);
    }
    Ok(())
}

/// Pops the arguments of a call, in order and in canonical form.
fn pop_args<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    count: usize,
) -> Values {
    t.canonicalize_top(count);
    let start = t.stacks.values.len() - count;
    t.stacks.values.drain(start..).collect()
}
