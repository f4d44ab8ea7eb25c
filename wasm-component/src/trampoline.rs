//! Core functions that the runtime provides to core modules.

use core::fmt;

use crate::builtin::Builtin;
use crate::flat::CoreSignature;
use crate::index::{
    ComponentInstanceIndex, FuncTypeIndex, LoweringIndex, MemorySlot, ResourceIndex,
};

/// The bits of the flags of a component instance. They are a mutable global of type `i32`, so that
/// adapters test and set them in place; both are set at the start.
pub mod instance_flags {
    /// The instance may call what it imports. Cleared while its memory is written for it, and while
    /// `post-return` runs.
    pub const MAY_LEAVE: i32 = 1 << 0;
    /// The instance may be called. Cleared while it is in a call.
    pub const MAY_ENTER: i32 = 1 << 1;
    /// The value at the start.
    pub const START: i32 = MAY_LEAVE | MAY_ENTER;
}

/// A core function that the runtime provides. All take and return numbers only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trampoline {
    /// Calls a function that the component imports. Its signature is that of the lowered function.
    LowerImport {
        /// What is lowered, and how.
        lowering: LoweringIndex,
    },
    /// `resource.new`, `(rep) -> handle`: makes a handle that owns a resource.
    ResourceNew {
        /// The resource.
        resource: ResourceIndex,
        /// In whose table of handles.
        instance: ComponentInstanceIndex,
    },
    /// `resource.rep`, `(handle) -> rep`: what stands for the resource of a handle.
    ResourceRep {
        /// The resource.
        resource: ResourceIndex,
        /// In whose table of handles.
        instance: ComponentInstanceIndex,
    },
    /// `resource.drop`, `(handle)`: drops a handle, and destroys the resource if it owns it.
    ResourceDrop {
        /// The resource.
        resource: ResourceIndex,
        /// In whose table of handles.
        instance: ComponentInstanceIndex,
    },
    /// `(handle) -> handle`: moves a handle that owns a resource from one table to another.
    ResourceTransferOwn {
        /// The resource.
        resource: ResourceIndex,
        /// Whose handle is given.
        from: ComponentInstanceIndex,
        /// Whose handle is returned.
        to: ComponentInstanceIndex,
    },
    /// `(handle) -> handle`: lends a resource to another instance for the call that
    /// [`ResourceEnterCall`](Self::ResourceEnterCall) began. If the other instance defines the
    /// resource, what is returned is not a handle but what stands for the resource.
    ResourceTransferBorrow {
        /// The resource.
        resource: ResourceIndex,
        /// Whose handle is given.
        from: ComponentInstanceIndex,
        /// Whose handle is returned.
        to: ComponentInstanceIndex,
    },
    /// `()`: begins a call to which resources are lent.
    ResourceEnterCall,
    /// `()`: ends a call to which resources were lent, and traps if some were not given back.
    ResourceExitCall,
    /// Copies a string from one memory to another in another encoding, see [`Transcode`].
    Transcoder {
        /// What is done.
        op: Transcode,
        /// The memory that is read.
        from: MemorySlot,
        /// The memory that is written. It may be the same.
        to: MemorySlot,
    },
    /// `()`: traps.
    Trap {
        /// Why.
        code: AdapterTrap,
    },
    /// A built-in function that is not supported: refuses to be called. As all built-in functions
    /// do, it traps first if the instance may not call out.
    Unavailable {
        /// Which one it is.
        builtin: Builtin,
        /// Who could call it.
        instance: ComponentInstanceIndex,
        /// A function type that is lowered to its signature.
        ty: FuncTypeIndex,
    },
}

impl Trampoline {
    /// The signature; `None` for [`LowerImport`](Self::LowerImport) and
    /// [`Unavailable`](Self::Unavailable), whose signatures depend on a type
    /// ([`Plan::trampoline_signature`](crate::Plan::trampoline_signature) knows it).
    pub fn signature(self) -> Option<CoreSignature> {
        let (params, results) = match self {
            Self::LowerImport { .. } | Self::Unavailable { .. } => return None,
            Self::ResourceNew { .. }
            | Self::ResourceRep { .. }
            | Self::ResourceTransferOwn { .. }
            | Self::ResourceTransferBorrow { .. } => (1, 1),
            Self::ResourceDrop { .. } => (1, 0),
            Self::ResourceEnterCall | Self::ResourceExitCall | Self::Trap { .. } => (0, 0),
            Self::Transcoder { op, .. } => op.signature(),
        };
        Some(CoreSignature::of_i32(params, results))
    }
}

/// How a string is copied from one memory to another. All parameters and results are `i32`:
/// pointers are in bytes; *units* are bytes for UTF-8 and Latin-1, pairs of bytes for UTF-16.
///
/// Each checks that what it reads and writes lies within the memories and is aligned to its units,
/// and traps otherwise ([`AdapterTrap::StringOutOfBounds`], [`AdapterTrap::UnalignedPointer`]), and
/// traps where what it reads is not valid in its encoding. The ranges may overlap only if there is
/// a way in which the copy is right; adapters use ranges that were just allocated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Transcode {
    /// `(from, units, to)`: copies UTF-8, which is checked.
    CopyUtf8,
    /// `(from, units, to)`: copies UTF-16, which is checked.
    CopyUtf16,
    /// `(from, units, to)`: copies Latin-1, in which every byte is a character.
    CopyLatin1,
    /// `(from, units, to)`: Latin-1 to UTF-16; as many units are written as are read.
    Latin1ToUtf16,
    /// `(from, units, to) -> written`: UTF-8 to UTF-16. There is room for as many units as are
    /// read.
    Utf8ToUtf16,
    /// `(from, units, to, room) -> (read, written)`: as much UTF-16 as fits in that many bytes of
    /// UTF-8, in whole characters. A surrogate without its other half is an error.
    Utf16ToUtf8,
    /// `(from, units, to, room) -> (read, written)`: as much Latin-1 as fits in that many bytes of
    /// UTF-8.
    Latin1ToUtf8,
    /// `(from, units, to) -> (read, written)`: as much UTF-8 as is Latin-1; stops at the first
    /// character that is not. There is room for as many bytes as are read.
    Utf8ToLatin1,
    /// `(from, units, to) -> (read, written)`: as much UTF-16 as is Latin-1; stops at the first
    /// unit that is not. There is room for as many bytes as units are read.
    Utf16ToLatin1,
    /// `(from, units, to, room, latin1) -> written`: the rest of a string of UTF-8 to UTF-16. `to`
    /// has `latin1` bytes of Latin-1 already, which are widened in place; the rest is appended.
    /// `room` is the size of `to` in bytes. The result is in units of two bytes, of the whole.
    Utf8ToCompactUtf16,
    /// `(from, units, to, room, latin1) -> written`: the same of UTF-16.
    Utf16ToCompactUtf16,
    /// `(from, units, to) -> tagged`: copies UTF-16 and, if all of it turns out to be Latin-1,
    /// narrows it in place. The result is the number of units, with
    /// [`UTF16_TAG`](crate::UTF16_TAG) set if it is UTF-16.
    Utf16ToCompactProbablyUtf16,
}

impl Transcode {
    pub(crate) const ALL: [Self; 12] = [
        Self::CopyUtf8,
        Self::CopyUtf16,
        Self::CopyLatin1,
        Self::Latin1ToUtf16,
        Self::Utf8ToUtf16,
        Self::Utf16ToUtf8,
        Self::Latin1ToUtf8,
        Self::Utf8ToLatin1,
        Self::Utf16ToLatin1,
        Self::Utf8ToCompactUtf16,
        Self::Utf16ToCompactUtf16,
        Self::Utf16ToCompactProbablyUtf16,
    ];

    /// The number of parameters and of results.
    pub const fn signature(self) -> (usize, usize) {
        match self {
            Self::CopyUtf8 | Self::CopyUtf16 | Self::CopyLatin1 | Self::Latin1ToUtf16 => (3, 0),
            Self::Utf8ToUtf16 | Self::Utf16ToCompactProbablyUtf16 => (3, 1),
            Self::Utf8ToLatin1 | Self::Utf16ToLatin1 => (3, 2),
            Self::Utf16ToUtf8 | Self::Latin1ToUtf8 => (4, 2),
            Self::Utf8ToCompactUtf16 | Self::Utf16ToCompactUtf16 => (5, 1),
        }
    }
}

impl fmt::Display for Transcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CopyUtf8 => "utf8-to-utf8",
            Self::CopyUtf16 => "utf16-to-utf16",
            Self::CopyLatin1 => "latin1-to-latin1",
            Self::Latin1ToUtf16 => "latin1-to-utf16",
            Self::Utf8ToUtf16 => "utf8-to-utf16",
            Self::Utf16ToUtf8 => "utf16-to-utf8",
            Self::Latin1ToUtf8 => "latin1-to-utf8",
            Self::Utf8ToLatin1 => "utf8-to-latin1",
            Self::Utf16ToLatin1 => "utf16-to-latin1",
            Self::Utf8ToCompactUtf16 => "utf8-to-compact-utf16",
            Self::Utf16ToCompactUtf16 => "utf16-to-compact-utf16",
            Self::Utf16ToCompactProbablyUtf16 => "utf16-to-compact-probably-utf16",
        })
    }
}

/// Why an adapter between components traps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AdapterTrap {
    /// An instance calls out while its memory is being written, or in `post-return`.
    CannotLeave,
    /// An instance is called while it is in a call.
    CannotEnter,
    /// A variant has a discriminant that no case has.
    InvalidDiscriminant,
    /// A `char` is a surrogate, or beyond the last character.
    InvalidChar,
    /// A pointer is not aligned as its type needs.
    UnalignedPointer,
    /// A string does not lie within the memory, or is too long.
    StringOutOfBounds,
    /// A list does not lie within the memory, or is too long.
    ListOutOfBounds,
    /// What is passed in memory does not lie within it.
    PointerOutOfBounds,
    /// What was allocated does not lie within the memory.
    ReallocOutOfBounds,
    /// What was allocated is not aligned as it was asked for.
    ReallocUnaligned,
    /// A string is not valid in its encoding.
    InvalidString,
    /// An exception comes out of a component.
    UncaughtException,
}

impl AdapterTrap {
    pub(crate) const ALL: [Self; 12] = [
        Self::CannotLeave,
        Self::CannotEnter,
        Self::InvalidDiscriminant,
        Self::InvalidChar,
        Self::UnalignedPointer,
        Self::StringOutOfBounds,
        Self::ListOutOfBounds,
        Self::PointerOutOfBounds,
        Self::ReallocOutOfBounds,
        Self::ReallocUnaligned,
        Self::InvalidString,
        Self::UncaughtException,
    ];
}

impl fmt::Display for AdapterTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CannotLeave => "cannot leave component instance",
            Self::CannotEnter => "cannot enter component instance",
            Self::InvalidDiscriminant => "invalid variant discriminant",
            Self::InvalidChar => "invalid `char` bit pattern",
            Self::UnalignedPointer => "unaligned pointer",
            Self::StringOutOfBounds => "string content out-of-bounds",
            Self::ListOutOfBounds => "list content out-of-bounds",
            Self::PointerOutOfBounds => "pointer out of bounds of memory",
            Self::ReallocOutOfBounds => "realloc return: beyond end of memory",
            Self::ReallocUnaligned => "realloc return: result not aligned",
            Self::InvalidString => "invalid string encoding",
            Self::UncaughtException => "uncaught exception propagated out of component",
        })
    }
}
