//! The objects of the garbage-collected heap that a state refers to, which it keeps alive.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;

use super::{OtherGlobal, VmState};
use crate::Error;
use crate::vm::gc::{NULL, Root};
use crate::vm::room_for;
use crate::vm::store::VmStore;
use crate::vm::table::holds_functions;
use crate::vm::value::ValRaw;

/// What an allocation was for, in errors.
const WHAT: &str = "a snapshot of references";

/// The objects that a state refers to, by their numbers, which begin with 1; 0 is null.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<(Root, Arc<()>)>);

impl Held {
    /// The reference with a number. The state is of this store, so that all of them live.
    pub(super) fn reference(&self, store: &VmStore, number: u64) -> u64 {
        let root = self.root(number);
        root.and_then(|root| store.gc.handles.get(root)).unwrap_or(NULL).into()
    }

    fn root(&self, number: u64) -> Option<Root> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get(place).map(|(root, _)| *root)
    }
}

impl VmState {
    /// The handle of an object that the state refers to, by its number.
    pub(crate) fn held_root(&self, number: u64) -> Option<Root> {
        self.held.root(number)
    }

    /// Replaces the references into the heap, which are those of the store now, by numbers.
    pub(super) fn hold_references(&mut self, store: &mut VmStore) -> Result<(), Error> {
        let mut held = Held::default();
        let mut known: HashMap<u32, u64> = HashMap::new();
        let mut number_of = |reference: u32| -> Result<u64, Error> {
            if reference == NULL {
                return Ok(0);
            }
            if let Some(number) = known.get(&reference) {
                return Ok(*number);
            }
            let root = store.gc.handles.owned(reference);
            room_for::push(&mut held.0, root, WHAT)?;
            let number = held.0.len() as u64;
            known.insert(reference, number);
            Ok(number)
        };
        for table in self.tables.iter_mut().filter(|table| !holds_functions(&table.ty)) {
            for slot in &mut table.slots {
                *slot = number_of(*slot as u32)?;
            }
        }
        let mut replace = |value: &mut ValRaw| -> Result<(), Error> {
            // SAFETY: the value of a reference into the heap is its low 32 bits.
            *value = ValRaw::from_u64(number_of(unsafe { value.f32 })?);
            Ok(())
        };
        for instance in &mut self.instances {
            let first = instance.module.loaded.artifact().counts().imported_globals;
            for global in instance.module.collected_globals() {
                replace(&mut instance.globals[(global.as_u32() - first) as usize])?;
            }
        }
        for OtherGlobal { value, collected, .. } in &mut self.globals {
            if *collected {
                replace(value)?;
            }
        }
        self.held = held;
        Ok(())
    }
}
