//! Constant expressions as bytes: an opcode of this format's own, then the immediate.

use core::fmt;

#[cfg(feature = "write")]
use alloc::vec::Vec;

use wasm_types::{ConstExpr, ConstOp, FuncIndex, GlobalIndex, TypeIndex};

use crate::codes;
use crate::error::Error;
use crate::varint::Cursor;

mod opcode {
    pub(super) const I32_CONST: u8 = 0;
    pub(super) const I64_CONST: u8 = 1;
    pub(super) const F32_CONST: u8 = 2;
    pub(super) const F64_CONST: u8 = 3;
    pub(super) const V128_CONST: u8 = 4;
    pub(super) const GLOBAL_GET: u8 = 5;
    pub(super) const REF_NULL: u8 = 6;
    pub(super) const REF_FUNC: u8 = 7;
    pub(super) const I32_ADD: u8 = 8;
    pub(super) const I32_SUB: u8 = 9;
    pub(super) const I32_MUL: u8 = 10;
    pub(super) const I64_ADD: u8 = 11;
    pub(super) const I64_SUB: u8 = 12;
    pub(super) const I64_MUL: u8 = 13;
    pub(super) const REF_I31: u8 = 14;
    pub(super) const STRUCT_NEW: u8 = 15;
    pub(super) const STRUCT_NEW_DEFAULT: u8 = 16;
    pub(super) const ARRAY_NEW: u8 = 17;
    pub(super) const ARRAY_NEW_DEFAULT: u8 = 18;
    pub(super) const ARRAY_NEW_FIXED: u8 = 19;
    pub(super) const ANY_CONVERT_EXTERN: u8 = 20;
    pub(super) const EXTERN_CONVERT_ANY: u8 = 21;
}

/// A constant expression, read in place.
#[derive(Clone, Copy)]
pub struct ConstExprRef<'a> {
    bytes: &'a [u8],
}

impl<'a> ConstExprRef<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The operators in postfix order.
    pub fn ops(&self) -> impl Iterator<Item = Result<ConstOp, Error>> + 'a {
        let mut cursor = Cursor::new(self.bytes);
        let mut broken = false;
        core::iter::from_fn(move || {
            if broken || cursor.is_empty() {
                return None;
            }
            let op = read_op(&mut cursor).ok_or_else(|| Error::damaged("a constant expression"));
            broken = op.is_err();
            Some(op)
        })
    }

    /// The value as a 64-bit unsigned address, if it is a plain integer constant (32-bit constants
    /// are zero-extended, as addresses are unsigned).
    pub fn as_address(&self) -> Option<u64> {
        let mut cursor = Cursor::new(self.bytes);
        let op = read_op(&mut cursor)?;
        match op {
            ConstOp::I32Const(value) if cursor.is_empty() => Some(u64::from(value.cast_unsigned())),
            ConstOp::I64Const(value) if cursor.is_empty() => Some(value.cast_unsigned()),
            _ => None,
        }
    }

    /// A copy that does not borrow the artifact.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn to_const_expr(&self) -> Result<ConstExpr, Error> {
        self.ops().collect::<Result<alloc::vec::Vec<_>, _>>().map(ConstExpr::new)
    }
}

impl fmt::Debug for ConstExprRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ops().map_while(Result::ok)).finish()
    }
}

fn read_op(cursor: &mut Cursor<'_>) -> Option<ConstOp> {
    let word = |cursor: &mut Cursor<'_>| cursor.array().map(u32::from_le_bytes);
    let ty = |cursor: &mut Cursor<'_>| word(cursor).map(TypeIndex::new);
    Some(match cursor.byte()? {
        opcode::I32_CONST => ConstOp::I32Const(word(cursor)?.cast_signed()),
        opcode::I64_CONST => ConstOp::I64Const(i64::from_le_bytes(cursor.array()?)),
        opcode::F32_CONST => ConstOp::F32Const(word(cursor)?),
        opcode::F64_CONST => ConstOp::F64Const(u64::from_le_bytes(cursor.array()?)),
        opcode::V128_CONST => ConstOp::V128Const(u128::from_le_bytes(cursor.array()?)),
        opcode::GLOBAL_GET => ConstOp::GlobalGet(GlobalIndex::new(word(cursor)?)),
        opcode::REF_NULL => ConstOp::RefNull(codes::heap_of(word(cursor)?)?),
        opcode::REF_FUNC => ConstOp::RefFunc(FuncIndex::new(word(cursor)?)),
        opcode::I32_ADD => ConstOp::I32Add,
        opcode::I32_SUB => ConstOp::I32Sub,
        opcode::I32_MUL => ConstOp::I32Mul,
        opcode::I64_ADD => ConstOp::I64Add,
        opcode::I64_SUB => ConstOp::I64Sub,
        opcode::I64_MUL => ConstOp::I64Mul,
        opcode::REF_I31 => ConstOp::RefI31,
        opcode::STRUCT_NEW => ConstOp::StructNew(ty(cursor)?),
        opcode::STRUCT_NEW_DEFAULT => ConstOp::StructNewDefault(ty(cursor)?),
        opcode::ARRAY_NEW => ConstOp::ArrayNew(ty(cursor)?),
        opcode::ARRAY_NEW_DEFAULT => ConstOp::ArrayNewDefault(ty(cursor)?),
        opcode::ARRAY_NEW_FIXED => ConstOp::ArrayNewFixed(ty(cursor)?, word(cursor)?),
        opcode::ANY_CONVERT_EXTERN => ConstOp::AnyConvertExtern,
        opcode::EXTERN_CONVERT_ANY => ConstOp::ExternConvertAny,
        _ => return None,
    })
}

/// Appends an operator.
#[cfg(feature = "write")]
pub(crate) fn write_op(out: &mut Vec<u8>, op: ConstOp) {
    let mut put = |opcode: u8, immediate: &[u8]| {
        out.push(opcode);
        out.extend_from_slice(immediate);
    };
    match op {
        ConstOp::I32Const(value) => put(opcode::I32_CONST, &value.to_le_bytes()),
        ConstOp::I64Const(value) => put(opcode::I64_CONST, &value.to_le_bytes()),
        ConstOp::F32Const(bits) => put(opcode::F32_CONST, &bits.to_le_bytes()),
        ConstOp::F64Const(bits) => put(opcode::F64_CONST, &bits.to_le_bytes()),
        ConstOp::V128Const(bits) => put(opcode::V128_CONST, &bits.to_le_bytes()),
        ConstOp::GlobalGet(global) => put(opcode::GLOBAL_GET, &global.as_u32().to_le_bytes()),
        ConstOp::RefNull(heap) => put(opcode::REF_NULL, &codes::heap_code(heap).to_le_bytes()),
        ConstOp::RefFunc(func) => put(opcode::REF_FUNC, &func.as_u32().to_le_bytes()),
        ConstOp::I32Add => put(opcode::I32_ADD, &[]),
        ConstOp::I32Sub => put(opcode::I32_SUB, &[]),
        ConstOp::I32Mul => put(opcode::I32_MUL, &[]),
        ConstOp::I64Add => put(opcode::I64_ADD, &[]),
        ConstOp::I64Sub => put(opcode::I64_SUB, &[]),
        ConstOp::I64Mul => put(opcode::I64_MUL, &[]),
        ConstOp::RefI31 => put(opcode::REF_I31, &[]),
        ConstOp::StructNew(ty) => put(opcode::STRUCT_NEW, &ty.as_u32().to_le_bytes()),
        ConstOp::StructNewDefault(ty) => {
            put(opcode::STRUCT_NEW_DEFAULT, &ty.as_u32().to_le_bytes());
        }
        ConstOp::ArrayNew(ty) => put(opcode::ARRAY_NEW, &ty.as_u32().to_le_bytes()),
        ConstOp::ArrayNewDefault(ty) => put(opcode::ARRAY_NEW_DEFAULT, &ty.as_u32().to_le_bytes()),
        ConstOp::ArrayNewFixed(ty, len) => {
            let immediates = u64::from(ty.as_u32()) | u64::from(len) << 32;
            put(opcode::ARRAY_NEW_FIXED, &immediates.to_le_bytes());
        }
        ConstOp::AnyConvertExtern => put(opcode::ANY_CONVERT_EXTERN, &[]),
        ConstOp::ExternConvertAny => put(opcode::EXTERN_CONVERT_ANY, &[]),
    }
}
