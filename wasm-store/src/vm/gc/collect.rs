//! Collections: what is referred to is moved, and each reference to it is changed.
//!
//! Both kinds are Cheney's: objects that were moved are looked through in the order in which they
//! came, and what they refer to is moved behind them.

#![allow(unsafe_code)]

use super::heap::{Heap, Outside};
use super::space::Bump;
use super::tracer::Tracer;

impl Heap {
    fn tracer(&self, old: Option<Bump>, to: Bump) -> Tracer<'_> {
        Tracer::new(&self.space, &self.layouts, old, to)
    }

    /// A tracer that moves nothing, and collects the references that it is shown.
    pub(super) fn finder(&self) -> Tracer<'_> {
        self.tracer(None, self.space.old).that_finds()
    }

    /// Moves what lives in the nursery to the old space, which has room for it.
    pub(super) fn move_nursery(&mut self, outside: &mut dyn Outside) {
        let start = self.space.old.top;
        let remembered = std::mem::take(&mut self.remembered);
        let mut tracer = self.tracer(None, self.space.old);
        outside.trace(&mut tracer);
        for object in &remembered {
            // SAFETY: the list is of objects in the old space, which did not move.
            unsafe {
                tracer.object(*object);
                let header = self.space.header(*object);
                self.space.set_header(*object, header.unlogged());
            }
        }
        tracer.scan_from(start);
        self.space.old = tracer.end();
        let space = &self.space;
        // SAFETY: the values' objects are where they were, or have left behind where they went.
        self.values.after_minor(|object| unsafe { space.header(object).moved() });
        self.empty_nursery();
        self.remembered = remembered;
        self.remembered.clear();
    }

    /// Moves everything that lives to another place, which has room for it.
    pub(super) fn move_all(&mut self, outside: &mut dyn Outside, to: Bump) {
        let mut tracer = self.tracer(Some(self.space.old), to);
        outside.trace(&mut tracer);
        tracer.scan_from(to.start);
        let to = tracer.end();
        let space = &self.space;
        // SAFETY: as above.
        self.values.after_major(|object| unsafe { space.header(object).moved() });
        self.remembered.clear();
        self.empty_nursery();
        self.space.flip(to);
    }

    /// Nothing is in the nursery any more. Nothing is handed out from it either, until it is known
    /// how much the old space has room for: finding that out may fail.
    fn empty_nursery(&mut self) {
        let nursery = self.space.nursery;
        if cfg!(debug_assertions) {
            // SAFETY: nothing refers to it any more. A reference that was not found leads to no
            // object from now on.
            unsafe { self.space.fill(nursery.start..nursery.top, 0xa5) };
        }
        self.space.nursery.top = nursery.start;
        self.space.nursery.limit = nursery.start;
    }
}
