//! Constant expressions: initial values of globals and tables, offsets of segments, elements.

use alloc::boxed::Box;

use crate::index::{FuncIndex, GlobalIndex, TypeIndex};
use crate::types::HeapType;

/// An operator of a constant expression (Wasm 3.0, section 3.4.15).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ConstOp {
    /// `i32.const`.
    I32Const(i32),
    /// `i64.const`.
    I64Const(i64),
    /// `f32.const`, as its bits.
    F32Const(u32),
    /// `f64.const`, as its bits.
    F64Const(u64),
    /// `v128.const`, little-endian.
    V128Const(u128),
    /// `global.get`.
    GlobalGet(GlobalIndex),
    /// `ref.null`.
    RefNull(HeapType),
    /// `ref.func`.
    RefFunc(FuncIndex),
    /// `i32.add`.
    I32Add,
    /// `i32.sub`.
    I32Sub,
    /// `i32.mul`.
    I32Mul,
    /// `i64.add`.
    I64Add,
    /// `i64.sub`.
    I64Sub,
    /// `i64.mul`.
    I64Mul,
    /// `ref.i31`.
    RefI31,
    /// `struct.new`.
    StructNew(TypeIndex),
    /// `struct.new_default`.
    StructNewDefault(TypeIndex),
    /// `array.new`.
    ArrayNew(TypeIndex),
    /// `array.new_default`.
    ArrayNewDefault(TypeIndex),
    /// `array.new_fixed`, with so many elements.
    ArrayNewFixed(TypeIndex, u32),
    /// `any.convert_extern`.
    AnyConvertExtern,
    /// `extern.convert_any`.
    ExternConvertAny,
}

impl ConstOp {
    /// Whether it makes an object, which is another one each time.
    pub const fn makes_object(self) -> bool {
        matches!(
            self,
            ConstOp::StructNew(_)
                | ConstOp::StructNewDefault(_)
                | ConstOp::ArrayNew(_)
                | ConstOp::ArrayNewDefault(_)
                | ConstOp::ArrayNewFixed(..)
        )
    }
}

/// A constant expression in postfix order, validated; the final `end` is left out.
#[derive(Clone, Debug)]
pub struct ConstExpr {
    ops: Ops,
}

/// Nearly all expressions have one operator, and a module may have a million: those take no
/// allocation.
#[derive(Clone, Debug)]
enum Ops {
    One(ConstOp),
    Several(Box<[ConstOp]>),
}

impl ConstExpr {
    /// The expression made of the given operators.
    pub fn new(ops: impl IntoIterator<Item = ConstOp>) -> Self {
        let mut ops = ops.into_iter();
        let ops = match (ops.next(), ops.next()) {
            (Some(only), None) => Ops::One(only),
            (first, second) => Ops::Several(first.into_iter().chain(second).chain(ops).collect()),
        };
        Self { ops }
    }

    /// The operators in postfix order.
    pub fn ops(&self) -> &[ConstOp] {
        match &self.ops {
            Ops::One(only) => core::slice::from_ref(only),
            Ops::Several(ops) => ops,
        }
    }

    /// The value as a 64-bit unsigned address, if it is a plain integer constant (32-bit constants
    /// are zero-extended, as addresses are unsigned).
    pub fn as_address(&self) -> Option<u64> {
        match *self.ops() {
            [ConstOp::I32Const(v)] => Some(u64::from(v.cast_unsigned())),
            [ConstOp::I64Const(v)] => Some(v.cast_unsigned()),
            _ => None,
        }
    }
}

impl PartialEq for ConstExpr {
    fn eq(&self, other: &Self) -> bool {
        self.ops() == other.ops()
    }
}
