//! Tables (Wasm 3.0, section 4.6.6).

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::TableIndex;

use super::{Functions, Result};
use crate::error::Error;

/// Where tables are. Each operator is refused by default.
pub trait Tables: Functions {
    /// `table.size`, in elements.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn table_size(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
    ) -> Result<Value> {
        Err(refused("table.size"))
    }

    /// `table.get`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn table_get(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _index: Value,
    ) -> Result<Value> {
        Err(refused("table.get"))
    }

    /// `table.set`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn table_set(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _index: Value,
        _value: Value,
    ) -> Result<()> {
        Err(refused("table.set"))
    }

    /// `table.grow`: the old size in elements, or -1.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn table_grow(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _delta: Value,
        _value: Value,
    ) -> Result<Value> {
        Err(refused("table.grow"))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Tables", operator)
}
