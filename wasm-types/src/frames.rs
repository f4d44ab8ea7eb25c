//! Frames that can be debugged: where a function keeps the values of its locals and operands, and
//! what is on the operand stack at each operator.

use alloc::vec::Vec;

use crate::types::{HeapType, RefType, ValType};

/// What kind of value is in a place of a frame. References are told apart by what they lead to,
/// and by nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum FrameValueKind {
    /// A 32-bit integer.
    I32 = 1,
    /// A 64-bit integer.
    I64 = 2,
    /// A 32-bit float.
    F32 = 3,
    /// A 64-bit float.
    F64 = 4,
    /// A vector.
    V128 = 5,
    /// A reference to a function.
    Func = 6,
    /// A reference to a host value.
    Extern = 7,
    /// A reference to a structure or an array, or an integer of 31 bits.
    Any = 8,
    /// A reference to an exception.
    Exn = 9,
    /// A reference to a continuation.
    Cont = 10,
}

impl FrameValueKind {
    const ALL: [Self; 10] = [
        Self::I32,
        Self::I64,
        Self::F32,
        Self::F64,
        Self::V128,
        Self::Func,
        Self::Extern,
        Self::Any,
        Self::Exn,
        Self::Cont,
    ];

    /// The kind of values of a type.
    pub const fn of(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32,
            ValType::I64 => Self::I64,
            ValType::F32 => Self::F32,
            ValType::F64 => Self::F64,
            ValType::V128 => Self::V128,
            ValType::Ref(ty) => match ty.heap.top() {
                HeapType::Func => Self::Func,
                HeapType::Extern => Self::Extern,
                HeapType::Exn => Self::Exn,
                HeapType::Cont => Self::Cont,
                _ => Self::Any,
            },
        }
    }

    /// The largest type of that kind.
    pub const fn value_type(self) -> ValType {
        let heap = match self {
            Self::I32 => return ValType::I32,
            Self::I64 => return ValType::I64,
            Self::F32 => return ValType::F32,
            Self::F64 => return ValType::F64,
            Self::V128 => return ValType::V128,
            Self::Func => HeapType::Func,
            Self::Extern => HeapType::Extern,
            Self::Any => HeapType::Any,
            Self::Exn => HeapType::Exn,
            Self::Cont => HeapType::Cont,
        };
        ValType::Ref(RefType { nullable: true, heap })
    }

    /// The kind with a number.
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Whether it is a reference.
    pub const fn is_reference(self) -> bool {
        matches!(self.value_type(), ValType::Ref(_))
    }

    /// Whether it is a reference into the garbage-collected heap.
    pub const fn is_collected(self) -> bool {
        self.value_type().is_collected()
    }
}

/// The size of a place for a value, in bytes.
pub const FRAME_PLACE_SIZE: u32 = 16;

/// Where the kind of a reference stands in its place, in bytes: a `u32`, zero before there was
/// any reference.
pub const FRAME_REFERENCE_KIND: u32 = 8;

/// How a function that can be debugged keeps values in its frame.
///
/// Locals and operands are numbered in one order: first the locals, then the operands from the
/// bottom of the stack on. Numbers and vectors are in one row of places, references in another one,
/// each at the place with its number. So there is nothing but references in the second row, at all
/// times: a collector goes through it without knowing what the function is doing. Each reference
/// has its [kind](FRAME_REFERENCE_KIND) beside it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FunctionFrame {
    /// Where the function's body starts, as an offset into the Wasm binary.
    pub body: u32,
    /// Bytes from the frame pointer down to the first place of numbers.
    pub numbers_below: u32,
    /// Bytes from the frame pointer down to the first place of references.
    pub references_below: u32,
    /// How many places of references there are.
    pub references: u32,
    /// The kind of each local.
    pub locals: Vec<FrameValueKind>,
    /// What operand stacks end with. Each refers only to those before it.
    pub operands: Vec<FrameOperand>,
    /// The operators that can be reached, in the order of the binary.
    pub points: Vec<FramePoint>,
}

/// The top of an operand stack, and what is below.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FrameOperand {
    /// What is below it: the number of another one plus 1; 0 if nothing is.
    pub below: u32,
    /// What kind of value it is.
    pub kind: FrameValueKind,
}

/// An operator at which code can be stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FramePoint {
    /// Where it is, as an offset into the Wasm binary.
    pub pc: u32,
    /// The operand stack before it: the number of its top plus 1; 0 if it is empty.
    pub top: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_numbers_and_types() {
        assert_eq!(FrameValueKind::from_u8(0), None);
        assert_eq!(FrameValueKind::from_u8(11), None);
        for kind in FrameValueKind::ALL {
            assert_eq!(FrameValueKind::from_u8(kind as u8), Some(kind));
            assert_eq!(FrameValueKind::of(kind.value_type()), kind);
        }
    }
}
