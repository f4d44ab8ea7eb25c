//! What is written to a new object.

use cranelift_codegen::ir::MemFlagsData;

use super::stored::Stored;

/// Something that is written to a new object.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) flags: MemFlagsData,
    pub(super) value: Stored,
    pub(super) offset: u32,
}
