//! The function section (Wasm 3.0, section 5.5.6).

use wasmparser::FunctionSectionReader;

use super::failure::Read;
use crate::index::TypeIndex;
use crate::module::Module;

pub(super) fn read(module: &mut Module, section: FunctionSectionReader<'_>) -> Read {
    for ty in section {
        module.functions.push(TypeIndex::new(ty?));
    }
    Ok(())
}
