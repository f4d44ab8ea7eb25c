//! Without the feature `exact-extensions`: of no code is it known what it uses.

use cranelift_codegen::CompiledCode;
use cranelift_codegen::isa::TargetIsa;

use super::Extensions;

/// Knows of no code what it uses.
pub(crate) struct Scanner;

impl Scanner {
    /// No extension is known.
    pub(super) const NAMES: &[&str] = &[];

    pub(crate) fn new(_: &dyn TargetIsa) -> Self {
        Self
    }

    /// `None`: not known.
    pub(crate) fn scan(&mut self, _: &CompiledCode) -> Option<Extensions> {
        None
    }
}
