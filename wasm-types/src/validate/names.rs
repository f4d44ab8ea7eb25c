//! The name section (Wasm 3.0, appendix "Custom Sections"). Names are for people: what is wrong
//! with them is passed over, never refused.

use alloc::string::String;
use alloc::vec::Vec;

use wasmparser::{BinaryReader, IndirectNameMap, Name, NameSectionReader};

use crate::index::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use crate::module::Module;
use crate::types::{CompositeType, SubType};

/// Reads a name section of a module whose other sections have all been read.
pub(super) fn read(module: &mut Module, section: BinaryReader<'_>) {
    let names = &mut module.names;
    for subsection in NameSectionReader::new(section) {
        match subsection {
            Ok(Name::Module { name, .. }) => names.module = Some(name.into()),
            Ok(Name::Function(map)) => {
                names.functions = list(map, module.functions.len(), FuncIndex::new);
            }
            Ok(Name::Table(map)) => {
                names.tables = list(map, module.tables.len(), TableIndex::new);
            }
            Ok(Name::Memory(map)) => {
                names.memories = list(map, module.memories.len(), MemoryIndex::new);
            }
            Ok(Name::Global(map)) => {
                names.globals = list(map, module.globals.len(), GlobalIndex::new);
            }
            Ok(Name::Element(map)) => {
                names.elements = list(map, module.elements.len(), ElemIndex::new);
            }
            Ok(Name::Data(map)) => {
                names.data = list(map, module.data.len(), DataIndex::new);
            }
            Ok(Name::Type(map)) => {
                names.types = list(map, module.types.len(), TypeIndex::new);
            }
            Ok(Name::Tag(map)) => {
                names.tags = list(map, module.tags.len(), TagIndex::new);
            }
            Ok(Name::Field(map)) => {
                names.fields = fields(map, |ty| match module.types.get(ty as usize) {
                    Some(SubType { composite: CompositeType::Struct(ty), .. }) => ty.fields.len(),
                    _ => 0,
                });
            }
            // Names of locals and labels, and names that can't be read.
            _ => {}
        }
    }
}

/// The names up to the first that is wrong: out of order or of something that does not exist.
fn list<I>(
    map: wasmparser::NameMap<'_>,
    count: usize,
    index: impl Fn(u32) -> I,
) -> Vec<(I, String)> {
    map.map_while(Result::ok)
        .take_while(|naming| (naming.index as usize) < count)
        .map(|naming| (index(naming.index), naming.name.into()))
        .collect()
}

/// The names of fields, of which each type has so many, up to the first that is wrong.
fn fields(
    map: IndirectNameMap<'_>,
    count: impl Fn(u32) -> usize,
) -> Vec<((TypeIndex, u32), String)> {
    let mut names: Vec<((TypeIndex, u32), String)> = Vec::new();
    for of_type in map.into_iter().map_while(Result::ok) {
        let ty = TypeIndex::new(of_type.index);
        if names.last().is_some_and(|((before, _), _)| *before >= ty) {
            break;
        }
        let fields = list(of_type.names, count(of_type.index), |field| (ty, field));
        names.extend(fields);
    }
    names
}
