//! Goes through references, and moves what they lead to.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::{mem, ptr};

use wasm_types::abi::continuation;

use super::layout::Shape;
use super::object::{ARRAY_HEAD, HEADER_SIZE, Header, is_object};
use super::space::{Bump, NURSERY, Space};
use super::types::Types;
use crate::vm::continuations::{Continuation, reached};

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
    what: What,
    mover: Mover<'a>,
    /// If nothing is moved: the references that were found.
    pub(super) found: Vec<u32>,
}

/// What is needed for each object. It is copied to where loops run, so that it stays in registers:
/// for the compiler, each write to the heap could be one to what a tracer holds.
#[derive(Clone, Copy, Debug)]
struct Mover<'a> {
    /// Where the heap starts.
    base: *mut u8,
    /// The shapes of all types.
    shapes: *const Shape,
    /// The places of references that shapes have no room for.
    far: &'a [u32],
    /// How many bytes of the nursery have objects.
    young_size: u32,
    /// Where objects are moved to. There is room for all.
    to: Bump,
    /// The continuations that it has come to.
    reached: *mut Continuation,
    /// Nobody else changes the heap and its types.
    heap: PhantomData<(&'a Space, &'a Types)>,
}

impl<'a> Tracer<'a> {
    /// Moves objects to a place that has room for them.
    pub(super) fn new(space: &'a Space, types: &'a Types, what: What, to: Bump) -> Self {
        let mover = Mover {
            base: space.base(),
            shapes: types.shapes(),
            far: types.far(),
            young_size: space.young().len() as u32,
            to,
            reached: ptr::null_mut(),
            heap: PhantomData,
        };
        Self { what, mover, found: Vec::new() }
    }

    /// Whether only what is in the nursery is moved.
    pub(crate) fn is_minor(&self) -> bool {
        self.what == What::Young
    }

    /// Whether nothing is in the nursery afterwards.
    pub(crate) fn moves(&self) -> bool {
        self.what != What::Nothing
    }

    /// Where the objects were moved to, with what is left there.
    pub(super) fn end(self) -> Bump {
        self.mover.to
    }

    /// Where the next object is moved to.
    pub(super) fn top(&self) -> u32 {
        self.mover.to.top
    }

    /// The continuations that it has come to since it was asked last.
    pub(super) fn take_reached(&mut self) -> *mut Continuation {
        mem::replace(&mut self.mover.reached, ptr::null_mut())
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
            match self.what {
                What::Young => self.mover.place::<false>(place),
                What::All => self.mover.place::<true>(place),
                What::Nothing => self.found.extend(Some(place.read()).filter(|it| is_object(*it))),
            }
        }
    }

    /// Follows the references of an object.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    pub(super) unsafe fn object(&mut self, object: u32) {
        let mut mover = self.mover;
        // SAFETY: as the caller promises.
        unsafe {
            match self.what {
                What::Young => mover.object::<false>(object),
                What::All => mover.object::<true>(object),
                What::Nothing => mover.each(object, |_, place| {
                    self.found.extend(Some(place.read()).filter(|it| is_object(*it)));
                }),
            };
        }
        self.mover = mover;
    }

    /// Looks through what was moved, from a place on.
    pub(super) fn scan_from(&mut self, start: u32) {
        let mut mover = self.mover;
        let mut next = start;
        // SAFETY: everything from there on is objects, one behind the other.
        unsafe {
            match self.what {
                What::Young => {
                    while next < mover.to.top {
                        next += mover.object::<false>(next);
                    }
                }
                What::All => {
                    while next < mover.to.top {
                        next += mover.object::<true>(next);
                    }
                }
                What::Nothing => {}
            }
        }
        self.mover = mover;
    }
}

impl Mover<'_> {
    /// A place that holds a reference. With `ALL` everything is moved, or else what is in the
    /// nursery.
    ///
    /// # Safety
    ///
    /// The place can be read and written. It holds a reference of this heap.
    #[inline(always)]
    unsafe fn place<const ALL: bool>(&mut self, place: *mut u32) {
        // SAFETY: as the caller promises.
        unsafe {
            let reference = place.read();
            let moves = match ALL {
                // Some places are shown more than once.
                true => is_object(reference) && !self.to.contains(reference),
                // Null is not in the nursery.
                false => reference & 1 == 0 && reference.wrapping_sub(NURSERY) < self.young_size,
            };
            if moves {
                place.write(self.moved(reference));
            }
        }
    }

    /// Where an object is that was moved, or is moved now.
    ///
    /// # Safety
    ///
    /// There is an object at the place, or was.
    #[inline(always)]
    unsafe fn moved(&mut self, object: u32) -> u32 {
        // SAFETY: as the caller promises. There is room for all objects where they go, all of which
        // are aligned to 8 bytes, and so are their sizes.
        unsafe {
            let from = self.base.add(object as usize).cast::<u64>();
            let header = Header::from_bits(from.cast::<u32>().read());
            if let Some(moved) = header.moved() {
                return moved;
            }
            let size = self.size(object, self.shape(header));
            let place = self.to.top;
            debug_assert!(size <= self.to.limit - place, "there is room for what is moved");
            self.to.top = place + size;
            let to = self.base.add(place as usize).cast::<u64>();
            copy(from, to, size as usize / 8);
            to.cast::<u32>().write(header.unlogged().bits());
            from.cast::<u32>().write(Header::moved_to(place).bits());
            place
        }
    }

    #[inline(always)]
    unsafe fn shape(&self, header: Header) -> Shape {
        debug_assert!(header.moved().is_none());
        // SAFETY: the header is that of an object, which has a type of its heap.
        unsafe { self.shapes.add(header.number() as usize).read() }
    }

    /// The size of an object of that shape.
    #[inline(always)]
    unsafe fn size(&self, object: u32, shape: Shape) -> u32 {
        // SAFETY: an array has its length behind the header.
        let length =
            || unsafe { self.base.add((object + HEADER_SIZE) as usize).cast::<u32>().read() };
        shape.size_of(length)
    }

    /// Follows the references of an object. Returns its size.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    #[inline(always)]
    unsafe fn object<const ALL: bool>(&mut self, object: u32) -> u32 {
        // SAFETY: the shape of an object says where references are.
        unsafe { self.each(object, |this, place| this.place::<ALL>(place)) }
    }

    /// Calls a function for each reference of an object. Returns the object's size.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    #[inline(always)]
    unsafe fn each(&mut self, object: u32, mut each: impl FnMut(&mut Self, *mut u32)) -> u32 {
        // SAFETY: as the caller promises.
        unsafe {
            let start = self.base.add(object as usize);
            let shape = self.shape(Header::from_bits(start.cast::<u32>().read()));
            let size = self.size(object, shape);
            if !shape.is_array() {
                let far = self.far;
                let leads_on =
                    shape.each_reference(far, |at| each(self, start.add(at as usize).cast()));
                if leads_on {
                    let record = start.add(continuation::RECORD as usize);
                    let record = record.cast::<*mut Continuation>().read();
                    self.reached = reached(record, object, self.reached);
                }
            } else if shape.elements_are_references() {
                let mut place = start.add(ARRAY_HEAD as usize).cast::<u32>();
                for _ in 0..start.add(HEADER_SIZE as usize).cast::<u32>().read() {
                    each(self, place);
                    place = place.add(1);
                }
            }
            size
        }
    }
}

/// Copies words to another place.
///
/// # Safety
///
/// As many can be read here and written there.
#[inline(always)]
unsafe fn copy(from: *const u64, to: *mut u64, words: usize) {
    /// From how many words on a call of the library is faster.
    const MANY: usize = 16;
    // SAFETY: as the caller promises.
    unsafe {
        if words > MANY {
            from.copy_to_nonoverlapping(to, words);
            return;
        }
        for word in 0..words {
            // As it is written: a loop that was made for many words takes longer to start.
            to.add(word).write_volatile(from.add(word).read());
        }
    }
}
