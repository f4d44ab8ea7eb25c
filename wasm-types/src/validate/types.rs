//! The type section (Wasm 3.0, section 5.5.4).

use alloc::vec::Vec;

use wasmparser::TypeSectionReader;
use wasmparser::types::TypesRef;

use super::failure::Read;
use crate::index::TypeIndex;
use crate::module::Module;
use crate::types::{RecGroup, SubType, TypeKind};

/// Reads the section; `validated` are the types that the module has by then. To `equal` is added
/// for each of them the first one that is equal to it.
pub(super) fn read(
    module: &mut Module,
    section: TypeSectionReader<'_>,
    validated: Option<TypesRef<'_>>,
    equal: &mut Vec<TypeIndex>,
) -> Read {
    if let Some(types) = validated {
        add_equal(types, equal);
        if take_plain(module, section.count(), types, equal).is_some() {
            return Ok(());
        }
    }
    let mut kinds: Vec<TypeKind> = module.types.iter().map(|ty| ty.composite.kind()).collect();
    for group in section {
        let start = TypeIndex::new(module.types.len() as u32);
        let group = group?;
        // Types refer to those of their own group that come after them.
        for ty in group.types() {
            kinds.push(TypeKind::from_parser(ty)?);
        }
        for ty in group.types() {
            module.types.push(SubType::from_parser(ty, kinds.as_slice())?);
        }
        let len = module.types.len() as u32 - start.as_u32();
        module.rec_groups.push(RecGroup { start, len });
    }
    Ok(())
}

/// Equal types are one for the validator.
fn add_equal(types: TypesRef<'_>, equal: &mut Vec<TypeIndex>) {
    let id_of = |index: TypeIndex| types.core_type_at_in_module(index.as_u32());
    // Those that are the first of their kind, sorted by what they are for the validator. There new
    // ones come last.
    let mut first: Vec<TypeIndex> = Vec::new();
    equal.reserve(types.core_type_count_in_module() as usize);
    for index in (0..types.core_type_count_in_module()).map(TypeIndex::new) {
        let known = match first.last() {
            Some(last) if id_of(*last) < id_of(index) => Err(first.len()),
            _ => first.binary_search_by_key(&id_of(index), |first| id_of(*first)),
        };
        equal.push(match known {
            Ok(place) => first[place],
            Err(place) => {
                first.insert(place, index);
                index
            }
        });
    }
}

/// Takes the types as validation left them, which is much faster than to decode them again. `None`,
/// and nothing taken, where that does not show all that the binary says: where types refer to
/// others or stand in groups with them.
fn take_plain(
    module: &mut Module,
    groups: u32,
    types: TypesRef<'_>,
    equal: &[TypeIndex],
) -> Option<()> {
    if equal.len() != groups as usize || !module.types.is_empty() {
        return None;
    }
    let mut taken: Vec<SubType> = Vec::with_capacity(equal.len());
    for (index, first) in (0..).map(TypeIndex::new).zip(equal) {
        let ty = match taken.get(first.index()) {
            Some(first) => first.clone(),
            None => {
                let id = types.core_type_at_in_module(index.as_u32());
                if types.rec_group_elements(types.rec_group_id_of(id)).len() != 1 {
                    return None;
                }
                SubType::from_parser(&types[id], [].as_slice()).ok()?
            }
        };
        taken.push(ty);
    }
    module.types = taken;
    let all = (0..groups).map(TypeIndex::new);
    module.rec_groups = all.map(|start| RecGroup { start, len: 1 }).collect();
    Some(())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use crate::{Module, TypeIndex, WasmFeatures};

    #[test]
    fn equal_types_are_found() {
        let text = "(module
          (type (func (param i32))) (type (func)) (type (func (param i32))) (type (func (result i32)))
          (type (func)) (type (func (param i32 i32) (result f64))) (type (func (result i32))))";
        let wasm = wat::parse_str(text).unwrap();
        let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default()).unwrap();
        let types = &parsed.module().types;
        let first: Vec<u32> = (0..types.len() as u32)
            .map(|ty| parsed.first_equal_type(TypeIndex::new(ty)).as_u32())
            .collect();
        assert_eq!(first, [0, 1, 0, 3, 1, 5, 3]);
        for (ty, first) in types.iter().zip(first) {
            assert_eq!(*ty, types[first as usize]);
        }
        let distinct: Vec<_> = parsed.distinct_types().collect();
        assert_eq!(distinct, [0, 1, 3, 5].map(|ty: usize| &types[ty]));
    }
}
