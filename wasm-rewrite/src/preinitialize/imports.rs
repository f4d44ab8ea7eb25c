//! Imports, and the memories and tables that the output defines.

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{ImportSection, MemorySection, TableSection};
use wasm_types::ModuleState;
use wasmparser::{TableInit, TypeRef};

use super::renumber::Renumber;
use crate::error::Error;
use crate::sections::{Origin, Source};

/// The items that stay imported.
pub(super) fn imports(
    source: &Source<'_>,
    state: &ModuleState,
    renumber: &mut Renumber,
) -> Result<ImportSection, Error> {
    let mut section = ImportSection::new();
    let (mut memories, mut tables, mut globals) =
        (state.memories.iter(), state.tables.iter(), state.globals.iter());
    for import in &source.imports {
        // Imported items come first in each index space, in the order of the imports.
        let becomes_defined = match import.ty {
            TypeRef::Memory(_) => memories.next().is_some_and(Option::is_some),
            TypeRef::Table(_) => tables.next().is_some_and(Option::is_some),
            TypeRef::Global(_) => globals.next().is_some_and(Option::is_some),
            TypeRef::Func(_) | TypeRef::FuncExact(_) | TypeRef::Tag(_) => false,
        };
        if !becomes_defined {
            renumber.parse_import(&mut section, *import)?;
        }
    }
    Ok(section)
}

/// The memories, as large as in the state.
pub(super) fn memories(source: &Source<'_>, state: &ModuleState) -> MemorySection {
    let mut section = MemorySection::new();
    for (memory, state) in source.memories.iter().zip(&state.memories) {
        if let Some(state) = state {
            let mut ty = wasm_encoder::MemoryType::from(memory.ty);
            ty.minimum = state.pages;
            section.memory(ty);
        }
    }
    section
}

/// The tables, as large as in the state.
///
/// An initialiser stays only where the type has no null, so that it needs one. The contents of such
/// a table are in element segments, too.
pub(super) fn tables(
    source: &Source<'_>,
    state: &ModuleState,
    renumber: &mut Renumber,
) -> Result<TableSection, Error> {
    let mut section = TableSection::new();
    for (table, state) in source.tables.iter().zip(&state.tables) {
        let Some(state) = state else { continue };
        let mut ty = renumber.table_type(table.ty)?;
        ty.minimum = state.size;
        match &table.origin {
            Origin::Defined(TableInit::Expr(init)) if !ty.element_type.nullable => {
                section.table_with_init(ty, &renumber.const_expr(init.clone())?);
            }
            _ => {
                section.table(ty);
            }
        }
    }
    Ok(section)
}
