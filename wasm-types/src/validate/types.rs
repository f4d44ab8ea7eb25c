//! The type section (Wasm 3.0, section 5.5.4).

use wasmparser::TypeSectionReader;
use wasmparser::types::TypesRef;

use super::failure::Read;
use crate::index::TypeIndex;
use crate::module::Module;
use crate::types::{RecGroup, SubType};

/// Reads the section; `validated` are the types that the module has by then.
pub(super) fn read(
    module: &mut Module,
    section: TypeSectionReader<'_>,
    validated: Option<TypesRef<'_>>,
) -> Read {
    if let Some(types) = validated
        && take_plain(module, section.count(), types).is_some()
    {
        return Ok(());
    }
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

/// Takes the types as validation left them, which is much faster than to decode them again. `None`,
/// and nothing taken, where that does not show all that the binary says: where types refer to
/// others or stand in groups with them.
fn take_plain(module: &mut Module, groups: u32, types: TypesRef<'_>) -> Option<()> {
    let before = module.types.len() as u32;
    let all = before..types.core_type_count_in_module();
    if all.len() as u32 != groups {
        return None;
    }
    let mut taken = alloc::vec::Vec::with_capacity(all.len());
    for index in all.clone() {
        let id = types.core_type_at_in_module(index);
        if types.rec_group_elements(types.rec_group_id_of(id)).len() != 1 {
            return None;
        }
        taken.push(SubType::try_from(&types[id]).ok()?);
    }
    module.types.append(&mut taken);
    module.rec_groups.extend(all.map(|start| RecGroup { start: TypeIndex::new(start), len: 1 }));
    Some(())
}
