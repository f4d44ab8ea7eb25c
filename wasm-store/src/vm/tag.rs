//! Tags: what tells exceptions apart.

use std::ptr::NonNull;

use super::type_record::FuncTypeRecord;

/// A tag. Its address is its identity: all instances that have the tag have a pointer to it. It
/// belongs to the instance that defines it, or to the store if the host does.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct VmTag {
    /// The type whose parameters its exceptions carry. The record lives as long as the engine.
    ty: NonNull<FuncTypeRecord>,
}

impl VmTag {
    /// A new tag, which is equal to no other once it has its address.
    pub(crate) fn new(ty: NonNull<FuncTypeRecord>) -> Self {
        Self { ty }
    }

    /// The type.
    pub(crate) fn ty(&self) -> NonNull<FuncTypeRecord> {
        self.ty
    }
}
