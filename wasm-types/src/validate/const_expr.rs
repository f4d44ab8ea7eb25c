//! Constant expressions (Wasm 3.0, section 3.4.15).

use wasmparser::Operator;

use super::convert::UnknownType;
use super::failure::SectionFailure;
use crate::const_expr::{ConstExpr, ConstOp};
use crate::index::{FuncIndex, GlobalIndex, TypeIndex};
use crate::module::Module;
use crate::types::HeapType;

/// Reads an expression that was validated, of a module whose types are known.
pub(super) fn read(
    expr: &wasmparser::ConstExpr<'_>,
    module: &Module,
) -> Result<ConstExpr, SectionFailure> {
    let mut failure = None;
    let ops = expr.get_operators_reader().into_iter().map_while(|op| {
        let op = op.map_err(SectionFailure::from).and_then(|op| convert(&op, module));
        // What fails ends the expression: it is not used then.
        op.unwrap_or_else(|error| {
            failure = Some(error);
            None
        })
    });
    let expr = ConstExpr::new(ops);
    failure.map_or(Ok(expr), Err)
}

/// An operator; `None` for the end, since a constant expression has no blocks.
fn convert(op: &Operator<'_>, module: &Module) -> Result<Option<ConstOp>, SectionFailure> {
    Ok(Some(match *op {
        Operator::I32Const { value } => ConstOp::I32Const(value),
        Operator::I64Const { value } => ConstOp::I64Const(value),
        Operator::F32Const { value } => ConstOp::F32Const(value.bits()),
        Operator::F64Const { value } => ConstOp::F64Const(value.bits()),
        Operator::V128Const { value } => ConstOp::V128Const(u128::from_le_bytes(*value.bytes())),
        Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex::new(global_index)),
        Operator::RefNull { hty } => ConstOp::RefNull(HeapType::from_parser(hty, module)?),
        Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex::new(function_index)),
        Operator::I32Add => ConstOp::I32Add,
        Operator::I32Sub => ConstOp::I32Sub,
        Operator::I32Mul => ConstOp::I32Mul,
        Operator::I64Add => ConstOp::I64Add,
        Operator::I64Sub => ConstOp::I64Sub,
        Operator::I64Mul => ConstOp::I64Mul,
        Operator::RefI31 => ConstOp::RefI31,
        Operator::StructNew { struct_type_index: ty } => ConstOp::StructNew(TypeIndex::new(ty)),
        Operator::StructNewDefault { struct_type_index: ty } => {
            ConstOp::StructNewDefault(TypeIndex::new(ty))
        }
        Operator::ArrayNew { array_type_index: ty } => ConstOp::ArrayNew(TypeIndex::new(ty)),
        Operator::ArrayNewDefault { array_type_index: ty } => {
            ConstOp::ArrayNewDefault(TypeIndex::new(ty))
        }
        Operator::ArrayNewFixed { array_type_index: ty, array_size } => {
            ConstOp::ArrayNewFixed(TypeIndex::new(ty), array_size)
        }
        Operator::AnyConvertExtern => ConstOp::AnyConvertExtern,
        Operator::ExternConvertAny => ConstOp::ExternConvertAny,
        Operator::End => return Ok(None),
        _ => return Err(UnknownType::new("an operator of a constant expression").into()),
    }))
}
