//! One file per family of instructions, and the dispatcher over them.
//!
//! Each family's `translate` says whether the operator was one of its own.

mod branch_table;
mod bulk;
mod call;
mod control;
mod conversion;
mod float;
pub(crate) mod inlined;
mod integer;
mod memory;
mod parametric;
mod reference;
mod relaxed_simd;
mod simd;
mod simd_compare;
mod simd_convert;
mod simd_float;
mod simd_integer;
mod simd_lanes;
mod simd_memory;
mod small_bulk;
mod table;
mod variable;

use wasm_types::ValType;
use wasm_types::wasmparser::Operator;

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator, from what programs are mostly made of to what is rare.
pub(crate) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<(), Error> {
    if !t.reachable {
        return control::translate_unreachable(t, op);
    }
    let known = variable::translate(t, op)?
        || integer::translate(t, op)?
        || memory::translate(t, op)?
        || control::translate(t, op)?
        || parametric::translate(t, op)?
        || call::translate(t, op)?
        || float::translate(t, op)?
        || conversion::translate(t, op)?
        || reference::translate(t, op)?
        || table::translate(t, op)?
        || bulk::translate(t, op)?
        || simd::translate(t, op)?;
    if known { Ok(()) } else { Err(Error::unsupported(operator_name(op))) }
}

/// Whether values of a type can exist on the target at all. Vectors do not only come from vector
/// operators, but also from parameters, locals, globals and calls.
pub(crate) fn check_types<'t, E: FuncEnvironment + ?Sized>(
    env: &E,
    types: impl IntoIterator<Item = &'t ValType>,
) -> Result<(), Error> {
    if types.into_iter().any(|ty| *ty == ValType::V128) {
        simd::supported(env.isa())
    } else {
        Ok(())
    }
}

/// What the operator is called, for an error: the name without its immediates.
fn operator_name(op: &Operator<'_>) -> String {
    let debug = format!("{op:?}");
    let end = debug.find(|c: char| !c.is_alphanumeric()).unwrap_or(debug.len());
    format!("the operator {}", &debug[..end])
}
