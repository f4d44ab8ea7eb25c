//! Calls (Wasm 3.0, section 4.6.8).

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::{FuncIndex, TableIndex, TypeIndex};

use super::{Functions, Result, Values};
use crate::error::Error;

/// How functions are called. Each operator is refused by default.
pub trait Calls: Functions {
    /// `call`: the results.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn call(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _func: FuncIndex,
        _args: &[Value],
    ) -> Result<Values> {
        Err(refused("call"))
    }

    /// `call_indirect`: the results.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn call_indirect(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _ty: TypeIndex,
        _index: Value,
        _args: &[Value],
    ) -> Result<Values> {
        Err(refused("call_indirect"))
    }

    /// `return_call`: ends the block.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn return_call(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _func: FuncIndex,
        _args: &[Value],
    ) -> Result<()> {
        Err(refused("return_call"))
    }

    /// `return_call_indirect`: ends the block.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn return_call_indirect(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _ty: TypeIndex,
        _index: Value,
        _args: &[Value],
    ) -> Result<()> {
        Err(refused("return_call_indirect"))
    }

    /// `call_ref`: the results. Traps if the reference is null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn call_ref(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _callee: Value,
        _args: &[Value],
    ) -> Result<Values> {
        Err(refused("call_ref"))
    }

    /// `return_call_ref`: ends the block. Traps if the reference is null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn return_call_ref(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _callee: Value,
        _args: &[Value],
    ) -> Result<()> {
        Err(refused("return_call_ref"))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Calls", operator)
}
