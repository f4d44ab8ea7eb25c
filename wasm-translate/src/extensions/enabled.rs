//! With the feature `exact-extensions`: reads the code, where its instruction set is one that this
//! crate can read.

use cranelift_codegen::CompiledCode;
use cranelift_codegen::isa::TargetIsa;
use target_lexicon::Architecture;

use super::{Extensions, x86};

/// Finds out what code uses, one function after the other.
pub(crate) struct Scanner {
    x86: Option<x86::Reader>,
}

impl Scanner {
    /// The settings that allow for the extensions which [`Extensions`] has bits for.
    pub(super) const NAMES: &[&str] = x86::NAMES;

    pub(crate) fn new(isa: &dyn TargetIsa) -> Self {
        let readable = isa.triple().architecture == Architecture::X86_64;
        Self { x86: readable.then(x86::Reader::default) }
    }

    /// What the code of a function uses; `None` if that is not known.
    pub(crate) fn scan(&mut self, code: &CompiledCode) -> Option<Extensions> {
        let reader = self.x86.as_mut()?;
        let relocations = code.buffer.relocs().iter().map(|reloc| reloc.offset);
        let ranges = code.buffer.get_srclocs_sorted().iter().map(|range| (range.start, range.end));
        reader.read(code.buffer.data(), ranges, relocations)
    }
}
