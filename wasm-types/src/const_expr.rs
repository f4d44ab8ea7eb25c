//! Constant expressions: initial values of globals and tables, offsets of segments.

use alloc::boxed::Box;

use crate::index::{FuncIndex, GlobalIndex};
use crate::types::HeapType;

/// An operator of a constant expression (Wasm 3.0, section 3.4.15, without garbage collection).
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
}

/// A constant expression in postfix order, validated; the final `end` is left out.
#[derive(Clone, PartialEq, Debug)]
pub struct ConstExpr {
    ops: Box<[ConstOp]>,
}

impl ConstExpr {
    /// The expression made of the given operators.
    pub fn new(ops: impl IntoIterator<Item = ConstOp>) -> Self {
        Self { ops: ops.into_iter().collect() }
    }

    /// The operators in postfix order.
    pub fn ops(&self) -> &[ConstOp] {
        &self.ops
    }

    /// The value as a 64-bit unsigned address, if it is a plain integer constant (32-bit constants
    /// are zero-extended, as addresses are unsigned).
    pub fn as_address(&self) -> Option<u64> {
        match *self.ops {
            [ConstOp::I32Const(v)] => Some(u64::from(v.cast_unsigned())),
            [ConstOp::I64Const(v)] => Some(v.cast_unsigned()),
            _ => None,
        }
    }
}
