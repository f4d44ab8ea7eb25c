//! Locals and globals (Wasm 3.0, sections 4.6.4 and 4.6.5).

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
            let value = t.builder.use_var(t.local(local_index));
            t.note_local(local_index, value);
            t.push(value);
        }
        Operator::LocalSet { local_index } => {
            let value = t.pop_canonical();
            t.builder.def_var(t.local(local_index), value);
            t.keep_local(local_index, value);
        }
        Operator::LocalTee { local_index } => {
            let value = t.pop_canonical();
            t.builder.def_var(t.local(local_index), value);
            t.keep_local(local_index, value);
            t.push(value);
        }
        Operator::GlobalGet { global_index } => {
            let ty = t.env.module().globals[global_index as usize].content;
            check_types(t.env, [&ty])?;
            let value = t.env.global_get(&mut t.builder, GlobalIndex::new(global_index))?;
            t.note_reference(value, ty);
            t.push(value);
        }
        Operator::GlobalSet { global_index } => {
            let value = t.pop_canonical();
            t.env.global_set(&mut t.builder, GlobalIndex::new(global_index), value)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
