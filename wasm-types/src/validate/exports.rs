//! The export section (Wasm 3.0, section 5.5.10).

use wasmparser::{ExportSectionReader, ExternalKind};

use super::failure::Read;
use crate::entity::EntityIndex;
use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex};
use crate::module::{Export, Module};

pub(super) fn read(module: &mut Module, section: ExportSectionReader<'_>) -> Read {
    for export in section {
        let export = export?;
        let index = match export.kind {
            // Decoding refuses exact function types in exports.
            ExternalKind::Func | ExternalKind::FuncExact => {
                EntityIndex::Func(FuncIndex::new(export.index))
            }
            ExternalKind::Table => EntityIndex::Table(TableIndex::new(export.index)),
            ExternalKind::Memory => EntityIndex::Memory(MemoryIndex::new(export.index)),
            ExternalKind::Global => EntityIndex::Global(GlobalIndex::new(export.index)),
            ExternalKind::Tag => EntityIndex::Tag(TagIndex::new(export.index)),
        };
        module.exports.push(Export { name: export.name.into(), index });
    }
    Ok(())
}
