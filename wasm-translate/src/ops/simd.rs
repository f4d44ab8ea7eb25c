//! 128-bit vectors: the dispatcher over the families of vector operators.

use wasm_types::wasmparser::Operator;

use super::vectors::supported;
use super::{
    relaxed_simd, simd_compare, simd_convert, simd_float, simd_integer, simd_lanes, simd_memory,
};
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates a vector operator, relaxed or not; `false` if it is none.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    let handled = simd_memory::translate(t, op)?
        || simd_lanes::translate(t, op)?
        || simd_integer::translate(t, op)?
        || simd_float::translate(t, op)?
        || simd_compare::translate(t, op)?
        || simd_convert::translate(t, op)?
        || relaxed_simd::translate(t, op)?;
    if handled {
        supported(t.env.isa())?;
    }
    Ok(handled)
}
