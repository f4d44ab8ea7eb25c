//! The name section (Wasm 3.0, appendix "Custom Sections"). Names are for people: what is wrong
//! with them is passed over, never refused.

use alloc::string::String;
use alloc::vec::Vec;

use wasmparser::{BinaryReader, Name, NameSectionReader};

use crate::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex};
use crate::module::Module;

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
            // Names of what a `Module` does not list, and names that can't be read.
            _ => {}
        }
    }
}

/// The names up to the first that is wrong: out of order or of something that does not exist.
fn list<I>(map: wasmparser::NameMap<'_>, count: usize, index: fn(u32) -> I) -> Vec<(I, String)> {
    map.map_while(Result::ok)
        .take_while(|naming| (naming.index as usize) < count)
        .map(|naming| (index(naming.index), naming.name.into()))
        .collect()
}
