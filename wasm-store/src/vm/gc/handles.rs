//! The references that the host keeps: some until a scope ends, some as long as it likes.
//!
//! A handle is a number and a generation. What it leads to changes when the object moves; a handle
//! that has ended is told from a later one with the same number by its generation, which never
//! comes again: code can call the host often enough for all numbers of 32 bits.

#![allow(unsafe_code)]

use std::sync::{Arc, Weak};

use super::groups::{Group, Groups};
use super::tracer::Tracer;

/// A handle of the host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Root {
    /// Ends with a scope.
    Scoped { number: u32, generation: u64 },
    /// Ends when nobody keeps it alive any more: see [`Handles::owned`].
    Owned { number: u32, generation: u64 },
    /// The reference itself. Ends when collections are no longer put off.
    Fixed { reference: u32, generation: u64 },
}

/// The handles of a store.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    /// Those of scopes, the innermost last.
    scoped: Vec<Scoped>,
    /// Changes whenever a handle of a scope ends.
    generation: u64,
    owned: Vec<Owned>,
    /// Places of `owned` that are empty.
    free: Vec<u32>,
    /// With so many of them, those that have ended are looked for.
    look_at: usize,
    /// Changes whenever references that are fixed cease to be.
    fixed: u64,
    /// The objects of snapshots.
    pub(super) groups: Groups,
}

#[derive(Clone, Copy, Debug)]
struct Scoped {
    generation: u64,
    reference: u32,
}

#[derive(Debug)]
struct Owned {
    alive: Weak<()>,
    generation: u64,
    reference: u32,
}

impl Handles {
    /// Begins a scope, which [`leave`](Self::leave) ends.
    #[inline(always)]
    pub(crate) fn enter(&self) -> usize {
        self.scoped.len()
    }

    /// Ends a scope, and all handles that were made in it.
    #[inline(always)]
    pub(crate) fn leave(&mut self, scope: usize) {
        if self.scoped.len() > scope {
            self.scoped.truncate(scope);
            self.generation += 1;
        }
    }

    /// Makes room for this many more handles of scopes.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.scoped.reserve(additional);
    }

    /// A handle that ends with the innermost scope.
    pub(crate) fn scoped(&mut self, reference: u32) -> Root {
        let generation = self.generation;
        let number = self.scoped.len() as u32;
        self.scoped.push(Scoped { generation, reference });
        Root::Scoped { number, generation }
    }

    /// A handle that ends when what is returned with it is dropped, with all its clones.
    pub(crate) fn owned(&mut self, reference: u32) -> (Root, Arc<()>) {
        if self.free.is_empty() && self.owned.len() >= self.look_at {
            self.look_for_ended();
        }
        let keep = Arc::new(());
        let alive = Arc::downgrade(&keep);
        let (number, generation) = match self.free.pop() {
            Some(number) => {
                let place = &mut self.owned[number as usize];
                let generation = place.generation + 1;
                *place = Owned { alive, generation, reference };
                (number, generation)
            }
            None => {
                self.owned.push(Owned { alive, generation: 0, reference });
                ((self.owned.len() - 1) as u32, 0)
            }
        };
        (Root::Owned { number, generation }, keep)
    }

    /// A handle that ends when collections are no longer put off, which they are now.
    pub(crate) fn fixed(&self, reference: u32) -> Root {
        Root::Fixed { reference, generation: self.fixed }
    }

    /// Ends all handles that were made by [`fixed`](Self::fixed).
    pub(super) fn end_fixed(&mut self) {
        self.fixed += 1;
    }

    /// The reference of a handle; `None` if it has ended.
    #[inline]
    pub(crate) fn get(&self, root: Root) -> Option<u32> {
        let (is_there, reference) = match root {
            Root::Scoped { number, generation } => {
                let place = self.scoped.get(number as usize)?;
                (place.generation == generation, place.reference)
            }
            Root::Owned { number, generation } => {
                let place = self.owned.get(number as usize)?;
                (place.generation == generation, place.reference)
            }
            Root::Fixed { reference, generation } => (generation == self.fixed, reference),
        };
        (is_there && reference != super::NULL).then_some(reference)
    }

    /// Keeps objects alive for as long as what is returned lives.
    pub(crate) fn group(&mut self, references: Vec<u32>) -> Group {
        self.groups.add(references)
    }

    /// The references to the objects of a group, in order.
    pub(crate) fn members(&self, group: &Group) -> &[u32] {
        self.groups.members(group)
    }

    /// Shows all references to the tracer.
    pub(super) fn trace(&mut self, tracer: &mut Tracer<'_>) {
        if !self.owned.is_empty() {
            self.look_for_ended();
        }
        let scoped = self.scoped.iter_mut().map(|place| &mut place.reference);
        let owned = self.owned.iter_mut().map(|place| &mut place.reference);
        for reference in scoped.chain(owned) {
            // SAFETY: handles are made for references of the store's heap.
            unsafe { tracer.place(reference) };
        }
        self.groups.trace(tracer);
    }

    /// Empties the places of handles that have ended.
    fn look_for_ended(&mut self) {
        self.free.clear();
        for (number, place) in (0..).zip(&mut self.owned) {
            if place.alive.strong_count() == 0 {
                place.reference = super::NULL;
                self.free.push(number);
            }
        }
        self.look_at = 2 * (self.owned.len() - self.free.len()) + 64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_ends_with_its_scope() {
        let mut handles = Handles::default();
        let outer = handles.scoped(8);
        let scope = handles.enter();
        let inner = handles.scoped(16);
        assert_eq!(handles.get(inner), Some(16));
        handles.leave(scope);
        assert_eq!((handles.get(outer), handles.get(inner)), (Some(8), None));
        // Another in the same place is another.
        let other = handles.scoped(24);
        assert_eq!((handles.get(inner), handles.get(other)), (None, Some(24)));
    }

    #[test]
    fn a_handle_of_a_scope_does_not_come_again() {
        let mut handles = Handles::default();
        let ended = handles.scoped(8);
        handles.leave(0);
        handles.generation += (1 << 32) - 1;
        let other = handles.scoped(16);
        assert_eq!((handles.get(ended), handles.get(other)), (None, Some(16)));
        // So with those that are owned.
        let (ended, keep) = handles.owned(8);
        drop(keep);
        handles.look_for_ended();
        handles.owned[0].generation += (1 << 32) - 1;
        let (other, _keep) = handles.owned(16);
        assert_eq!((handles.get(ended), handles.get(other)), (None, Some(16)));
    }

    #[test]
    fn a_fixed_handle_does_not_come_again() {
        let mut handles = Handles::default();
        let fixed = handles.fixed(8);
        assert_eq!(handles.get(fixed), Some(8));
        // Hooks run often enough for all numbers of 32 bits.
        handles.fixed += (1 << 32) - 1;
        handles.end_fixed();
        assert_eq!(handles.get(fixed), None);
    }

    #[test]
    fn places_of_owned_handles_are_used_again() {
        let mut handles = Handles::default();
        let (kept, _alive) = handles.owned(8);
        let (first, alive) = handles.owned(16);
        assert_eq!(handles.get(first), Some(16));
        drop(alive);
        for _ in 0..10_000 {
            drop(handles.owned(24));
        }
        assert_eq!((handles.get(kept), handles.get(first)), (Some(8), None));
        assert!(handles.owned.len() < 1000, "{}", handles.owned.len());
    }
}
