//! Debugging: where code stops, and the values that can be seen there.

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::{FrameValueKind, ValType};

use super::{Functions, Result};
use crate::error::{Error, ErrorKind};

/// What code is that can be debugged. By default there is none, and nothing else is called.
pub trait Debugging: Functions {
    /// Whether the code can be debugged.
    fn is_debugged(&self) -> bool {
        false
    }

    /// Called where a local or an operand gets a value: it is to be found in the place with the
    /// number until that gets another one.
    fn keep_value(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _place: u32,
        _kind: FrameValueKind,
        _value: Value,
    ) {
    }

    /// The value that is in a place.
    ///
    /// # Errors
    ///
    /// If it is not kept after all.
    fn kept_value(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _place: u32,
        _ty: ValType,
    ) -> Result<Value> {
        Err(Error::new(ErrorKind::Codegen, "the environment keeps no values for debuggers"))
    }

    /// Called before each operator that can be reached, when all values have their places, with
    /// where it is in the binary: the code may stop here.
    ///
    /// # Errors
    ///
    /// If it can't.
    fn debug_point(&mut self, _builder: &mut FunctionBuilder<'_>, _pc: u32) -> Result<()> {
        Ok(())
    }

    /// Called when a function is entered that keeps locals for native debuggers: the address of
    /// where the base of the first memory is goes to the frame. `false` if there is no memory, and
    /// nothing is kept.
    ///
    /// # Errors
    ///
    /// If the function can't do that.
    fn keep_memory_place(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<bool> {
        Ok(false)
    }

    /// Called where a local starts with a value, if it is kept for native debuggers: it has a place
    /// in the frame from there on.
    fn keep_named_local(&mut self, _builder: &mut FunctionBuilder<'_>, _local: u32, _value: Value) {
    }

    /// Called where such a local gets another value.
    fn keep_named_local_again(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _local: u32,
        _value: Value,
    ) {
    }

    /// Called where a call of a function has returned to the code.
    fn call_returned(&mut self, _builder: &mut FunctionBuilder<'_>) {}
}
