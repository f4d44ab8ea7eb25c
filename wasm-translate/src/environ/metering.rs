//! Metering: what an environment learns of the code as it is made, to count or to interrupt it.

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::FuncIndex;
use wasm_types::wasmparser::Operator;

use super::{Functions, Result};
use crate::flow::LikelyCallee;

/// What counts or interrupts code. Nothing does, by default.
///
/// [`Functions::function_entry`] and [`Functions::finish_function`] are called for this too.
pub trait Metering: Functions {
    /// Called at the head of each loop: for interruption and metering.
    ///
    /// # Errors
    ///
    /// If the environment can't meter the loop.
    fn loop_head(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before the environment is asked for a call through a table or a reference that a
    /// profile says mostly leads to one function.
    fn expect_callee(&mut self, _callee: LikelyCallee) {}

    /// Called where a profile counts how often the code comes by, with the number of the counter.
    fn count(&mut self, _builder: &mut FunctionBuilder<'_>, _counter: u32) {}

    /// Called at the entry of a function where a profile counts how often and when it is entered,
    /// with the number of the first of two counters.
    fn count_entry(&mut self, _builder: &mut FunctionBuilder<'_>, _counter: u32) {}

    /// Called before the environment is asked for a call through a table or a reference where a
    /// profile counts which functions are called, with the number of the first counter.
    fn count_next_callee(&mut self, _counter: u32) {}

    /// Called before each operator that can be reached, in the block that its code begins in,
    /// before any of it. For `end` and `else` this is where code goes on to them from the operator
    /// before, not where branches go to. The builder's source location is the operator's.
    ///
    /// # Errors
    ///
    /// If the environment can't meter the operator.
    fn before_operator(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _operator: &Operator<'_>,
    ) -> Result<()> {
        Ok(())
    }

    /// Called after [`before_operator`](Self::before_operator), and before any code, for an
    /// operator that does something as often as an operand says: with that number of bytes, pages
    /// or elements, of the type that the operator has it.
    ///
    /// # Errors
    ///
    /// If the environment can't meter the operator.
    fn before_units(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _operator: &Operator<'_>,
        _units: Value,
    ) -> Result<()> {
        Ok(())
    }

    /// Called where the body of a function comes in place of a call of it, before its operators;
    /// `has_calls` is whether any of those that can be reached calls something. The same holds for
    /// a function that is recognised as an idiom, which calls nothing.
    ///
    /// # Errors
    ///
    /// If the environment can't meter the body.
    fn enter_inlined(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _func: FuncIndex,
        _has_calls: bool,
    ) -> Result<()> {
        Ok(())
    }
}
