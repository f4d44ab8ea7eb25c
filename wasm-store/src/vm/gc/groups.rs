//! Objects that are kept alive together: those of snapshots.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::tracer::Tracer;

/// Objects that are kept alive together.
#[derive(Debug)]
pub(crate) struct Group {
    number: u64,
    _keep: Arc<()>,
}

/// The groups of a store.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: HashMap<u64, Members>,
    next: u64,
}

#[derive(Debug)]
struct Members {
    alive: Weak<()>,
    references: Vec<u32>,
    /// Whether all have left the nursery.
    are_old: bool,
}

impl Groups {
    /// Shows the references to a tracer.
    pub(super) fn trace(&mut self, tracer: &mut Tracer<'_>) {
        self.groups.retain(|_, members| members.alive.strong_count() > 0);
        for members in self.groups.values_mut() {
            if members.are_old && tracer.is_minor() {
                continue;
            }
            for reference in &mut members.references {
                // SAFETY: they are references of the store's heap.
                unsafe { tracer.place(reference) };
            }
            members.are_old |= tracer.moves();
        }
    }

    /// Keeps objects alive for as long as what is returned lives.
    pub(super) fn add(&mut self, references: Vec<u32>) -> Group {
        self.next += 1;
        let keep = Arc::new(());
        let members = Members { alive: Arc::downgrade(&keep), references, are_old: false };
        self.groups.insert(self.next, members);
        Group { number: self.next, _keep: keep }
    }

    /// The references to the objects of a group, in order.
    pub(super) fn members(&self, group: &Group) -> &[u32] {
        self.groups.get(&group.number).map_or(&[], |members| &members.references)
    }
}
