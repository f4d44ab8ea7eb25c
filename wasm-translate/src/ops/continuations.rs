//! Continuations (the stack switching proposal).

use cranelift_codegen::ir::{Block, BlockCall, InstBuilder as _, JumpTableData, Value};
use smallvec::SmallVec;
use wasm_types::wasmparser::{Handle, Operator, ResumeTable};
use wasm_types::{
    CompositeType, FuncType, HeapType, RefType, TagIndex, TypeIndex, TypeKind, ValType,
};

use super::branch::block_args;
use super::objects::pop_values;
use super::types::check_types;
use crate::environ::{FuncEnvironment, ResumeHandler, ResumeWith, Resumed, Values};
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match op {
        Operator::ContNew { cont_type_index } => {
            let func = t.pop();
            t.budget.blocks(1, 0)?;
            let made = t.env.cont_new(&mut t.builder, func)?;
            t.push_object(made, TypeIndex::new(*cont_type_index), TypeKind::Cont);
        }
        Operator::ContBind { argument_index, result_index } => {
            let from = TypeIndex::new(*argument_index);
            let to = TypeIndex::new(*result_index);
            let continuation = t.pop();
            let (before, after) = (func_of(t, from)?, func_of(t, to)?);
            let bound = before.params().len().saturating_sub(after.params().len());
            let args = pop(t, &before.params()[..bound])?;
            t.budget.blocks(1, 0)?;
            let made = t.env.cont_bind(&mut t.builder, from, continuation, &args)?;
            t.push_object(made, to, TypeKind::Cont);
        }
        Operator::Suspend { tag_index } => {
            let tag = TagIndex::new(*tag_index);
            let ty = t.env.module().type_of_tag(tag).clone();
            let values = pop(t, ty.params())?;
            t.count_object(values.len())?;
            t.count_handlers()?;
            check_types(t.env, ty.results())?;
            let results = t.env.suspend(&mut t.builder, tag, &values)?;
            push(t, ty.results(), &results)?;
        }
        Operator::Resume { cont_type_index, resume_table } => {
            let ty = TypeIndex::new(*cont_type_index);
            let continuation = t.pop();
            let func = func_of(t, ty)?;
            let args = pop(t, func.params())?;
            resume(t, ty, continuation, ResumeWith::Values(&args), resume_table)?;
        }
        Operator::ResumeThrow { cont_type_index, tag_index, resume_table } => {
            let ty = TypeIndex::new(*cont_type_index);
            let tag = TagIndex::new(*tag_index);
            let continuation = t.pop();
            let values = t.env.module().type_of_tag(tag).clone();
            let values = pop(t, values.params())?;
            resume(t, ty, continuation, ResumeWith::Throw(tag, &values), resume_table)?;
        }
        Operator::ResumeThrowRef { cont_type_index, resume_table } => {
            let ty = TypeIndex::new(*cont_type_index);
            let continuation = t.pop();
            let exception = t.pop();
            resume(t, ty, continuation, ResumeWith::ThrowRef(exception), resume_table)?;
        }
        Operator::Switch { cont_type_index, tag_index } => {
            let ty = TypeIndex::new(*cont_type_index);
            let tag = TagIndex::new(*tag_index);
            let continuation = t.pop();
            let func = func_of(t, ty)?;
            let resumed_with = switched_with(t, &func)?;
            let args = func.params().len().saturating_sub(1);
            let args = pop(t, &func.params()[..args])?;
            t.count_object(args.len())?;
            t.count_handlers()?;
            let results = t.env.switch(&mut t.builder, ty, tag, continuation, &args)?;
            push(t, resumed_with.params(), &results)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The type of the functions of a type of continuations.
fn func_of<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
) -> Result<FuncType, Error> {
    let module = t.env.module();
    let of = match module.types.get(ty.index()).map(|ty| &ty.composite) {
        Some(CompositeType::Cont(of)) => module.func_type(of.0),
        _ => None,
    };
    let wrong = || Error::new(ErrorKind::Codegen, format!("type {ty} is no continuation type"));
    of.cloned().ok_or_else(wrong)
}

/// The type of the functions of the continuation that a switch hands over: what that is resumed
/// with, the switch returns.
fn switched_with<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    func: &FuncType,
) -> Result<FuncType, Error> {
    match func.params().last() {
        Some(ValType::Ref(RefType { heap: HeapType::Concrete(ty, TypeKind::Cont), .. })) => {
            func_of(t, *ty)
        }
        _ => Err(Error::new(ErrorKind::Codegen, "a switch hands over no continuation")),
    }
}

/// Pops operands of the given types.
fn pop<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    types: &[ValType],
) -> Result<Values, Error> {
    check_types(t.env, types)?;
    t.budget.signature(types.len(), 0)?;
    t.budget.operators(types.len())?;
    Ok(pop_values(t, types.len()))
}

/// Pushes values of the given types.
fn push<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    types: &[ValType],
    values: &[Value],
) -> Result<(), Error> {
    t.budget.operators(types.len())?;
    for (value, ty) in values.iter().zip(types) {
        t.note_reference(*value, *ty);
    }
    t.push_all(values);
    Ok(())
}

fn resume<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: TypeIndex,
    continuation: Value,
    with: ResumeWith<'_>,
    table: &ResumeTable,
) -> Result<(), Error> {
    let func = func_of(t, ty)?;
    check_types(t.env, func.results())?;
    t.budget.blocks(3 + table.handlers.len(), 2)?;
    t.budget.operators(table.handlers.len())?;
    t.count_handlers()?;
    let handlers: Vec<ResumeHandler> = (table.handlers.iter())
        .map(|handle| match *handle {
            Handle::OnLabel { tag, .. } => ResumeHandler::Label(TagIndex::new(tag)),
            Handle::OnSwitch { tag } => ResumeHandler::Switch(TagIndex::new(tag)),
        })
        .collect();
    let resumed = t.env.resume(&mut t.builder, continuation, with, &handlers)?;
    let labels: SmallVec<[(TagIndex, u32); 4]> = (table.handlers.iter())
        .filter_map(|handle| match *handle {
            Handle::OnLabel { tag, label } => Some((TagIndex::new(tag), label)),
            Handle::OnSwitch { .. } => None,
        })
        .collect();
    dispatch(t, resumed, &labels)?;
    let results = t.env.resumed_results(&mut t.builder, ty, resumed)?;
    push(t, func.results(), &results)
}

/// Goes on at the labels that handle suspensions, and here if the function has returned.
fn dispatch<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    resumed: Resumed,
    labels: &[(TagIndex, u32)],
) -> Result<(), Error> {
    if labels.is_empty() {
        return Ok(());
    }
    let returned = t.builder.create_block();
    let blocks: Vec<Block> = labels.iter().map(|_| t.builder.create_block()).collect();
    match blocks[..] {
        [suspended] => {
            t.builder.ins().brif(resumed.outcome, suspended, &[], returned, &[]);
        }
        _ => {
            let place = t.builder.ins().iadd_imm_s(resumed.outcome, -1);
            let pool = &mut t.builder.func.dfg.value_lists;
            let default = BlockCall::new(returned, [], pool);
            let targets: Vec<_> =
                (blocks.iter()).map(|block| BlockCall::new(*block, [], pool)).collect();
            let table = t.builder.create_jump_table(JumpTableData::new(default, &targets));
            t.builder.ins().br_table(place, table);
        }
    }
    for (block, (tag, label)) in blocks.into_iter().zip(labels) {
        t.builder.seal_block(block);
        t.builder.switch_to_block(block);
        enter_label(t, resumed, *tag, *label)?;
    }
    t.builder.seal_block(returned);
    t.builder.switch_to_block(returned);
    Ok(())
}

/// Branches to a label with what a continuation was suspended with.
fn enter_label<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    resumed: Resumed,
    tag: TagIndex,
    label: u32,
) -> Result<(), Error> {
    let params = t.env.module().type_of_tag(tag).params().to_vec();
    check_types(t.env, &params)?;
    t.budget.signature(params.len(), 0)?;
    t.budget.operators(params.len())?;
    let values = t.env.suspended_values(&mut t.builder, tag, resumed)?;
    for (value, ty) in values.iter().zip(&params) {
        t.note_reference(*value, *ty);
    }
    if let Some(continuation) = values.last() {
        let ty = RefType { nullable: false, heap: HeapType::Cont };
        t.note_reference(*continuation, ValType::Ref(ty));
    }
    let (target, arity) = t.branch_target(label);
    t.budget.blocks(1, arity)?;
    t.builder.ins().jump(target, &block_args(&values));
    Ok(())
}
