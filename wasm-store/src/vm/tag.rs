//! Tags: what tells exceptions apart.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use super::type_record::FuncTypeRecord;

/// A tag. Its address is its identity: all instances that have the tag have a pointer to it. It
/// belongs to the instance that defines it, or to the store if the host does.
#[derive(Debug)]
pub(crate) struct VmTag {
    /// The type whose parameters its exceptions carry. The record lives as long as the engine.
    ty: NonNull<FuncTypeRecord>,
    /// The number that stands for it in objects of its store; 0 if there is none yet. Only whoever
    /// uses the store as its own reads and writes it.
    number: AtomicU32,
}

impl VmTag {
    /// A new tag, which is equal to no other once it has its address.
    pub(crate) fn new(ty: NonNull<FuncTypeRecord>) -> Self {
        Self { ty, number: AtomicU32::new(0) }
    }

    /// The type.
    pub(crate) fn ty(&self) -> NonNull<FuncTypeRecord> {
        self.ty
    }

    /// The number that stands for it in objects; 0 if there is none yet.
    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    /// Gives it a number; or 0, for none.
    pub(super) fn set_number(&self, number: u32) {
        self.number.store(number, Ordering::Relaxed);
    }
}
