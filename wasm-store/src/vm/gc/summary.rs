//! What the heap holds, type by type.

#![allow(unsafe_code)]

use super::heap::Heap;
use super::object::HEADER_SIZE;
use super::types::ObjectType;
use crate::Error;
use crate::vm::store::VmStore;

/// The objects of one type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfType {
    pub(crate) ty: ObjectType,
    /// The engine-wide id of a structure or an array.
    pub(crate) id: Option<u32>,
    pub(crate) count: u64,
    /// How many bytes they take in the heap.
    pub(crate) bytes: u64,
}

impl Heap {
    fn summary(&self) -> Vec<OfType> {
        let of_type = |number| {
            let ty = self.types.get(number).unwrap_or(ObjectType::HostValue);
            // SAFETY: the engine outlives its stores.
            let id = unsafe { ty.head() }.map(|head| head.id);
            OfType { ty, id, count: 0, bytes: 0 }
        };
        let mut all: Vec<_> = (0..self.types.count()).map(of_type).collect();
        for part in [self.space.young(), self.space.old.start..self.space.old.top] {
            let mut object = part.start;
            while object < part.end {
                // SAFETY: both parts are objects, one behind the other.
                let (number, size) = unsafe {
                    let header = self.space.header(object);
                    let length = || self.space.word(object + HEADER_SIZE);
                    (header.number(), self.types.shape(header.number()).size_of(length))
                };
                let of = &mut all[number as usize];
                (of.count, of.bytes) = (of.count + 1, of.bytes + u64::from(size));
                object += size;
            }
        }
        all.retain(|of| of.count > 0);
        all
    }
}

impl VmStore {
    /// What the heap holds after a collection, those types first that take most of it. While
    /// collections are put off, this includes what nothing refers to any more.
    ///
    /// # Errors
    ///
    /// As for [`collect`](Self::collect).
    pub(crate) fn heap_summary(&mut self) -> Result<Vec<OfType>, Error> {
        self.collect(0)?;
        let mut summary = self.gc.heap().map(Heap::summary).unwrap_or_default();
        summary.sort_by_key(|of| std::cmp::Reverse((of.bytes, of.count)));
        Ok(summary)
    }
}
