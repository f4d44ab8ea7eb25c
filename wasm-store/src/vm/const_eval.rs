//! The value of constant expressions.

use wasm_artifact::ConstExprRef;
use wasm_types::ConstOp;

use super::instance::VmInstance;
use super::value::ValRaw;
use crate::Error;

/// Computes a constant expression of an instance. Its imports must be in place, and so must all
/// globals before the one that the expression initializes.
pub(super) fn evaluate(instance: &mut VmInstance, expr: ConstExprRef<'_>) -> Result<ValRaw, Error> {
    let mut stack: Vec<u128> = Vec::with_capacity(4);
    for op in expr.ops() {
        let value = match op.map_err(Error::new)? {
            ConstOp::I32Const(v) => u128::from(v.cast_unsigned()),
            ConstOp::I64Const(v) => u128::from(v.cast_unsigned()),
            ConstOp::F32Const(bits) => u128::from(bits),
            ConstOp::F64Const(bits) => u128::from(bits),
            ConstOp::V128Const(bits) => bits,
            ConstOp::GlobalGet(global) => read_global(instance, global)?,
            ConstOp::RefNull(_) => 0,
            ConstOp::RefFunc(func) => instance.func(func).map_err(Error::new)?.as_ptr() as u128,
            ConstOp::RefI31
            | ConstOp::StructNew(_)
            | ConstOp::StructNewDefault(_)
            | ConstOp::ArrayNew(_)
            | ConstOp::ArrayNewDefault(_)
            | ConstOp::ArrayNewFixed(..)
            | ConstOp::AnyConvertExtern
            | ConstOp::ExternConvertAny => {
                return Err(Error::msg("constant expressions make no objects yet"));
            }
            op => {
                let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                    return Err(damaged());
                };
                arithmetic(op, left, right)
            }
        };
        stack.push(value);
    }
    match *stack {
        [value] => Ok(ValRaw { v128: value }),
        _ => Err(damaged()),
    }
}

fn arithmetic(op: ConstOp, left: u128, right: u128) -> u128 {
    let (a32, b32, a64, b64) = (left as u32, right as u32, left as u64, right as u64);
    match op {
        ConstOp::I32Add => u128::from(a32.wrapping_add(b32)),
        ConstOp::I32Sub => u128::from(a32.wrapping_sub(b32)),
        ConstOp::I32Mul => u128::from(a32.wrapping_mul(b32)),
        ConstOp::I64Add => u128::from(a64.wrapping_add(b64)),
        ConstOp::I64Sub => u128::from(a64.wrapping_sub(b64)),
        ConstOp::I64Mul => u128::from(a64.wrapping_mul(b64)),
        _ => unreachable!("all other operators are values"),
    }
}

fn damaged() -> Error {
    Error::msg("the artifact is damaged: a constant expression does not compute one value")
}

#[allow(unsafe_code)]
fn read_global(instance: &VmInstance, global: wasm_types::GlobalIndex) -> Result<u128, Error> {
    if global.as_u32() >= instance.module().loaded.artifact().counts().globals {
        return Err(damaged());
    }
    // SAFETY: the place of a global is valid as long as its store; every bit pattern is a value.
    Ok(unsafe { instance.global(global).as_ref().v128 })
}
