//! References (Wasm 3.0, section 4.6.3).

use wasm_types::wasmparser::Operator;
use wasm_types::{FuncIndex, HeapType};

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::RefNull { hty } => {
            let ty = HeapType::from_parser(hty, t.env.module()).map_err(Error::unsupported)?;
            let value = t.env.ref_null(&mut t.builder, ty)?;
            t.push(value);
        }
        Operator::RefIsNull => {
            let value = t.pop();
            let flag = t.env.ref_is_null(&mut t.builder, value)?;
            t.push(flag);
        }
        Operator::RefAsNonNull => {
            let value = t.pop();
            let value = t.env.ref_as_non_null(&mut t.builder, value)?;
            t.push(value);
        }
        Operator::RefFunc { function_index } => {
            let value = t.env.ref_func(&mut t.builder, FuncIndex::new(function_index))?;
            t.push(value);
        }
        _ => return Ok(false),
    }
    Ok(true)
}
