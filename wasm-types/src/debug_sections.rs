//! Where debugging information stands.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The debugging information of a module (DWARF): its custom sections `.debug_*`, of which nothing
/// is read here.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DebugSections {
    /// The sections: the name, and where the contents stand in the binary.
    pub sections: Vec<(String, Range<usize>)>,
    /// Where the contents of the code section start in the binary: addresses of the debugging
    /// information count from there.
    pub code_start: usize,
}

impl DebugSections {
    /// The names of sections that are kept: those that say where code comes from, and where
    /// variables are. Of several with one name, the first is kept.
    pub const NAMES: [&str; 12] = [
        ".debug_abbrev",
        ".debug_addr",
        ".debug_info",
        ".debug_line",
        ".debug_line_str",
        ".debug_loc",
        ".debug_loclists",
        ".debug_ranges",
        ".debug_rnglists",
        ".debug_str",
        ".debug_str_offsets",
        ".debug_types",
    ];

    /// Remembers a section, if it is one of these.
    #[cfg(feature = "validate")]
    pub(crate) fn see(&mut self, name: &str, contents: Range<usize>) {
        let is_new = !self.sections.iter().any(|(known, _)| known == name);
        if is_new && Self::NAMES.contains(&name) {
            self.sections.push((name.into(), contents));
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }
}
