//! References (Wasm 3.0, section 4.6.3).

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::{FuncIndex, HeapType, RefType, TrapCode, ValType};

use super::{Functions, Result};
use crate::error::Error;
use crate::trap::clif_trap_code;

/// What references are. By default null is zero, and there are no references to functions.
pub trait References: Functions {
    /// `ref.null`: zero, by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_null(&mut self, builder: &mut FunctionBuilder<'_>, ty: HeapType) -> Result<Value> {
        let ty = self.value_type(ValType::Ref(RefType { nullable: true, heap: ty }));
        Ok(builder.ins().iconst(ty, 0))
    }

    /// `ref.is_null`: whether it is zero, by default, as an `i32`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_is_null(&mut self, builder: &mut FunctionBuilder<'_>, value: Value) -> Result<Value> {
        let ty = builder.func.dfg.value_type(value);
        let zero = builder.ins().iconst(ty, 0);
        let flag = builder.ins().icmp(IntCC::Equal, value, zero);
        Ok(builder.ins().uextend(types::I32, flag))
    }

    /// `ref.as_non_null`: traps if it is zero, by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_as_non_null(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        reference: Value,
    ) -> Result<Value> {
        builder.ins().trapz(reference, clif_trap_code(TrapCode::NullReference));
        Ok(reference)
    }

    /// `ref.func`. Refused by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_func(&mut self, _builder: &mut FunctionBuilder<'_>, _func: FuncIndex) -> Result<Value> {
        Err(Error::refused("References", "ref.func"))
    }
}
