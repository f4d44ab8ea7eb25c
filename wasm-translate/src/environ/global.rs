//! Globals (Wasm 3.0, section 4.6.5).

use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::GlobalIndex;

use super::{Functions, Result};
use crate::error::Error;

/// Where a global is kept, and how it is read and written there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GlobalVariable {
    /// A native address.
    pub address: Value,
    /// How many bytes behind it the value stands.
    pub offset: i32,
    /// Flags for loads and stores of the value.
    pub flags: MemFlagsData,
}

/// Where globals are.
///
/// A runtime whose globals are plain memory fills in [`global`](Self::global); one that has to do
/// more fills in the two operators.
pub trait Globals: Functions {
    /// Where a global is kept. Refused by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support globals.
    fn global(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _global: GlobalIndex,
    ) -> Result<GlobalVariable> {
        Err(Error::refused("Globals", "access to a global"))
    }

    /// `global.get`: a load, by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn global_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
    ) -> Result<Value> {
        let ty = self.value_type(self.module().globals[global.index()].content);
        let GlobalVariable { address, offset, flags } = self.global(builder, global)?;
        Ok(builder.ins().load(ty, flags, address, offset))
    }

    /// `global.set`: a store, by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn global_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
        value: Value,
    ) -> Result<()> {
        let GlobalVariable { address, offset, flags } = self.global(builder, global)?;
        builder.ins().store(flags, value, address, offset);
        Ok(())
    }
}
