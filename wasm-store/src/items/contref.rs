//! Continuations that the host holds references to.

use super::rooting::{RootIndex, Rooted, gc_ref};
use crate::types::HeapType;

/// A continuation: a computation that was suspended, or has not begun. The host can keep it and
/// hand it to Wasm again where any continuation is taken; only Wasm can resume it.
#[derive(Clone, Copy, Debug)]
pub struct ContRef {
    index: RootIndex,
}

gc_ref!(ContRef, HeapType::Cont, Ref::Cont, may_be_concrete: false);
