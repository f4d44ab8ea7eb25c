//! The section `metadata.code.branch_hint`, and the hints of one function.

use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::{
    BinaryReader, BranchHint, BranchHintSectionReader, SectionLimited, SectionLimitedIntoIter,
};

use super::parsed::ParsedModule;
use crate::branch_hints::BranchHints;
use crate::index::{DefinedFuncIndex, FuncIndex};
use crate::module::Module;

/// Reads the section that stands at a place of the binary. One in which something is wrong has no
/// effect.
pub(super) fn read(module: &mut Module, wasm: &[u8], place: Range<usize>) {
    let section = BinaryReader::new(&wasm[place.clone()], place.start as u64);
    module.branch_hints = find(module, section).unwrap_or_default();
}

/// Where the hints of each function stand; `None` if something is wrong with any of them: functions
/// and offsets must be in rising order, and functions must be defined.
fn find(module: &Module, section: BinaryReader<'_>) -> Option<BranchHints> {
    let mut functions: Vec<(DefinedFuncIndex, _)> = Vec::new();
    for function in BranchHintSectionReader::new(section).ok()? {
        let function = function.ok()?;
        let index = FuncIndex::new(function.func);
        let func = module.defined_func(index).filter(|_| module.functions.len() > index.index())?;
        if functions.last().is_some_and(|(before, _)| *before >= func) {
            return None;
        }
        let range = function.hints.range();
        let mut before = None;
        for hint in function.hints {
            let offset = hint.ok()?.func_offset;
            if before.is_some_and(|before| before >= offset) {
                return None;
            }
            before = Some(offset);
        }
        // The binary is in memory: its offsets fit a `usize`.
        functions.push((func, range.start as usize..range.end as usize));
    }
    Some(BranchHints::new(functions))
}

/// The hints of one function, read in the order of its operators.
#[derive(Debug)]
pub struct FunctionHints<'a> {
    hints: SectionLimitedIntoIter<'a, BranchHint>,
    next: Option<BranchHint>,
    /// Where the body stands in the binary: offsets are from there.
    start: u64,
}

impl FunctionHints<'_> {
    /// What is said of the operator at an offset in the binary: whether its condition is likely to
    /// hold. `None` if nothing is said. Offsets must not become smaller from one call to the next.
    pub fn is_likely(&mut self, offset: u64) -> Option<bool> {
        let place = |hint: &BranchHint| self.start + u64::from(hint.func_offset);
        while self.next.as_ref().is_some_and(|hint| place(hint) < offset) {
            self.next = self.hints.next().and_then(Result::ok);
        }
        self.next.filter(|hint| place(hint) == offset).map(|hint| hint.taken)
    }
}

/// Branch hints.
impl ParsedModule {
    /// The branch hints of a function, if the module has some for it and was allowed to
    /// ([`WasmFeatures::BRANCH_HINTING`](crate::WasmFeatures)).
    ///
    /// # Panics
    ///
    /// If `wasm` is shorter than the binary that was parsed.
    pub fn hints_of<'a>(
        &self,
        wasm: &'a [u8],
        func: DefinedFuncIndex,
    ) -> Option<FunctionHints<'a>> {
        let range = self.module().branch_hints.range(func)?;
        let start = self.module().bodies.get(func.index())?.range.start as u64;
        let reader = BinaryReader::new(&wasm[range.clone()], range.start as u64);
        let mut hints = SectionLimited::new(reader).ok()?.into_iter();
        let next = hints.next().and_then(Result::ok);
        Some(FunctionHints { hints, next, start })
    }
}
