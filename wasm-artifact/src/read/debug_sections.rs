//! Debugging information of the module.

use super::Artifact;
use crate::format::flags;

impl<'a> Artifact<'a> {
    /// The contents of a section of debugging information, such as `.debug_info`; `None` if there
    /// is none, or it is damaged.
    pub fn debug_section(&self, name: &str) -> Option<&'a [u8]> {
        if name.is_empty() {
            return None;
        }
        let (start, len) = self.debug_record(name)?;
        self.tables.debug_bytes.range(start, len, &self.checksums)
    }

    /// Where the contents of the code section start in the Wasm binary, which is where addresses of
    /// the debugging information count from. `None` if there is no debugging information.
    pub fn code_section_start(&self) -> Option<u64> {
        self.debug_record("").map(|(start, _)| start)
    }

    /// Whether the module has debugging information that is not in the artifact.
    pub fn lacks_debug_sections(&self) -> bool {
        self.header.flags.get() & flags::WITHOUT_DEBUG_SECTIONS != 0
    }

    fn debug_record(&self, name: &str) -> Option<(u64, u64)> {
        let records = self.tables.debug_sections;
        let mut all = (0..records.len()).filter_map(|number| records.get(number, &self.checksums));
        let found = all.find(|record| self.string(record.name).is_ok_and(|found| found == name))?;
        Some((found.start.get(), found.len.get()))
    }
}
