//! Which types the target has.

use wasm_types::ValType;

use super::vectors;
use crate::environ::FuncEnvironment;
use crate::error::Error;

/// Whether values of a type can exist on the target at all. Vectors do not only come from vector
/// operators, but also from parameters, locals, globals and calls.
pub(crate) fn check_types<'t, E: FuncEnvironment + ?Sized>(
    env: &E,
    types: impl IntoIterator<Item = &'t ValType>,
) -> Result<(), Error> {
    if types.into_iter().any(|ty| *ty == ValType::V128) {
        vectors::supported(env.isa())
    } else {
        Ok(())
    }
}
