//! The check of everything that can be reached, after a collection: in builds for debugging. What a
//! write barrier has missed, or a root that was not found, shows here at the latest.

#![allow(unsafe_code)]

use std::collections::HashSet;

use super::heap::{Heap, Outside};

impl Heap {
    /// Follows each reference: it must lead to an object of the old space.
    ///
    /// # Panics
    ///
    /// If one does not.
    pub(super) fn verify(&self, outside: &mut dyn Outside) {
        let mut tracer = self.finder();
        outside.trace(&mut tracer);
        let mut known = HashSet::new();
        loop {
            let Some(object) = tracer.found.pop() else {
                let continuations = tracer.take_reached();
                if continuations.is_null() {
                    return;
                }
                outside.trace_continuations(continuations, &mut tracer);
                continue;
            };
            if !known.insert(object) {
                continue;
            }
            assert!(
                self.space.old.contains(object) && object.is_multiple_of(8),
                "after a collection there is a reference to {object:#x}, where no object is"
            );
            // SAFETY: the place is in the old space, which is accessible.
            unsafe {
                let header = self.space.header(object);
                assert!(
                    header.moved().is_none() && self.types.get(header.number()).is_some(),
                    "after a collection, what is at {object:#x} is no object: {header:?}"
                );
                tracer.object(object);
            }
        }
    }
}
