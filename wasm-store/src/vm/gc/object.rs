//! References, and the header that each object begins with.

/// The null reference. The page there is never accessible.
pub(crate) const NULL: u32 = 0;

/// What all objects are aligned to, and their sizes, in bytes.
pub(super) const ALIGNMENT: u32 = 8;

/// The size of the header, in bytes. The first field stands right behind it; an array has its
/// length there.
pub(super) const HEADER_SIZE: u32 = 4;

/// Where the first element of an array stands, in bytes.
pub(super) const ARRAY_HEAD: u32 = 8;

/// Whether a reference is to an object: it is neither null nor an unboxed integer.
#[inline(always)]
pub(super) const fn is_object(reference: u32) -> bool {
    reference != NULL && reference & 1 == 0
}

/// The first word of an object: the number of its layout and two bits; or, while its heap is
/// collected, where it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(super) struct Header(u32);

impl Header {
    /// The object was moved; the other bits are its new address.
    const MOVED: u32 = 1;
    /// A store of a reference into the object need not be remembered: it is in the nursery, or is
    /// remembered already.
    const LOGGED: u32 = 2;
    const LAYOUT_SHIFT: u32 = 3;

    /// The header of an object in the nursery.
    pub(super) const fn young(layout: u32) -> Self {
        Self(layout << Self::LAYOUT_SHIFT | Self::LOGGED)
    }

    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// The header that an object leaves behind where it was.
    pub(super) const fn moved_to(place: u32) -> Self {
        Self(place | Self::MOVED)
    }

    /// Where the object went, if it was moved.
    #[inline(always)]
    pub(super) const fn moved(self) -> Option<u32> {
        if self.0 & Self::MOVED != 0 { Some(self.0 & !Self::MOVED) } else { None }
    }

    pub(super) const fn layout(self) -> u32 {
        self.0 >> Self::LAYOUT_SHIFT
    }

    pub(super) const fn is_logged(self) -> bool {
        self.0 & Self::LOGGED != 0
    }

    pub(super) const fn logged(self) -> Self {
        Self(self.0 | Self::LOGGED)
    }

    pub(super) const fn unlogged(self) -> Self {
        Self(self.0 & !Self::LOGGED)
    }
}
