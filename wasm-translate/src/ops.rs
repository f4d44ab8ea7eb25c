//! One file per family of instructions, and the dispatcher over them.
//!
//! Each family's `translate` says whether the operator was one of its own.

mod access;
mod arrays;
mod atomic;
mod branch;
mod branch_table;
mod bulk;
mod call;
mod casts;
mod continuations;
mod control;
mod conversion;
mod exceptions;
mod float;
mod inlined;
mod integer;
mod live;
mod memory;
mod objects;
mod parametric;
mod reference;
mod relaxed_simd;
mod signature;
mod simd;
mod simd_compare;
mod simd_convert;
mod simd_float;
mod simd_integer;
mod simd_lanes;
mod simd_memory;
mod small_bulk;
mod table;
mod types;
mod variable;
pub(crate) mod vectors;
mod wide;

use wasm_types::wasmparser::Operator;

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;
pub(crate) use inlined::{Callee, Inlined, begin as begin_inlined, declare_locals};
pub(crate) use types::check_types;
pub(crate) use variable::KeptGlobals;

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
        || objects::translate(t, op)?
        || arrays::translate(t, op)?
        || casts::translate(t, op)?
        || reference::translate(t, op)?
        || table::translate(t, op)?
        || bulk::translate(t, op)?
        || wide::translate(t, op)?
        || exceptions::translate(t, op)?
        || continuations::translate(t, op)?
        || atomic::translate(t, op)?
        || simd::translate(t, op)?;
    if known { Ok(()) } else { Err(Error::unsupported(operator_name(op))) }
}

/// What the operator is called, for an error: the name without its immediates.
fn operator_name(op: &Operator<'_>) -> String {
    let debug = format!("{op:?}");
    let end = debug.find(|c: char| !c.is_alphanumeric()).unwrap_or(debug.len());
    format!("the operator {}", &debug[..end])
}
