//! The garbage-collected heap of a store, as compiled code reaches into it.
//!
//! It is one reservation. [`context::HEAP`](super::context::HEAP) leads to its start, and a
//! reference is the distance of an object from there: [`NULL`] is null, an odd number an unboxed
//! integer of 31 bits (twice the integer, and one), everything else an object. Nothing below
//! [`NULL_GUARD`] can be accessed, so that an access through null faults.
//!
//! An object begins with its **header**: the number that the store has for its type times 8, and
//! two bits. The numbers of the module's types are in its context, where those of function types
//! have their ids ([`ContextLayout::type_id`](super::ContextLayout::type_id)), times 8 as well.
//! What follows is said by [`StructLayout`](super::StructLayout) and
//! [`ArrayLayout`](super::ArrayLayout).
//!
//! **Making one** is to move [`TOP`], which must not pass [`LIMIT`], and to write everything,
//! the header with [`LOGGED`]. Where that is not possible,
//! [`Builtin::NewObject`](super::Builtin::NewObject) makes the object, possibly after moving all
//! others; it may be written as if it was made at [`TOP`].
//!
//! **A reference is written** into an object only after its header has [`LOGGED`]. If it has not,
//! the object is added to the log: its reference goes where [`LOG_TOP`] leads, which moves on by 4
//! bytes, and the header gets the bit. There is always room for that. It is not needed for null,
//! for unboxed integers, and for what was made since the last call.

/// The null reference.
pub const NULL: u32 = 0;

/// Nothing below is accessible, in bytes.
pub const NULL_GUARD: u32 = 60 << 10;

/// Where the next object goes: `u32`, a reference.
pub const TOP: u32 = NULL_GUARD;

/// Where there is no more room for objects that code makes: `u32`. Never below [`TOP`].
pub const LIMIT: u32 = TOP + 4;

/// Where the next entry of the log goes: a pointer to `u32`.
pub const LOG_TOP: u32 = TOP + 8;

/// Where code may leave what a cast was of, right before it traps because that is of another type:
/// `u32`, a reference. Behind it is what the cast was to: `u32`, a
/// [`cast_target`](fn@super::cast_target). It is for messages; zeros say nothing.
pub const FAILED_CAST: u32 = TOP + 16;

/// Where the nursery starts, from which code makes objects.
pub const NURSERY: u32 = 64 << 10;

/// What is known of types, an entry of [`TYPE_SIZE`] bytes each, by their numbers.
pub const TYPES: u32 = 16 << 20;

/// The size of an entry at [`TYPES`]. It begins with the numbers, times 8, of the type's
/// supertypes from the outermost one, with the type's own after them, [`NEAR`] at most; the rest
/// are of no type. The kind of the type is at [`TYPE_KIND`].
pub const TYPE_SIZE: u32 = 32;

/// How many of a type's supertypes and itself are in an entry at [`TYPES`].
pub const NEAR: u32 = 7;

/// Where the kind of a type is within its entry: `u32`, a [`ObjectKind`].
pub const TYPE_KIND: u32 = 28;

/// How many types of objects a store has room for.
pub const MAX_TYPES: u32 = 1 << 20;

/// The function references that objects hold, by the numbers that stand for them in objects: a
/// pointer each to a [`func_ref`](super::func_ref) record. Number 0 is null.
pub const FUNCTIONS: u32 = TYPES + MAX_TYPES * TYPE_SIZE;

/// How many functions the objects of a store can refer to.
pub const MAX_FUNCTIONS: u32 = 1 << 20;

/// Where objects are that have survived a collection, and large ones.
pub const OLD: u32 = 64 << 20;

/// In a header: the object was moved. Compiled code never sees it.
pub const MOVED: u32 = 1;

/// In a header: references may be written into the object.
pub const LOGGED: u32 = 2;

/// The bits of a header that are the number of the type times 8.
pub const TYPE_MASK: u32 = !7;

/// The size of a header, in bytes. It is at the start of an object.
pub const HEADER_SIZE: u32 = 4;

/// Where an array has its length, `u32`, in bytes.
pub const ARRAY_LENGTH: u32 = 4;

/// Where the elements of an array are, in bytes.
pub const ARRAY_ELEMENTS: u32 = 8;

/// What objects are aligned to, and their sizes, in bytes.
pub const ALIGNMENT: u32 = 8;

/// The kinds of types that objects have. Those that can be compared come last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub enum ObjectKind {
    /// It stands for a value of the host.
    HostValue = 0,
    /// An exception.
    Exception = 1,
    /// A structure.
    Struct = 2,
    /// An array.
    Array = 3,
}

const _: () = {
    assert!(FUNCTIONS + MAX_FUNCTIONS * super::POINTER_SIZE <= OLD);
    assert!(NEAR * 4 == TYPE_KIND && TYPE_KIND + 4 == TYPE_SIZE);
};
