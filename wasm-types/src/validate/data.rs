//! The data section (Wasm 3.0, section 5.5.14).

use wasmparser::DataSectionReader;

use super::const_expr;
use super::failure::Read;
use crate::index::MemoryIndex;
use crate::module::{DataKind, DataSegment, Module};

pub(super) fn read(module: &mut Module, section: DataSectionReader<'_>) -> Read {
    for segment in section {
        let segment = segment?;
        let kind = match segment.kind {
            wasmparser::DataKind::Passive => DataKind::Passive,
            wasmparser::DataKind::Active { memory_index, offset_expr } => DataKind::Active {
                memory: MemoryIndex::new(memory_index),
                offset: const_expr::read(&offset_expr, module)?,
            },
        };
        // A segment ends with its bytes. The binary is in memory: its offsets fit a `usize`.
        let end = segment.range.end as usize;
        module.data.push(DataSegment { kind, range: end - segment.data.len()..end });
    }
    Ok(())
}
