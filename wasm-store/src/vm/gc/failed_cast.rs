//! What a cast that has failed was of and to.

#![allow(unsafe_code)]

use wasm_types::abi::cast_target_of_bits;
use wasm_types::{HeapType, RefType, TypeIndex, TypeKind};

use super::heap::Heap;
use super::object::{NULL, is_object};
use super::types::ObjectType;
use crate::vm::store::VmStore;

/// A cast that has failed. The numbers of types are engine-wide ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedCast {
    pub(crate) wanted: RefType,
    pub(crate) found: RefType,
}

impl VmStore {
    /// What the cast was of and to that has trapped at an address of code, if the code has left
    /// that. To be called once for each such trap, before anything moves.
    pub(crate) fn take_failed_cast(&mut self, pc: usize) -> Option<FailedCast> {
        let [reference, target] = self.gc.heap.as_mut()?.space.take_failed_cast();
        let mut wanted = cast_target_of_bits(target)?;
        if let HeapType::Concrete(index, kind) = wanted.heap {
            // SAFETY: instances live as long as the store.
            let mut modules = self.instances().iter().map(|it| unsafe { it.as_ref() }.module());
            let module = modules.find(|module| module.loaded.contains(pc))?;
            wanted.heap = HeapType::Concrete(TypeIndex::new(module.type_id(index)?), kind);
        }
        let found = self.gc.heap()?.type_of_reference(reference)?;
        Some(FailedCast { wanted, found })
    }
}

impl Heap {
    /// The type of what a reference leads to; `None` if it leads to nothing.
    fn type_of_reference(&self, reference: u32) -> Option<RefType> {
        if reference == NULL {
            return Some(RefType { nullable: true, heap: HeapType::None });
        }
        let heap = match is_object(reference) {
            false => HeapType::I31,
            true => {
                if !self.space.young().contains(&reference) && !self.space.old.contains(reference) {
                    return None;
                }
                // SAFETY: code has left a reference to an object. The engine outlives its stores.
                let (ty, id) = unsafe {
                    let ty = self.types.get(self.space.header(reference).number())?;
                    (ty, ty.head().map(|head| TypeIndex::new(head.id)))
                };
                match (ty, id) {
                    (ObjectType::Struct(_), Some(id)) => HeapType::Concrete(id, TypeKind::Struct),
                    (ObjectType::Array(_), Some(id)) => HeapType::Concrete(id, TypeKind::Array),
                    (ObjectType::Exception(_), _) => HeapType::Exn,
                    (ObjectType::Continuation, _) => HeapType::Cont,
                    _ => HeapType::Extern,
                }
            }
        };
        Some(RefType { nullable: false, heap })
    }
}
