//! Collections: what is referred to is moved, and each reference to it is changed.
//!
//! Both kinds are Cheney's: objects that were moved are looked through in the order in which they
//! came, and what they refer to is moved behind them.

#![allow(unsafe_code)]

use super::heap::{Heap, Outside};
use super::space::Bump;
use super::tracer::{Tracer, What};

/// Looks through what was moved, from a place on, and what continuations among it lead to.
fn scan(tracer: &mut Tracer<'_>, outside: &mut dyn Outside, mut start: u32) {
    loop {
        tracer.scan_from(start);
        let continuations = tracer.take_reached();
        if continuations.is_null() {
            return;
        }
        start = tracer.top();
        outside.trace_continuations(continuations, tracer);
    }
}

impl Heap {
    fn tracer(&self, what: What, to: Bump) -> Tracer<'_> {
        Tracer::new(&self.space, &self.types, what, to)
    }

    /// A tracer that moves nothing, and collects the references that it is shown.
    pub(super) fn finder(&self) -> Tracer<'_> {
        self.tracer(What::Nothing, self.space.old)
    }

    /// Moves what lives in the nursery to the old space, which has room for it.
    pub(super) fn move_nursery(&mut self, outside: &mut dyn Outside) {
        let start = self.space.old.top;
        let mut tracer = self.tracer(What::Young, self.space.old);
        outside.trace(&mut tracer);
        for place in 0..self.space.logged() {
            // SAFETY: the log is of objects in the old space, which did not move.
            unsafe {
                let object = self.space.log_entry(place);
                tracer.object(object);
                let header = self.space.header(object);
                self.space.set_header(object, header.unlogged());
            }
        }
        scan(&mut tracer, outside, start);
        self.space.old = tracer.end();
        let space = &self.space;
        let young = space.young();
        outside.sweep(&|object| !young.contains(&object));
        // SAFETY: the values' objects are where they were, or have left behind where they went.
        self.values.after_minor(|object| unsafe { space.header(object).moved() });
        self.forget_nursery();
    }

    /// Moves everything that lives to another place, which has room for it.
    pub(super) fn move_all(&mut self, outside: &mut dyn Outside, to: Bump) {
        let mut tracer = self.tracer(What::All, to);
        outside.trace(&mut tracer);
        scan(&mut tracer, outside, to.start);
        let to = tracer.end();
        let space = &self.space;
        outside.sweep(&|object| to.contains(object));
        // SAFETY: as above.
        self.values.after_major(|object| unsafe { space.header(object).moved() });
        self.forget_nursery();
        self.space.flip(to);
    }

    /// Nothing is in the nursery any more, and no object of the old space refers to it. Nothing is
    /// handed out from it either, until it is known how much the old space has room for: finding
    /// that out may fail.
    fn forget_nursery(&mut self) {
        if cfg!(debug_assertions) {
            // SAFETY: nothing refers to it any more. A reference that was not found leads to no
            // object from now on.
            unsafe { self.space.fill(self.space.young(), 0xa5) };
        }
        self.space.empty_nursery();
        self.space.empty_log();
    }
}
