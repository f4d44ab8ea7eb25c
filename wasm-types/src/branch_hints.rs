//! Where branch hints stand (Wasm 3.0, appendix "Custom Sections and Annotations", "Branch Hints").

use alloc::vec::Vec;
use core::ops::Range;

use crate::index::DefinedFuncIndex;

/// The name of the section.
#[cfg(feature = "validate")]
pub(crate) const SECTION: &str = "metadata.code.branch_hint";

/// The branch hints of a module: for each function that has some, where in the binary they stand.
/// They are read from there.
///
/// Hints are for speed alone. A section that is malformed, comes behind the code or is a second
/// one has no effect, and is no error.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct BranchHints {
    /// The functions, in rising order, each with the range of the vector of its hints.
    functions: Vec<(DefinedFuncIndex, Range<usize>)>,
}

impl BranchHints {
    /// The hints of functions in rising order.
    #[cfg(feature = "validate")]
    pub(crate) fn new(functions: Vec<(DefinedFuncIndex, Range<usize>)>) -> Self {
        Self { functions }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// The functions that have hints, in rising order.
    pub fn functions(&self) -> impl Iterator<Item = DefinedFuncIndex> {
        self.functions.iter().map(|(func, _)| *func)
    }

    /// Where in the binary the hints of a function stand: a vector, as the section has it.
    pub fn range(&self, func: DefinedFuncIndex) -> Option<Range<usize>> {
        let place = self.functions.binary_search_by_key(&func, |(func, _)| *func).ok()?;
        Some(self.functions[place].1.clone())
    }
}
