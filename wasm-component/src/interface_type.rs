//! A value type, as a small value.

use crate::index::{ResourceIndex, TypeIndex};

/// A value type of the component model.
///
/// What a type with an index consists of, [`Types`](crate::Types) says. Types of one plan are equal
/// exactly if they are the same structure, whatever names a component gave them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InterfaceType {
    /// `bool`.
    Bool,
    /// `s8`.
    S8,
    /// `u8`.
    U8,
    /// `s16`.
    S16,
    /// `u16`.
    U16,
    /// `s32`.
    S32,
    /// `u32`.
    U32,
    /// `s64`.
    S64,
    /// `u64`.
    U64,
    /// `f32`.
    Float32,
    /// `f64`.
    Float64,
    /// `char`.
    Char,
    /// `string`.
    String,
    /// `list<T>`.
    List(TypeIndex),
    /// `list<T, N>`.
    FixedLengthList(TypeIndex),
    /// `map<K, V>`.
    Map(TypeIndex),
    /// A record.
    Record(TypeIndex),
    /// A tuple.
    Tuple(TypeIndex),
    /// A variant.
    Variant(TypeIndex),
    /// An enumeration.
    Enum(TypeIndex),
    /// Flags.
    Flags(TypeIndex),
    /// `option<T>`.
    Option(TypeIndex),
    /// `result<T, E>`.
    Result(TypeIndex),
    /// `own<R>`: a handle that owns a resource.
    Own(ResourceIndex),
    /// `borrow<R>`: a handle that is lent for a call.
    Borrow(ResourceIndex),
}

/// The numbers of the kinds in the binary form.
pub(crate) mod kind {
    pub(crate) const NONE: u32 = 0;
    pub(crate) const STRING: u32 = 13;
    pub(crate) const LIST: u32 = 14;
    pub(crate) const FIXED_LENGTH_LIST: u32 = 15;
    pub(crate) const MAP: u32 = 16;
    pub(crate) const RECORD: u32 = 17;
    pub(crate) const TUPLE: u32 = 18;
    pub(crate) const VARIANT: u32 = 19;
    pub(crate) const ENUM: u32 = 20;
    pub(crate) const FLAGS: u32 = 21;
    pub(crate) const OPTION: u32 = 22;
    pub(crate) const RESULT: u32 = 23;
    pub(crate) const OWN: u32 = 24;
    pub(crate) const BORROW: u32 = 25;
}

/// The primitive types in the order of their numbers, from 1 on.
const PRIMITIVE: [InterfaceType; 13] = [
    InterfaceType::Bool,
    InterfaceType::S8,
    InterfaceType::U8,
    InterfaceType::S16,
    InterfaceType::U16,
    InterfaceType::S32,
    InterfaceType::U32,
    InterfaceType::S64,
    InterfaceType::U64,
    InterfaceType::Float32,
    InterfaceType::Float64,
    InterfaceType::Char,
    InterfaceType::String,
];

impl InterfaceType {
    /// The index into the table of types, if there is one.
    #[inline]
    pub const fn type_index(self) -> Option<TypeIndex> {
        match self {
            Self::List(index)
            | Self::FixedLengthList(index)
            | Self::Map(index)
            | Self::Record(index)
            | Self::Tuple(index)
            | Self::Variant(index)
            | Self::Enum(index)
            | Self::Flags(index)
            | Self::Option(index)
            | Self::Result(index) => Some(index),
            _ => None,
        }
    }

    /// The resource of a handle.
    #[inline]
    pub const fn resource(self) -> Option<ResourceIndex> {
        match self {
            Self::Own(resource) | Self::Borrow(resource) => Some(resource),
            _ => None,
        }
    }

    /// What a type of this kind is called, as people call it: `u32`, `record`, `list`.
    pub const fn desc(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::S8 => "s8",
            Self::U8 => "u8",
            Self::S16 => "s16",
            Self::U16 => "u16",
            Self::S32 => "s32",
            Self::U32 => "u32",
            Self::S64 => "s64",
            Self::U64 => "u64",
            Self::Float32 => "f32",
            Self::Float64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::List(_) => "list",
            Self::FixedLengthList(_) => "list<_, N>",
            Self::Map(_) => "map",
            Self::Record(_) => "record",
            Self::Tuple(_) => "tuple",
            Self::Variant(_) => "variant",
            Self::Enum(_) => "enum",
            Self::Flags(_) => "flags",
            Self::Option(_) => "option",
            Self::Result(_) => "result",
            Self::Own(_) => "own",
            Self::Borrow(_) => "borrow",
        }
    }

    /// Kind and index, as they stand in the binary form.
    pub(crate) fn encode(ty: Option<Self>) -> (u32, u32) {
        let Some(ty) = ty else { return (kind::NONE, 0) };
        match ty {
            Self::List(index) => (kind::LIST, index.as_u32()),
            Self::FixedLengthList(index) => (kind::FIXED_LENGTH_LIST, index.as_u32()),
            Self::Map(index) => (kind::MAP, index.as_u32()),
            Self::Record(index) => (kind::RECORD, index.as_u32()),
            Self::Tuple(index) => (kind::TUPLE, index.as_u32()),
            Self::Variant(index) => (kind::VARIANT, index.as_u32()),
            Self::Enum(index) => (kind::ENUM, index.as_u32()),
            Self::Flags(index) => (kind::FLAGS, index.as_u32()),
            Self::Option(index) => (kind::OPTION, index.as_u32()),
            Self::Result(index) => (kind::RESULT, index.as_u32()),
            Self::Own(resource) => (kind::OWN, resource.as_u32()),
            Self::Borrow(resource) => (kind::BORROW, resource.as_u32()),
            primitive => {
                let place = PRIMITIVE.iter().position(|of| *of == primitive);
                (place.map_or(kind::NONE, |place| place as u32 + 1), 0)
            }
        }
    }

    /// The type of a kind and an index; `None` if there is no such kind, or for no type.
    #[inline]
    pub(crate) fn decode(kind: u32, index: u32) -> Option<Self> {
        if kind <= kind::STRING {
            return PRIMITIVE.get((kind as usize).wrapping_sub(1)).copied();
        }
        let ty = TypeIndex::new(index);
        Some(match kind {
            kind::LIST => Self::List(ty),
            kind::FIXED_LENGTH_LIST => Self::FixedLengthList(ty),
            kind::MAP => Self::Map(ty),
            kind::RECORD => Self::Record(ty),
            kind::TUPLE => Self::Tuple(ty),
            kind::VARIANT => Self::Variant(ty),
            kind::ENUM => Self::Enum(ty),
            kind::FLAGS => Self::Flags(ty),
            kind::OPTION => Self::Option(ty),
            kind::RESULT => Self::Result(ty),
            kind::OWN => Self::Own(ResourceIndex::new(index)),
            kind::BORROW => Self::Borrow(ResourceIndex::new(index)),
            _ => return None,
        })
    }
}
