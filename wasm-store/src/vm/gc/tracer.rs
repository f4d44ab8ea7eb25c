//! Goes through references, and moves what they lead to.

#![allow(unsafe_code)]

use super::object::{ARRAY_HEAD, HEADER_SIZE, Header, is_object};
use super::space::{Bump, NURSERY, Space};
use super::types::Types;

/// What a tracer moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// What is in the nursery.
    Young,
    /// Everything.
    All,
    /// Nothing: it remembers the references that it is shown.
    Nothing,
}

/// Goes through the references to objects, and changes them as the objects move.
#[derive(Debug)]
pub(crate) struct Tracer<'a> {
    space: &'a Space,
    types: &'a Types,
    what: What,
    /// Where the objects of the nursery end.
    young_end: u32,
    /// Where objects are moved to. There is room for all.
    to: Bump,
    /// If nothing is moved: the references that were found.
    pub(super) found: Vec<u32>,
}

impl<'a> Tracer<'a> {
    /// Moves objects to a place that has room for them.
    pub(super) fn new(space: &'a Space, types: &'a Types, what: What, to: Bump) -> Self {
        Self { space, types, what, young_end: space.young().end, to, found: Vec::new() }
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
            let moved = match self.what {
                What::Young => self.follow::<false>(reference),
                What::All => self.follow::<true>(reference),
                What::Nothing => self.find(reference),
            };
            if let Some(moved) = moved {
                place.write(moved);
            }
        }
    }

    fn find(&mut self, reference: u32) -> Option<u32> {
        if is_object(reference) {
            self.found.push(reference);
        }
        None
    }

    /// Where the object of a reference is now, if it is elsewhere. With `ALL` everything is moved,
    /// or else what is in the nursery.
    ///
    /// # Safety
    ///
    /// It is a reference of this heap.
    #[inline(always)]
    unsafe fn follow<const ALL: bool>(&mut self, reference: u32) -> Option<u32> {
        if !is_object(reference) {
            return None;
        }
        let stays = match ALL {
            // Some places are shown more than once.
            true => self.to.contains(reference),
            false => reference >= self.young_end,
        };
        if stays {
            return None;
        }
        debug_assert!(
            (NURSERY..self.young_end).contains(&reference)
                || ALL && self.space.old.contains(reference),
            "{reference:#x} is no object"
        );
        // SAFETY: the reference is to an object, or to where it was. There is room for all objects
        // where they go.
        unsafe {
            let header = self.space.header(reference);
            if let Some(moved) = header.moved() {
                return Some(moved);
            }
            let space = self.space;
            let shape = self.types.shape_of(header);
            let size = shape.size_of(|| space.word(reference + HEADER_SIZE));
            let to = self.to.top;
            debug_assert!(size <= self.to.limit - to, "there is room for everything that is moved");
            self.to.top = to + size;
            space.copy(reference, to, size);
            space.set_header(to, header.unlogged());
            space.set_header(reference, Header::moved_to(to));
            Some(to)
        }
    }

    /// Follows the references of an object. Returns its size.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    pub(super) unsafe fn object(&mut self, object: u32) -> u32 {
        // SAFETY: as the caller promises.
        unsafe {
            match self.what {
                What::Young => self.each(object, Self::field::<false>),
                What::All => self.each(object, Self::field::<true>),
                What::Nothing => self.each(object, |this, place| {
                    this.find(this.space.word(place));
                }),
            }
        }
    }

    /// Calls a function for each reference of an object. Returns the object's size.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    #[inline(always)]
    unsafe fn each(&mut self, object: u32, field: impl Fn(&mut Self, u32)) -> u32 {
        let (types, space) = (self.types, self.space);
        // SAFETY: as the caller promises; an array has its length behind the header.
        unsafe {
            let shape = types.shape_of(space.header(object));
            if !shape.is_array() {
                shape.each_reference(types.far(), |offset| field(self, object + offset));
            } else if shape.elements_are_references() {
                let elements = space.word(object + HEADER_SIZE);
                let start = object + ARRAY_HEAD;
                (0..elements).for_each(|element| field(self, start + element * 4));
            }
            shape.size_of(|| space.word(object + HEADER_SIZE))
        }
    }

    /// A place within an object that holds a reference, as the object's shape says.
    #[inline(always)]
    fn field<const ALL: bool>(&mut self, place: u32) {
        // SAFETY: the shape of an object says where references are.
        unsafe {
            let reference = self.space.word(place);
            if let Some(moved) = self.follow::<ALL>(reference) {
                self.space.set_word(place, moved);
            }
        }
    }

    /// Looks through what was moved, from a place on.
    pub(super) fn scan_from(&mut self, start: u32) {
        let mut next = start;
        // SAFETY: everything from there on is objects, one behind the other.
        unsafe {
            match self.what {
                What::Young => {
                    while next < self.to.top {
                        next += self.each(next, Self::field::<false>);
                    }
                }
                What::All => {
                    while next < self.to.top {
                        next += self.each(next, Self::field::<true>);
                    }
                }
                What::Nothing => {}
            }
        }
    }
}
