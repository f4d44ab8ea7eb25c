//! Locals and globals (Wasm 3.0, sections 4.6.4 and 4.6.5), and globals that a loop keeps in
//! registers.

use cranelift_codegen::ir::Value;
use cranelift_frontend::Variable;
use wasm_types::GlobalIndex;
use wasm_types::wasmparser::Operator;

use super::types::check_types;
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::LocalGet { local_index } => {
            let value = match t.kept_local(local_index)? {
                Some(value) => value,
                None => t.builder.use_var(t.local(local_index)),
            };
            t.note_local(local_index, value);
            t.push(value);
        }
        Operator::LocalSet { local_index } => {
            let value = t.pop_canonical();
            set_local(t, local_index, value);
        }
        Operator::LocalTee { local_index } => {
            let value = t.pop_canonical();
            set_local(t, local_index, value);
            t.push(value);
        }
        Operator::GlobalGet { global_index } => {
            if let Some(kept) = t.kept_global(global_index) {
                let value = t.builder.use_var(kept);
                t.push(value);
                return Ok(true);
            }
            let ty = t.env.module().globals[global_index as usize].content;
            check_types(t.env, [&ty])?;
            let value = t.env.global_get(&mut t.builder, GlobalIndex::new(global_index))?;
            t.note_reference(value, ty);
            t.push(value);
        }
        Operator::GlobalSet { global_index } => {
            let value = t.pop_canonical();
            t.env.global_set(&mut t.builder, GlobalIndex::new(global_index), value)?;
            if let Some(kept) = t.kept_global(global_index) {
                t.builder.def_var(kept, value);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn set_local<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    local: u32,
    value: Value,
) {
    t.keep_named(local, value);
    if !t.keep_local(local, value) {
        t.builder.def_var(t.local(local), value);
    }
}

/// The globals that a loop keeps in registers.
pub(crate) struct KeptGlobals {
    /// The place of the loop's frame on the control stack.
    frame: usize,
    /// What is in each of them.
    variables: Vec<(GlobalIndex, Variable)>,
}

/// Reads what a loop keeps, before it begins.
pub(super) fn keep_globals<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
) -> Result<(), Error> {
    if t.kept_globals.is_some() {
        return Ok(());
    }
    let globals = t.loop_globals.at(t.offset).to_vec();
    if globals.is_empty() {
        return Ok(());
    }
    let mut variables = Vec::with_capacity(globals.len());
    for global in globals {
        let ty = t.env.module().globals[global.index()].content;
        let value = t.env.global_get(&mut t.builder, global)?;
        variables.push((global, t.declare_local(ty, value)));
    }
    t.kept_globals = Some(KeptGlobals { frame: t.stacks.frames.len(), variables });
    Ok(())
}

/// The innermost loop has ended; its frame is gone.
pub(super) fn end_loop<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>) {
    let frames = t.stacks.frames.len();
    t.kept_globals.take_if(|kept| kept.frame == frames);
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// What is in a global, if a loop around the current place keeps it in a register.
    fn kept_global(&self, global: u32) -> Option<Variable> {
        let kept = self.kept_globals.as_ref()?;
        let mut variables = kept.variables.iter();
        let (_, variable) = variables.find(|(other, _)| other.as_u32() == global)?;
        Some(*variable)
    }
}
