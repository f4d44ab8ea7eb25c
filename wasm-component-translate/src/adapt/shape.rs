//! Shapes of values: what an adapter has to know of a type, and nothing else.
//!
//! A shape stands for the type on both sides of a call, which differ in nothing but the tables that
//! handles are in. Equal shapes are one shape, so that helper functions are shared between all
//! types that look the same in memory.

use std::collections::HashMap;

use super::item::Item;
use super::refusal::limit;
use crate::error::Error;
use wasm_component::{FlatType, Layout};

/// A shape in [`Shapes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ShapeId(u32);

/// Values that are one core value each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Scalar {
    /// 0 or 1; anything else is read as 1.
    Bool,
    /// 8 bits, signed.
    S8,
    /// 8 bits, unsigned.
    U8,
    /// 16 bits, signed.
    S16,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, signed or not.
    Int32,
    /// 64 bits, signed or not.
    Int64,
    /// A floating-point number of 32 bits.
    F32,
    /// A floating-point number of 64 bits.
    F64,
    /// A Unicode scalar value.
    Char,
}

impl Scalar {
    /// The bytes it takes in memory, which are its alignment, too.
    pub(super) fn size(self) -> u32 {
        match self {
            Self::Bool | Self::S8 | Self::U8 => 1,
            Self::S16 | Self::U16 => 2,
            Self::Int32 | Self::F32 | Self::Char => 4,
            Self::Int64 | Self::F64 => 8,
        }
    }

    /// The core type it has as a parameter.
    pub(super) fn flat(self) -> FlatType {
        match self {
            Self::Int64 => FlatType::I64,
            Self::F32 => FlatType::F32,
            Self::F64 => FlatType::F64,
            _ => FlatType::I32,
        }
    }

    /// Whether each pattern of bits is a value, and stands for itself.
    pub(super) fn is_plain(self) -> bool {
        !matches!(self, Self::Bool | Self::Char)
    }
}

/// What a type looks like. Tuples are records; enumerations, options and results are variants; maps
/// are lists of records.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Shape {
    /// One core value.
    Scalar(Scalar),
    /// A string, in the encoding of its side.
    String,
    /// Fields one after the other.
    Record(Box<[ShapeId]>),
    /// One of several cases, with or without a payload.
    Variant(Box<[Option<ShapeId>]>),
    /// That many bits.
    Flags(u32),
    /// A list of any length.
    List(ShapeId),
    /// A list of that length, in place.
    FixedList(ShapeId, u32),
    /// A handle that owns: the function that takes the one of the source and gives the one of the
    /// target, or traps.
    Own(Item),
    /// A handle that borrows, in the same way.
    Borrow(Item),
}

/// A shape with what was computed of it.
pub(crate) struct Entry {
    pub(super) shape: Shape,
    pub(super) layout: Layout,
    /// The core types as parameters, if there are no more than
    /// [`MAX_FLAT_PARAMS`](wasm_component::MAX_FLAT_PARAMS).
    pub(super) flat: Option<Box<[FlatType]>>,
    /// Whether all bytes in memory are values that stand for themselves, so that bytes can be
    /// copied: neither checks nor padding, which could hold what the other side must not see.
    pub(super) plain: bool,
    /// Whether copying one can call `realloc`.
    pub(super) allocates: bool,
    /// Whether there are handles in it that borrow.
    pub(super) borrows: bool,
    /// How much code it takes to copy one, with helper functions for what is large within.
    pub(super) cost: u32,
    /// How deeply it is nested.
    pub(super) depth: u32,
}

/// All shapes, each once.
#[derive(Default)]
pub(crate) struct Shapes {
    entries: Vec<Entry>,
    index: HashMap<Shape, ShapeId>,
}

/// What costs more than this is copied by a helper function.
pub(super) const INLINE_COST: u32 = 40;

/// The most bytes that a value may take in place: what validation allows, and a bit more, as
/// parameters are together a value, too.
const MAX_SIZE: u32 = 1 << 30;

impl Shapes {
    /// The shape of that description, if it is there.
    pub(super) fn find(&self, shape: &Shape) -> Option<ShapeId> {
        self.index.get(shape).copied()
    }

    /// Adds a shape that is not there yet.
    pub(super) fn push(&mut self, entry: Entry) -> ShapeId {
        let id = ShapeId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.index.insert(entry.shape.clone(), id);
        self.entries.push(entry);
        id
    }

    /// Refuses shapes that are larger than a memory or deeper than that.
    pub(super) fn check(&self, depth: u32) -> Result<(), Error> {
        for entry in &self.entries {
            if entry.layout.size > MAX_SIZE {
                return Err(limit(format!(
                    "has a type of {} bytes; {MAX_SIZE} are \
                     the most",
                    entry.layout.size
                )));
            }
            if entry.depth > depth {
                return Err(limit(format!(
                    "has a type that is nested {} deep; {depth} is \
                     the most",
                    entry.depth
                )));
            }
        }
        Ok(())
    }

    /// Whether there are handles in a shape that borrow.
    pub(super) fn has_borrows(&self, id: ShapeId) -> bool {
        self[id].borrows
    }

    /// Whether a shape is copied by a helper function wherever it is part of another.
    pub(super) fn is_outlined(&self, id: ShapeId) -> bool {
        self[id].cost > INLINE_COST
    }
}

impl std::ops::Index<ShapeId> for Shapes {
    type Output = Entry;

    fn index(&self, id: ShapeId) -> &Entry {
        &self.entries[id.0 as usize]
    }
}
