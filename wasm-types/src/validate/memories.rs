//! The memory section (Wasm 3.0, section 5.5.8).

use wasmparser::MemorySectionReader;

use super::failure::Read;
use crate::module::Module;

pub(super) fn read(module: &mut Module, section: MemorySectionReader<'_>) -> Read {
    for memory in section {
        module.memories.push(memory?.into());
    }
    Ok(())
}
