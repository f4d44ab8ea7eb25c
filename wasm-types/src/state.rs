//! The state of an instance at rest, in terms of the indices of its module.
//!
//! A store captures it, and what writes modules or artifacts consumes it; so that neither has to
//! know the other, it is plain data. Whether a state fits a module is for the consumer to check.

use alloc::vec::Vec;

use crate::index::{FuncIndex, TypeIndex};

/// What an instance holds while none of its code runs.
///
/// Each list covers a whole index space of the module, imported items first. `None` stands for an
/// item that is not part of the state: an imported one that belongs to somebody else, and that the
/// instance has not changed beyond what its instantiation does.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ModuleState {
    /// The memories.
    pub memories: Vec<Option<MemoryState>>,
    /// The tables.
    pub tables: Vec<Option<TableState>>,
    /// The globals.
    pub globals: Vec<Option<GlobalState>>,
    /// Of each data segment, whether it was dropped. Active segments are, once they have run.
    pub dropped_data: Vec<bool>,
    /// Of each element segment, whether it was dropped. Active and declared segments are, once the
    /// module was instantiated.
    pub dropped_elements: Vec<bool>,
    /// Of each element segment, what it holds. `None` stands for one that holds what the module
    /// says: it was dropped, or refers to no object, so that its elements are the same however
    /// often they are computed. The list may be shorter than there are segments.
    pub elements: Vec<Option<Vec<RefState>>>,
    /// The structures and arrays that the rest refers to, and those refer to, in any order.
    pub objects: Vec<ObjectState>,
}

/// The size and contents of a linear memory.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct MemoryState {
    /// The size, in pages of the size that the memory's type declares.
    pub pages: u64,
    /// What is not zero, and perhaps some that is: in the order of offsets, and not overlapping.
    /// Every byte that is in no chunk is zero.
    pub chunks: Vec<MemoryChunk>,
}

/// Bytes of a linear memory that follow one another.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct MemoryChunk {
    /// Where the first one is, in bytes.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The size and contents of a table.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TableState {
    /// The size, in elements.
    pub size: u64,
    /// What is not null, and perhaps some that is: in the order of offsets, and not overlapping.
    /// Every element that is in no run is null.
    pub runs: Vec<TableRun>,
}

/// Elements of a table that follow one another.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TableRun {
    /// The index of the first one.
    pub offset: u64,
    /// The elements.
    pub elements: Vec<RefState>,
}

/// A reference that can be expressed by the indices of a module.
///
/// References to what only the host knows, and to exceptions, can't be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefState {
    /// The null reference, of whatever type its place has.
    Null,
    /// A function of the module, imported or defined.
    Func(FuncIndex),
    /// An unboxed integer, of which only the low 31 bits count. Where the place has a type of
    /// values of the host, it is the integer's conversion.
    I31(u32),
    /// A structure or an array, by its place in [`ModuleState::objects`]. Where the place has a
    /// type of values of the host, it is the object's conversion.
    Object(u32),
}

/// A structure or an array.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ObjectState {
    /// A structure with its fields, in order. Packed integers are `i32`, of which only the low
    /// bits count.
    Struct(TypeIndex, Vec<GlobalState>),
    /// An array of references.
    Array(TypeIndex, Vec<RefState>),
    /// An array of numbers, which are little-endian, one behind the other.
    Numbers(TypeIndex, Vec<u8>),
}

impl ObjectState {
    /// Its type.
    pub const fn ty(&self) -> TypeIndex {
        match self {
            ObjectState::Struct(ty, _)
            | ObjectState::Array(ty, _)
            | ObjectState::Numbers(ty, _) => *ty,
        }
    }

    /// The references in it, with their places, in order.
    pub fn references(&self) -> impl Iterator<Item = (u32, RefState)> + '_ {
        let (fields, elements): (&[GlobalState], &[RefState]) = match self {
            ObjectState::Struct(_, fields) => (fields, &[]),
            ObjectState::Array(_, elements) => (&[], elements),
            ObjectState::Numbers(..) => (&[], &[]),
        };
        let fields = fields.iter().zip(0..).filter_map(|(field, place)| match field {
            GlobalState::Ref(reference) => Some((place, *reference)),
            _ => None,
        });
        fields.chain(elements.iter().zip(0..).map(|(reference, place)| (place, *reference)))
    }
}

/// The value of a global. Floats are their bits, so that NaNs stay what they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GlobalState {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
    /// A `v128`, the first lane in the lowest bits.
    V128(u128),
    /// A reference.
    Ref(RefState),
}
