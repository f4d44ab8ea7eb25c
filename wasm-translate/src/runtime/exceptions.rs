//! Exceptions: calls that may throw say where handlers are, and the store finds them.
//!
//! A call inside of a construct that catches something is a `try_call`: the code generator keeps
//! for it where its handlers are, which becomes a table of the artifact. Nothing else is done for a
//! call that does not throw. Who throws writes the values to the frame and calls the store; the
//! store enters a handler with the address of the values.

use cranelift_codegen::ir::{
    Block, BlockArg, ExceptionTableData, ExceptionTableItem, ExceptionTag, InstBuilder as _,
    SigRef, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, context};
use wasm_types::{TagIndex, TrapCode};

use super::function::buffer_flags;
use super::{CONSTANT, RuntimeEnvironment, clif_type};
use crate::environ::{Exceptions, Handler, References as _, Result, Values};
use crate::trap::clif_trap_code;

impl Exceptions for RuntimeEnvironment<'_> {
    fn set_handlers(&mut self, handlers: &[Handler]) -> Result<()> {
        self.function.handlers.clear();
        self.function.handlers.extend_from_slice(handlers);
        Ok(())
    }

    /// Of the two words that come with an exception, only the first one is used: the address of the
    /// values.
    fn handler_block(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<Block> {
        let block = builder.create_block();
        builder.append_block_param(block, types::I64);
        builder.set_cold_block(block);
        Ok(block)
    }

    fn caught_values(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        block: Block,
        tag: TagIndex,
    ) -> Result<Values> {
        let from = builder.block_params(block)[0];
        let params = self.module.type_of_tag(tag).params();
        let load = |(place, ty): (usize, &_)| {
            let ty = clif_type(*ty);
            builder.ins().load(ty, buffer_flags(ty), from, place as i32 * 16)
        };
        Ok(params.iter().enumerate().map(load).collect())
    }

    fn throw(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        tag: TagIndex,
        values: &[Value],
    ) -> Result<()> {
        let values = self.spill(builder, values);
        let tag = self.load_constant(builder, self.layout.tag(tag));
        self.call_throwing(builder, Builtin::Throw, &[tag, values]);
        Ok(())
    }

    fn caught_reference(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        _block: Block,
    ) -> Result<Value> {
        Ok(self.call_builtin_for(builder, Builtin::CaughtException, &[]))
    }

    fn throw_ref(&mut self, builder: &mut FunctionBuilder<'_>, exception: Value) -> Result<()> {
        let exception = self.ref_as_non_null(builder, exception)?;
        let exception = builder.ins().uextend(types::I64, exception);
        self.call_throwing(builder, Builtin::ThrowRef, &[exception]);
        Ok(())
    }

    fn keep_exception(&mut self, builder: &mut FunctionBuilder<'_>, depth: u32) -> Result<()> {
        let depth = builder.ins().iconst(types::I32, i64::from(depth));
        self.call_builtin(builder, Builtin::KeepException, &[depth]);
        Ok(())
    }

    fn rethrow(&mut self, builder: &mut FunctionBuilder<'_>, depth: u32) -> Result<()> {
        let depth = builder.ins().iconst(types::I64, i64::from(depth));
        self.call_throwing(builder, Builtin::Rethrow, &[depth]);
        Ok(())
    }
}

impl RuntimeEnvironment<'_> {
    /// Calls a builtin that throws: ends the block.
    fn call_throwing(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        builtin: Builtin,
        args: &[Value],
    ) {
        let signature = self.builtin_reference(builder, builtin);
        self.fuel_before_builtin(builder, builtin);
        let builtins = self.load_constant(builder, context::BUILTINS);
        let code = builder.ins().load(types::I64, CONSTANT, builtins, builtin.offset() as i32);
        let args: Vec<Value> = [self.context()].iter().chain(args).copied().collect();
        match self.exception_table(builder, signature) {
            Some((table, next)) => {
                builder.ins().try_call_indirect(code, &args, table);
                builder.seal_block(next);
                builder.switch_to_block(next);
            }
            None => _ = builder.ins().call_indirect(signature, code, &args),
        }
        // It does not return.
        builder.ins().trap(clif_trap_code(TrapCode::UnreachableCodeReached));
    }

    /// Where control goes on after a call of a function with the given signature, if there are
    /// handlers; and the block for the case that it returns, with the results as parameters.
    pub(super) fn exception_table(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        signature: SigRef,
    ) -> Option<(cranelift_codegen::ir::ExceptionTable, Block)> {
        if self.function.handlers.is_empty() {
            return None;
        }
        // The store finds out by the context which tags the handlers are for.
        self.need_frame_slot(builder);
        Some(self.table_of_handlers(builder, signature))
    }

    /// The table for a call that preserves no registers, with the handlers around it, if there are
    /// some; and the block where it goes on.
    pub(super) fn table_of_handlers(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        signature: SigRef,
    ) -> (cranelift_codegen::ir::ExceptionTable, Block) {
        let next = builder.create_block();
        let returns: Vec<_> = builder.func.dfg.signatures[signature].returns.clone();
        let mut results = Values::new();
        for result in &returns {
            results.push(builder.append_block_param(next, result.value_type));
        }
        let dfg = &mut builder.func.dfg;
        let results: Vec<BlockArg> = (0..results.len() as u32).map(BlockArg::TryCallRet).collect();
        let normal = dfg.block_call(next, &results);
        let items: Vec<ExceptionTableItem> = self
            .function
            .handlers
            .iter()
            .map(|handler| {
                let call = dfg.block_call(handler.block, &[BlockArg::TryCallExn(0)]);
                match handler.tag {
                    Some(tag) => {
                        ExceptionTableItem::Tag(ExceptionTag::from_u32(tag.as_u32()), call)
                    }
                    None => ExceptionTableItem::Default(call),
                }
            })
            .collect();
        let data = ExceptionTableData::new(signature, normal, items);
        (dfg.exception_tables.push(data), next)
    }
}
