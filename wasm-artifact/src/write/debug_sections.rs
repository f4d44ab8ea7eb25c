//! Debugging information: copied, for who reads it when it is needed.

use alloc::vec::Vec;

use wasm_types::Module;

use super::{WriteOptions, Writer};
use crate::error::Error;
use crate::format::{DebugSectionRecord, Part, flags};

impl Writer {
    /// Adds the sections of debugging information, if there are any and they are wanted.
    pub(super) fn add_debug_sections(
        &mut self,
        module: &Module,
        wasm: &[u8],
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let debug = &module.debug_sections;
        if debug.is_empty() {
            return Ok(());
        }
        self.set_flag_if(!options.debug_sections, flags::WITHOUT_DEBUG_SECTIONS);
        if !options.debug_sections {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let mut record = |name: &str, start: usize, len: usize| {
            Ok::<_, Error>(DebugSectionRecord {
                name: self.strings.add(name)?,
                start: (start as u64).into(),
                len: (len as u64).into(),
            })
        };
        let mut records = alloc::vec![record("", debug.code_start, 0)?];
        for (name, place) in &debug.sections {
            let outside = || Error::invalid_input("a section does not lie in the binary");
            let contents = wasm.get(place.clone()).ok_or_else(outside)?;
            records.push(record(name, bytes.len(), contents.len())?);
            bytes.extend_from_slice(contents);
        }
        self.add(Part::DebugSections, records);
        self.add(Part::DebugBytes, bytes);
        Ok(())
    }
}
