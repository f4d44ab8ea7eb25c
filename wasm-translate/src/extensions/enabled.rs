//! With the feature `exact-extensions`: asks the code, where its instruction set is one that this
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

    /// Whether the code generator has to tell where blocks start.
    pub(crate) const WANTS_BLOCKS: bool = true;

    pub(crate) fn new(isa: &dyn TargetIsa) -> Self {
        let readable = isa.triple().architecture == Architecture::X86_64;
        Self { x86: readable.then(x86::Reader::default) }
    }

    /// What the code of a function uses; `None` if it can't be told.
    pub(crate) fn scan(&mut self, code: &CompiledCode) -> Option<Extensions> {
        let reader = self.x86.as_mut()?;
        let relocations = code.buffer.relocs().iter().map(|reloc| reloc.offset);
        // The ends of edges, not the starts of blocks: of a block that was merged into another one
        // the start may be anywhere, but what is jumped to is code.
        let targets = code.bb_edges.iter().map(|(_, to)| *to);
        reader.read(code.buffer.data(), targets, relocations)
    }
}
