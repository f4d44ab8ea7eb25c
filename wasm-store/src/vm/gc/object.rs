//! References, and the header that each object begins with.

use wasm_types::abi::heap;

/// The null reference. The page there is never accessible.
pub(crate) const NULL: u32 = heap::NULL;

/// What all objects are aligned to, and their sizes, in bytes.
pub(super) const ALIGNMENT: u32 = heap::ALIGNMENT;

/// The size of the header, in bytes. An array has its length behind it, and an exception the number
/// of its tag.
pub(super) const HEADER_SIZE: u32 = heap::HEADER_SIZE;

/// Where the first element of an array stands, in bytes.
pub(super) const ARRAY_HEAD: u32 = heap::ARRAY_ELEMENTS;

const _: () = assert!(heap::ARRAY_LENGTH == HEADER_SIZE);

/// Whether a reference is to an object: it is neither null nor an unboxed integer.
#[inline(always)]
pub(super) const fn is_object(reference: u32) -> bool {
    reference != NULL && reference & 1 == 0
}

/// The number of the type of the object with a header.
pub(crate) const fn type_of_header(header: u32) -> u32 {
    Header(header).number()
}

/// The first word of an object: the number of its type and two bits; or, while its heap is
/// collected, where it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(super) struct Header(u32);

impl Header {
    const TYPE_SHIFT: u32 = (!heap::TYPE_MASK).count_ones();

    /// The header of an object in the nursery: references may be written into it.
    #[inline(always)]
    pub(super) const fn young(number: u32) -> Self {
        Self(number << Self::TYPE_SHIFT | heap::LOGGED)
    }

    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// The header that an object leaves behind where it was.
    #[inline(always)]
    pub(super) const fn moved_to(place: u32) -> Self {
        Self(place | heap::MOVED)
    }

    /// Where the object went, if it was moved.
    #[inline(always)]
    pub(super) const fn moved(self) -> Option<u32> {
        if self.0 & heap::MOVED != 0 { Some(self.0 & !heap::MOVED) } else { None }
    }

    /// The number of the object's type.
    #[inline(always)]
    pub(super) const fn number(self) -> u32 {
        self.0 >> Self::TYPE_SHIFT
    }

    #[inline(always)]
    pub(super) const fn is_logged(self) -> bool {
        self.0 & heap::LOGGED != 0
    }

    #[inline(always)]
    pub(super) const fn logged(self) -> Self {
        Self(self.0 | heap::LOGGED)
    }

    #[inline(always)]
    pub(super) const fn unlogged(self) -> Self {
        Self(self.0 & !heap::LOGGED)
    }
}
