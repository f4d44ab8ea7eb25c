//! The import section (Wasm 3.0, section 5.5.5).

use alloc::sync::Arc;

use wasmparser::{ImportSectionReader, TypeRef, WasmFeatures};

use super::convert::UnknownType;
use super::failure::{Failure, Read};
use crate::entity::{EntityIndex, EntityType, GlobalType, TableType};
use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use crate::module::{Import, Module};

/// Refuses imports that have their names from compact groups, and far more of them than there are
/// in the binary: the validator keeps the names of each import.
pub(super) fn check_names(
    section: &ImportSectionReader<'_>,
    features: WasmFeatures,
) -> Result<(), Failure> {
    if !features.contains(WasmFeatures::COMPACT_IMPORTS) {
        return Ok(());
    }
    // What can't be read is refused by the validator.
    let imports = section.clone().into_imports().map_while(Result::ok);
    let bytes: usize = imports.map(|import| import.module.len() + import.name.len()).sum();
    match bytes > Import::MAX_NAMES {
        true => Err(Failure::LongNames { most: Import::MAX_NAMES, offset: section.range().start }),
        false => Ok(()),
    }
}

pub(super) fn read(module: &mut Module, section: ImportSectionReader<'_>) -> Read {
    for import in section.into_imports() {
        let import = import?;
        let (index, ty) = match import.ty {
            TypeRef::Func(ty) => {
                let ty = TypeIndex::new(ty);
                let index = next(&mut module.num_imported_functions);
                module.functions.push(ty);
                (EntityIndex::Func(FuncIndex::new(index)), EntityType::Func(ty))
            }
            TypeRef::Table(ty) => {
                let ty = TableType::from_parser(ty, module)?;
                let index = next(&mut module.num_imported_tables);
                module.tables.push(ty);
                (EntityIndex::Table(TableIndex::new(index)), EntityType::Table(ty))
            }
            TypeRef::Memory(ty) => {
                let ty = ty.into();
                let index = next(&mut module.num_imported_memories);
                module.memories.push(ty);
                (EntityIndex::Memory(MemoryIndex::new(index)), EntityType::Memory(ty))
            }
            TypeRef::Global(ty) => {
                let ty = GlobalType::from_parser(ty, module)?;
                let index = next(&mut module.num_imported_globals);
                module.globals.push(ty);
                (EntityIndex::Global(GlobalIndex::new(index)), EntityType::Global(ty))
            }
            TypeRef::Tag(ty) => {
                let ty = ty.into();
                let index = next(&mut module.num_imported_tags);
                module.tags.push(ty);
                (EntityIndex::Tag(TagIndex::new(index)), EntityType::Tag(ty))
            }
            TypeRef::FuncExact(_) => {
                return Err(UnknownType::new("an import of an exact function type").into());
            }
        };
        let before = module.imports.last();
        let read = Import {
            module: shared(import.module, before.map(|before| &before.module)),
            name: shared(import.name, before.map(|before| &before.name)),
            index,
            ty,
        };
        module.imports.push(read);
    }
    Ok(())
}

/// A name, which may be the one before.
fn shared(name: &str, before: Option<&Arc<str>>) -> Arc<str> {
    match before {
        Some(before) if **before == *name => Arc::clone(before),
        _ => name.into(),
    }
}

/// Counts one more import, and returns its index: the section comes before all definitions.
fn next(count: &mut u32) -> u32 {
    *count += 1;
    *count - 1
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;

    use crate::{Module, WasmFeatures};

    #[test]
    fn names_that_repeat_are_shared() {
        let text = r#"(module (import "a" "x" (func)) (import "a" "y" (func)) (import "b" "y" (func))
            (import "a" "y" (func)))"#;
        let wasm = wat::parse_str(text).unwrap();
        let imports = Module::parse(&wasm, WasmFeatures::default()).unwrap().imports;
        let names: alloc::vec::Vec<_> =
            imports.iter().map(|import| (&*import.module, &*import.name)).collect();
        assert_eq!(names, [("a", "x"), ("a", "y"), ("b", "y"), ("a", "y")]);
        assert!(Arc::ptr_eq(&imports[0].module, &imports[1].module));
        assert!(Arc::ptr_eq(&imports[1].name, &imports[3].name));
    }
}
