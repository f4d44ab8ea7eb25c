//! The table of the host: resources that the host holds, with what destroys them.

use wasm_store::{Result, bail};

use crate::handles::HandleTable;
use crate::resource::Destructor;

/// A handle of the host: its index, and the generation that tells it from one that had the index
/// before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HostIndex {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

#[derive(Default)]
pub(super) struct HostTable {
    pub(super) handles: HandleTable,
    /// By index, less one.
    described: Vec<Described>,
    /// One more for each handle that was taken out.
    generation: u32,
}

struct Described {
    generation: u32,
    destructor: Option<Destructor>,
}

impl HostTable {
    /// Describes a handle that was just added.
    pub(super) fn describe(&mut self, index: u32, destructor: Option<Destructor>) -> HostIndex {
        let generation = self.generation;
        let place = index.saturating_sub(1) as usize;
        // Indices are given out in order, so this adds one at most.
        while self.described.len() <= place {
            self.described.push(Described { generation, destructor: None });
        }
        if let Some(described) = self.described.get_mut(place) {
            *described = Described { generation, destructor };
        }
        HostIndex { index, generation }
    }

    /// The index of a handle, if it was not taken out.
    pub(super) fn check(&self, handle: HostIndex) -> Result<u32> {
        let described = self.described.get(handle.index.saturating_sub(1) as usize);
        if described.is_some_and(|described| described.generation != handle.generation) {
            bail!("host-owned resource was already de-allocated");
        }
        Ok(handle.index)
    }

    /// A handle was taken out: the next one with its index is another.
    pub(super) fn has_removed(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// What destroys the resource that had that index last.
    pub(super) fn destructor(&self, index: u32) -> Option<Destructor> {
        self.described.get(index.saturating_sub(1) as usize)?.destructor
    }
}
