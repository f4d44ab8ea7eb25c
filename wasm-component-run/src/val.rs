//! Values of any type, for calls whose types are known at run time only.

mod calls;
mod lift;
mod lower;
mod number_list;

pub use number_list::NumberList;

use crate::resource::ResourceAny;

/// A value of a component.
///
/// ```
/// use wasm_component_run::{NumberList, Val};
///
/// // A list of numbers is one however it is held.
/// let one_by_one = Val::List(vec![Val::U8(1), Val::U8(2)]);
/// assert_eq!(one_by_one, Val::NumberList(NumberList::U8(vec![1, 2])));
/// ```
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names of the component model")]
pub enum Val {
    Bool(bool),
    S8(i8),
    U8(u8),
    S16(i16),
    U16(u16),
    S32(i32),
    U32(u32),
    S64(i64),
    U64(u64),
    Float32(f32),
    Float64(f64),
    Char(char),
    String(String),
    List(Vec<Val>),
    Map(Vec<(Val, Val)>),
    Record(Vec<(String, Val)>),
    Tuple(Vec<Val>),
    Variant(String, Option<Box<Val>>),
    Enum(String),
    Option(Option<Box<Val>>),
    Result(Result<Option<Box<Val>>, Option<Box<Val>>>),
    Flags(Vec<String>),
    Resource(ResourceAny),
    FixedLengthList(Vec<Val>),
    /// A list of numbers without a value for each: it is copied at once. It can be passed wherever
    /// a list of these numbers is expected. Lists that come from a guest are
    /// [`List`](Val::List)s, as they are for Wasmtime, unless
    /// [`set_number_lists`](crate::ComponentStoreExt::set_number_lists) says otherwise.
    NumberList(NumberList),
}

impl Val {
    /// What a value of this kind is called.
    pub(crate) fn desc(&self) -> &'static str {
        match self {
            Val::Bool(_) => "bool",
            Val::U8(_) => "u8",
            Val::S8(_) => "s8",
            Val::U16(_) => "u16",
            Val::S16(_) => "s16",
            Val::U32(_) => "u32",
            Val::S32(_) => "s32",
            Val::U64(_) => "u64",
            Val::S64(_) => "s64",
            Val::Float32(_) => "f32",
            Val::Float64(_) => "f64",
            Val::Char(_) => "char",
            Val::List(_) | Val::NumberList(_) => "list",
            Val::Map(_) => "map",
            Val::String(_) => "string",
            Val::Record(_) => "record",
            Val::Enum(_) => "enum",
            Val::Variant(..) => "variant",
            Val::Tuple(_) => "tuple",
            Val::Option(_) => "option",
            Val::Result(_) => "result",
            Val::Resource(_) => "resource",
            Val::Flags(_) => "flags",
            Val::FixedLengthList(_) => "list<_, N>",
        }
    }
}

/// Values are equal if nobody can tell them apart: a NaN is equal to any other, and the two zeros
/// are not equal.
impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::S8(a), Val::S8(b)) => a == b,
            (Val::U8(a), Val::U8(b)) => a == b,
            (Val::S16(a), Val::S16(b)) => a == b,
            (Val::U16(a), Val::U16(b)) => a == b,
            (Val::S32(a), Val::S32(b)) => a == b,
            (Val::U32(a), Val::U32(b)) => a == b,
            (Val::S64(a), Val::S64(b)) => a == b,
            (Val::U64(a), Val::U64(b)) => a == b,
            (Val::Float32(a), Val::Float32(b)) => {
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
            (Val::Float64(a), Val::Float64(b)) => {
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
            (Val::Char(a), Val::Char(b)) => a == b,
            (Val::String(a), Val::String(b)) => a == b,
            (Val::List(a), Val::List(b)) => a == b,
            (Val::NumberList(a), Val::NumberList(b)) => a == b,
            (Val::List(list), Val::NumberList(numbers))
            | (Val::NumberList(numbers), Val::List(list)) => numbers.is_list(list),
            (Val::Map(a), Val::Map(b)) => a == b,
            (Val::Record(a), Val::Record(b)) => a == b,
            (Val::Tuple(a), Val::Tuple(b)) => a == b,
            (Val::Variant(a, payload), Val::Variant(b, other)) => a == b && payload == other,
            (Val::Enum(a), Val::Enum(b)) => a == b,
            (Val::Option(a), Val::Option(b)) => a == b,
            (Val::Result(a), Val::Result(b)) => a == b,
            (Val::Flags(a), Val::Flags(b)) => a == b,
            (Val::Resource(a), Val::Resource(b)) => a == b,
            (Val::FixedLengthList(a), Val::FixedLengthList(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Val {}

macro_rules! from {
    ($($ty:ty => $variant:ident;)*) => {$(
        impl From<$ty> for Val {
            fn from(value: $ty) -> Self {
                Val::$variant(value)
            }
        }
    )*};
}

from! {
    bool => Bool;
    i8 => S8;
    u8 => U8;
    i16 => S16;
    u16 => U16;
    i32 => S32;
    u32 => U32;
    i64 => S64;
    u64 => U64;
    char => Char;
    String => String;
    ResourceAny => Resource;
    NumberList => NumberList;
}
