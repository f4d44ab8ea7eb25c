//! Canonical options: how a function is lifted or lowered.

use core::fmt;

use crate::index::{ComponentInstanceIndex, MemorySlot, PostReturnSlot, ReallocSlot};

/// How strings lie in linear memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum StringEncoding {
    /// UTF-8; lengths are in bytes.
    #[default]
    Utf8,
    /// UTF-16, little-endian; lengths are in units of two bytes.
    Utf16,
    /// Latin-1, or UTF-16 if the highest bit of the length ([`UTF16_TAG`]) is set.
    CompactUtf16,
}

/// The bit of a length that says that a string of [`StringEncoding::CompactUtf16`] is UTF-16.
pub const UTF16_TAG: u32 = 1 << 31;

impl fmt::Display for StringEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "utf8",
            Self::Utf16 => "utf16",
            Self::CompactUtf16 => "latin1+utf16",
        })
    }
}

/// The canonical options of a lifted or lowered function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Options {
    /// The component instance that the core function belongs to: its table of handles is used, and
    /// its flags.
    pub instance: ComponentInstanceIndex,
    /// How strings lie in memory.
    pub encoding: StringEncoding,
    /// The memory, which is always one with 32-bit addresses.
    pub memory: Option<MemorySlot>,
    /// The function that allocates, `(i32, i32, i32, i32) -> i32`.
    pub realloc: Option<ReallocSlot>,
    /// What is called after the results were read; only for lifted functions.
    pub post_return: Option<PostReturnSlot>,
}
