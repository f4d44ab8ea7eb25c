//! The tag section (Wasm 3.0, section 5.5.17).

use wasmparser::TagSectionReader;

use super::failure::Read;
use crate::module::Module;

pub(super) fn read(module: &mut Module, section: TagSectionReader<'_>) -> Read {
    for tag in section {
        module.tags.push(tag?.into());
    }
    Ok(())
}
