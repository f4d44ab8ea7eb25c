//! The type section (Wasm 3.0, section 5.5.4).

use wasmparser::TypeSectionReader;

use super::reader::Read;
use crate::index::TypeIndex;
use crate::module::Module;
use crate::types::RecGroup;

pub(super) fn read(module: &mut Module, section: TypeSectionReader<'_>) -> Read {
    for group in section {
        let start = TypeIndex::new(module.types.len() as u32);
        for ty in group?.types() {
            module.types.push(ty.try_into()?);
        }
        let len = module.types.len() as u32 - start.as_u32();
        module.rec_groups.push(RecGroup { start, len });
    }
    Ok(())
}
