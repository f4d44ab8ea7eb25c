//! Shapes of values: what an adapter has to know of a type, and nothing else.
//!
//! A shape stands for the type on both sides of a call, which differ in nothing but the tables that
//! handles are in. Equal shapes are one shape, so that helper functions are shared between all
//! types that look the same in memory. Sizes are computed once, when a shape is added.

use std::collections::HashMap;

use super::fused::{Item, limit};
use super::layout;
use crate::error::Error;
use wasm_component::{FlatType, Layout, MAX_FLAT_PARAMS};

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
    fn is_plain(self) -> bool {
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
    /// The core types as parameters, if there are no more than [`MAX_FLAT_PARAMS`].
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
const INLINE_COST: u32 = 40;

/// The most bytes that a value may take in place: what validation allows, and a bit more, as
/// parameters are together a value, too.
const MAX_SIZE: u32 = 1 << 30;

/// What the call of a helper function costs.
const CALL_COST: u32 = 4;

impl Shapes {
    /// The shape of that description. What it consists of is of these shapes.
    pub(crate) fn add(&mut self, shape: Shape) -> ShapeId {
        if let Some(id) = self.index.get(&shape) {
            return *id;
        }
        let id = ShapeId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        let entry = Entry {
            layout: layout::of(self, &shape),
            flat: layout::flat(self, &shape).map(Into::into),
            plain: self.plain(&shape),
            allocates: self.allocates(&shape),
            borrows: self.borrows(&shape),
            cost: self.cost(&shape),
            depth: 1 + self.children(&shape).map(|child| self[child].depth).max().unwrap_or(0),
            shape: shape.clone(),
        };
        self.entries.push(entry);
        self.index.insert(shape, id);
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

    fn children<'s>(&self, shape: &'s Shape) -> Box<dyn Iterator<Item = ShapeId> + 's> {
        match shape {
            Shape::Scalar(_)
            | Shape::String
            | Shape::Flags(_)
            | Shape::Own(_)
            | Shape::Borrow(_) => Box::new(std::iter::empty()),
            Shape::Record(fields) => Box::new(fields.iter().copied()),
            Shape::Variant(cases) => Box::new(cases.iter().copied().flatten()),
            Shape::List(element) | Shape::FixedList(element, _) => {
                Box::new(std::iter::once(*element))
            }
        }
    }

    fn plain(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Scalar(scalar) => scalar.is_plain(),
            Shape::Record(fields) => {
                let sizes: u64 =
                    fields.iter().map(|field| u64::from(self[*field].layout.size)).sum();
                sizes == u64::from(layout::of(self, shape).size)
                    && fields.iter().all(|field| self[*field].plain)
            }
            Shape::Flags(count) => matches!(count, 8 | 16) || count % 32 == 0,
            Shape::FixedList(element, _) => self[*element].plain,
            Shape::String
            | Shape::Variant(_)
            | Shape::List(_)
            | Shape::Own(_)
            | Shape::Borrow(_) => false,
        }
    }

    fn allocates(&self, shape: &Shape) -> bool {
        matches!(shape, Shape::String | Shape::List(_))
            || self.children(shape).any(|child| self[child].allocates)
    }

    fn borrows(&self, shape: &Shape) -> bool {
        matches!(shape, Shape::Borrow(_)) || self.children(shape).any(|child| self[child].borrows)
    }

    fn cost(&self, shape: &Shape) -> u32 {
        let within = |id: ShapeId| match self[id].cost {
            cost if cost > INLINE_COST => CALL_COST,
            cost => cost,
        };
        match shape {
            Shape::Scalar(_) => 1,
            Shape::String | Shape::List(_) | Shape::Own(_) | Shape::Borrow(_) => CALL_COST,
            Shape::Flags(count) => 1 + count / 32,
            Shape::Record(fields) => {
                fields.iter().fold(0, |sum: u32, field| sum.saturating_add(within(*field)))
            }
            Shape::Variant(cases) => {
                let branches = u32::try_from(cases.len()).unwrap_or(u32::MAX) / 4;
                cases.iter().flatten().fold(branches.saturating_add(4), |sum: u32, case| {
                    sum.saturating_add(within(*case)).saturating_add(2)
                })
            }
            Shape::FixedList(element, count) => {
                within(*element).saturating_mul((*count).min(MAX_FLAT_PARAMS as u32))
            }
        }
    }
}

impl std::ops::Index<ShapeId> for Shapes {
    type Output = Entry;

    fn index(&self, id: ShapeId) -> &Entry {
        &self.entries[id.0 as usize]
    }
}
