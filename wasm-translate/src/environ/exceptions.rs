//! Exceptions (Wasm 3.0, section 4.6.8), also those of before the proposal was finished.

use cranelift_codegen::ir::{Block, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::TagIndex;

use super::{Functions, Result, Values};
use crate::error::Error;

/// Where control goes on with an exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handler {
    /// The tag of the exceptions that it takes; `None` for all.
    pub tag: Option<TagIndex>,
    /// The block, made by [`Exceptions::handler_block`].
    pub block: Block,
}

/// How exceptions are thrown and caught. Each operator is refused by default.
pub trait Exceptions: Functions {
    /// Says what catches an exception from here on: the first of the handlers that takes it, or if
    /// there is none, the caller's. Whatever is called can throw, and [`throw`](Self::throw) does.
    ///
    /// # Errors
    ///
    /// If there is a handler, and the environment does not support it.
    fn set_handlers(&mut self, handlers: &[Handler]) -> Result<()> {
        if handlers.is_empty() { Ok(()) } else { Err(refused("try_table")) }
    }

    /// A new block for handlers, with the parameters that calls pass to it, not inserted yet.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn handler_block(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<Block> {
        Err(refused("try_table"))
    }

    /// The values of the exception that a handler's block was entered with, in that block. The
    /// handler is one for this tag.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn caught_values(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _block: Block,
        _tag: TagIndex,
    ) -> Result<Values> {
        Err(refused("catch"))
    }

    /// A reference to the exception that a handler's block was entered with, in that block, after
    /// its values.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn caught_reference(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _block: Block,
    ) -> Result<Value> {
        Err(refused("catch_ref"))
    }

    /// `throw`: ends the block.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn throw(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _tag: TagIndex,
        _values: &[Value],
    ) -> Result<()> {
        Err(refused("throw"))
    }

    /// `throw_ref`: ends the block.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn throw_ref(&mut self, _builder: &mut FunctionBuilder<'_>, _exception: Value) -> Result<()> {
        Err(refused("throw_ref"))
    }

    /// Keeps the exception that a handler was just entered with, for [`rethrow`](Self::rethrow).
    /// So many handlers are around this one.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn keep_exception(&mut self, _builder: &mut FunctionBuilder<'_>, _depth: u32) -> Result<()> {
        Err(refused("rethrow"))
    }

    /// Throws the exception that was kept for the handler at this depth: ends the block.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn rethrow(&mut self, _builder: &mut FunctionBuilder<'_>, _depth: u32) -> Result<()> {
        Err(refused("rethrow"))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Exceptions", operator)
}
