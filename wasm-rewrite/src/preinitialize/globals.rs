//! Globals with their values as initialisers.

use wasm_encoder::GlobalSection;
use wasm_encoder::reencode::Reencode;
use wasm_types::ModuleState;

use super::functions::Functions;
use super::objects::Objects;
use super::renumber::Renumber;
use crate::error::Error;
use crate::sections::{Origin, Source};

/// The globals that the output defines.
pub(super) fn globals(
    source: &Source<'_>,
    state: &ModuleState,
    objects: &Objects<'_>,
    renumber: &mut Renumber,
    functions: &mut Functions,
) -> Result<GlobalSection, Error> {
    let mut section = GlobalSection::new();
    objects.add_globals(&mut section, functions)?;
    for (global, state) in source.globals.iter().zip(&state.globals) {
        let initialiser = match (state, &global.origin) {
            (&Some(value), _) => objects.constant(value, global.ty.content_type, functions)?,
            (None, Origin::Defined(expression)) => {
                functions.add(expression)?;
                renumber.const_expr(expression.clone())?
            }
            (None, Origin::Imported { .. }) => continue,
        };
        section.global(renumber.global_type(global.ty)?, &initialiser);
    }
    Ok(section)
}
