//! Goes through references, and moves what they lead to.

#![allow(unsafe_code)]

use super::layout::{Layout, Layouts};
use super::object::{ARRAY_HEAD, HEADER_SIZE, Header, is_object};
use super::space::{Bump, Space};

/// Goes through the references to objects, and changes them as the objects move.
#[derive(Debug)]
pub(crate) struct Tracer<'a> {
    space: &'a Space,
    layouts: &'a Layouts,
    /// What is moved from here.
    nursery: Bump,
    /// If the old space is collected too, the half in use.
    old: Option<Bump>,
    /// Where it is moved to.
    to: Bump,
    /// If nothing is moved: the references that were found.
    pub(super) found: Option<Vec<u32>>,
}

impl<'a> Tracer<'a> {
    /// Moves objects from the nursery, and from `old` if the old space is collected too, to `to`.
    pub(super) fn new(space: &'a Space, layouts: &'a Layouts, old: Option<Bump>, to: Bump) -> Self {
        Self { space, layouts, nursery: space.nursery, old, to, found: None }
    }

    /// One that moves nothing, and remembers the references that it is shown.
    pub(super) fn that_finds(self) -> Self {
        Self { found: Some(Vec::new()), ..self }
    }

    /// Where the objects were moved to, with what is left there.
    pub(super) fn end(self) -> Bump {
        self.to
    }

    /// A place outside of the heap that holds a reference.
    ///
    /// # Safety
    ///
    /// The place can be read and written. It holds a reference of this heap.
    #[inline]
    pub(crate) unsafe fn place(&mut self, place: *mut u32) {
        // SAFETY: as the caller promises.
        unsafe {
            let reference = place.read();
            if let Some(moved) = self.follow(reference) {
                place.write(moved);
            }
        }
    }

    /// Where the object of a reference is now, if it is elsewhere.
    ///
    /// # Safety
    ///
    /// It is a reference of this heap.
    #[inline]
    unsafe fn follow(&mut self, reference: u32) -> Option<u32> {
        if !is_object(reference) {
            return None;
        }
        if let Some(found) = &mut self.found {
            found.push(reference);
            return None;
        }
        let is_moved = self.nursery.contains(reference)
            || self.old.as_ref().is_some_and(|old| old.contains(reference));
        if !is_moved {
            debug_assert!(self.to.contains(reference), "{reference:#x} is no object");
            return None;
        }
        // SAFETY: the reference is to an object, or to where it was. There is room for all objects
        // where they go.
        unsafe {
            let header = self.space.header(reference);
            if let Some(moved) = header.moved() {
                return Some(moved);
            }
            let layout = self.layouts.of(header);
            let size = self.size(layout, reference);
            let to = self.to.take(size).expect("there is room for everything that is moved");
            self.space.copy(reference, to, size);
            self.space.set_header(to, header.unlogged());
            self.space.set_header(reference, Header::moved_to(to));
            Some(to)
        }
    }

    /// The size of an object.
    ///
    /// # Safety
    ///
    /// There is an object of that layout at the place.
    unsafe fn size(&self, layout: &Layout, object: u32) -> u32 {
        let elements = match layout {
            // SAFETY: an array has its length behind the header.
            Layout::Array { .. } => unsafe { self.space.word(object + HEADER_SIZE) },
            _ => 0,
        };
        layout.size(elements).expect("an object has a size")
    }

    /// Follows the references of an object. Returns its size.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    pub(super) unsafe fn object(&mut self, object: u32) -> u32 {
        // SAFETY: the layout says which words of the object are references.
        unsafe {
            let layouts = self.layouts;
            let layout = layouts.of(self.space.header(object));
            let size = self.size(layout, object);
            match layout {
                Layout::Struct { references, .. } => {
                    for offset in references {
                        self.field(object + offset);
                    }
                }
                Layout::Array { references: true, .. } => {
                    let elements = self.space.word(object + HEADER_SIZE);
                    for element in 0..elements {
                        self.field(object + ARRAY_HEAD + element * 4);
                    }
                }
                Layout::HostValue | Layout::Array { .. } => {}
            }
            size
        }
    }

    #[inline(always)]
    unsafe fn field(&mut self, place: u32) {
        // SAFETY: as the caller promises, a reference is there.
        unsafe {
            let reference = self.space.word(place);
            if let Some(moved) = self.follow(reference) {
                self.space.set_word(place, moved);
            }
        }
    }

    /// Looks through what was moved, from a place on.
    pub(super) fn scan_from(&mut self, start: u32) {
        let mut next = start;
        while next < self.to.top {
            // SAFETY: everything from there on is objects, one behind the other.
            next += unsafe { self.object(next) };
        }
    }
}
