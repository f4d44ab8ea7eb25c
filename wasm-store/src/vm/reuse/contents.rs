//! What the unused instances of an engine have and take, for those who watch a pool.

#![allow(unsafe_code)]

use super::instances::ReusableInstances;

/// What unused instances have.
#[derive(Default)]
pub(in crate::vm) struct Contents {
    pub(in crate::vm) memories: usize,
    /// How much of them is kept in memory, in bytes.
    pub(in crate::vm) memory_bytes: usize,
    pub(in crate::vm) tables: usize,
    /// How much memory they take, in bytes.
    pub(in crate::vm) table_bytes: usize,
}

impl ReusableInstances {
    /// What all of them have.
    pub(in crate::vm) fn contents(&self) -> Contents {
        let mut all = Contents::default();
        self.for_each(|instance, resident| {
            // SAFETY: an instance in the list lives and nothing else uses it, with its tables.
            let (instance, bytes) = unsafe {
                let instance = instance.as_ref();
                let tables = instance.own_tables().iter();
                (instance, tables.map(|table| table.as_ref().bytes()).sum::<usize>())
            };
            all.memories += instance.own_memories().len();
            all.tables += instance.own_tables().len();
            all.table_bytes += bytes;
            let others = bytes + instance.module().layout.size() as usize;
            all.memory_bytes += resident.saturating_sub(others);
        });
        all
    }
}
