//! Continuations, by the ABI of [`wasm_types::abi::continuation`]: values are written to the frame,
//! and the store changes stacks.

use cranelift_codegen::ir::{
    InstBuilder as _, MemFlagsData, StackSlotData, StackSlotKind, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::continuation::{ARGUMENTS, LABELS, NEEDS, RECORD, SIZE, SWITCHES, TAGS, TYPE};
use wasm_types::abi::{Builtin, context, heap};
use wasm_types::{CompositeType, FuncType, TagIndex, TrapCode, TypeIndex, ValType};

use super::function::buffer_flags;
use super::objects::Allocation;
use super::{CONSTANT, Region, RuntimeEnvironment, clif_type};
use crate::environ::{
    Continuations, References as _, Result, ResumeHandler, ResumeWith, Resumed, Values,
};
use crate::error::{Error, ErrorKind};
use crate::trap::clif_trap_code;

impl Continuations for RuntimeEnvironment<'_> {
    fn cont_new(&mut self, builder: &mut FunctionBuilder<'_>, func: Value) -> Result<Value> {
        builder.ins().trapz(func, clif_trap_code(TrapCode::NullReference));
        Ok(self.call_builtin_for(builder, Builtin::NewContinuation, &[func]))
    }

    fn cont_bind(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        continuation: Value,
        args: &[Value],
    ) -> Result<Value> {
        let func = self.function_type_of(ty)?;
        let (record, _) = self.record(builder, continuation);
        self.check_unused(builder, record);
        let values = self.spill(builder, args);
        let func = builder.ins().iconst(types::I32, i64::from(func.as_u32()));
        let count = builder.ins().iconst(types::I32, args.len() as i64);
        let args = [continuation, func, values, count];
        Ok(self.call_builtin_for(builder, Builtin::BindContinuation, &args))
    }

    fn resume(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        continuation: Value,
        with: ResumeWith<'_>,
        handlers: &[ResumeHandler],
    ) -> Result<Resumed> {
        self.interrupt_at_entry(builder);
        let with = match with {
            ResumeWith::ThrowRef(exception) => {
                ResumeWith::ThrowRef(self.ref_as_non_null(builder, exception)?)
            }
            with => with,
        };
        let record = self.use_continuation(builder, continuation);
        let results = match with {
            ResumeWith::Values(args) => {
                let args = self.write_arguments(builder, record, args);
                let handlers = self.write_handlers(builder, handlers);
                self.call_switching(builder, Builtin::ResumeContinuation, &[record, args, handlers])
            }
            ResumeWith::Throw(tag, values) => {
                let values = self.spill(builder, values);
                let handlers = self.write_handlers(builder, handlers);
                let tag = self.load_constant(builder, self.layout.tag(tag));
                self.call_switching(builder, Builtin::ResumeThrow, &[record, handlers, tag, values])
            }
            ResumeWith::ThrowRef(exception) => {
                let exception = builder.ins().uextend(types::I64, exception);
                let handlers = self.write_handlers(builder, handlers);
                self.call_switching(
                    builder,
                    Builtin::ResumeThrowRef,
                    &[record, handlers, exception],
                )
            }
        };
        let outcome = builder.ins().ireduce(types::I32, results[0]);
        Ok(Resumed { outcome, values: results[1] })
    }

    fn resumed_results(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        resumed: Resumed,
    ) -> Result<Values> {
        let module = self.module;
        let func = self.function_type_of(ty)?;
        let results = module.func_type(func).map_or(&[][..], FuncType::results);
        Ok(read_values(builder, results, resumed.values, 0))
    }

    fn suspended_values(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        tag: TagIndex,
        resumed: Resumed,
    ) -> Result<Values> {
        let params = self.module.type_of_tag(tag).params();
        let mut values = read_values(builder, params, resumed.values, 1);
        let flags = buffer_flags(types::I32);
        values.push(builder.ins().load(types::I32, flags, resumed.values, 0));
        Ok(values)
    }

    fn suspend(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        tag: TagIndex,
        values: &[Value],
    ) -> Result<Values> {
        let object = self.new_continuation_object(builder);
        let all: Values = [object].iter().chain(values).copied().collect();
        let values = self.spill(builder, &all);
        let object = builder.ins().uextend(types::I64, object);
        let results = self.module.type_of_tag(tag).results();
        let tag = self.load_constant(builder, self.layout.tag(tag));
        let resumed = self.call_switching(builder, Builtin::Suspend, &[tag, values, object]);
        Ok(read_values(builder, results, resumed[0], 0))
    }

    fn switch(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        tag: TagIndex,
        continuation: Value,
        args: &[Value],
    ) -> Result<Values> {
        self.interrupt_at_entry(builder);
        let own = self.new_continuation_object(builder);
        let record = self.use_continuation(builder, continuation);
        let all: Values = args.iter().chain(&[own]).copied().collect();
        let args = self.write_arguments(builder, record, &all);
        let own = builder.ins().uextend(types::I64, own);
        let results = self.switched_with(ty)?;
        let tag = self.load_constant(builder, self.layout.tag(tag));
        let resumed =
            self.call_switching(builder, Builtin::SwitchContinuation, &[record, args, own, tag]);
        Ok(read_values(builder, &results, resumed[0], 0))
    }
}

/// Reads values of some types, which are behind so many others.
fn read_values(
    builder: &mut FunctionBuilder<'_>,
    types: &[ValType],
    from: Value,
    after: usize,
) -> Values {
    let load = |(place, ty): (usize, &_)| {
        let ty = clif_type(*ty);
        builder.ins().load(ty, buffer_flags(ty), from, (after + place) as i32 * 16)
    };
    types.iter().enumerate().map(load).collect()
}

impl RuntimeEnvironment<'_> {
    /// The type of the functions of a type of continuations.
    fn function_type_of(&self, ty: TypeIndex) -> Result<TypeIndex> {
        match self.module.types.get(ty.index()).map(|ty| &ty.composite) {
            Some(CompositeType::Cont(of)) => Ok(of.0),
            _ => Err(Error::new(ErrorKind::Codegen, format!("type {ty} is no continuation type"))),
        }
    }

    /// What a switch to a continuation of a type returns.
    fn switched_with(&self, ty: TypeIndex) -> Result<Vec<ValType>> {
        let func = self.function_type_of(ty)?;
        let params = self.module.func_type(func).map_or(&[][..], FuncType::params);
        let of = params.last().and_then(|ty| ty.as_ref()).map(|ty| ty.heap);
        let Some(wasm_types::HeapType::Concrete(own, _)) = of else {
            return Err(Error::new(ErrorKind::Codegen, "a switch hands over no continuation"));
        };
        let own = self.function_type_of(own)?;
        Ok(self.module.func_type(own).map_or(&[][..], FuncType::params).to_vec())
    }

    /// The record of a continuation, and the address of its object; traps if that is null.
    fn record(&mut self, builder: &mut FunctionBuilder<'_>, continuation: Value) -> (Value, Value) {
        let address = self.object_address(builder, continuation);
        let trap = Some(TrapCode::NullReference);
        let flags = self.object_flags(builder, Region::Field, types::I64, trap);
        (builder.ins().load(types::I64, flags, address, RECORD as i32), address)
    }

    fn check_unused(&mut self, builder: &mut FunctionBuilder<'_>, record: Value) {
        let code = clif_trap_code(TrapCode::ContinuationAlreadyConsumed);
        builder.ins().trapz(record, code);
    }

    /// The record of a continuation, which counts as used from here on.
    fn use_continuation(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        continuation: Value,
    ) -> Value {
        let (record, address) = self.record(builder, continuation);
        self.check_unused(builder, record);
        let flags = self.object_flags(builder, Region::Field, types::I64, None);
        let zero = builder.ins().iconst(types::I64, 0);
        builder.ins().store(flags, zero, address, RECORD as i32);
        record
    }

    /// Writes arguments where the continuation takes them, which is made ready for that: where all
    /// of them start.
    fn write_arguments(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        record: Value,
        args: &[Value],
    ) -> Value {
        let own = self.spilled(builder, args.len());
        let flags = MemFlagsData::trusted();
        let needs = builder.ins().load(types::I32, flags, record, NEEDS as i32);
        let (prepare, ready) = (builder.create_block(), builder.create_block());
        let place = builder.append_block_param(ready, types::I64);
        let start = builder.append_block_param(ready, types::I64);
        builder.set_cold_block(prepare);
        builder.ins().brif(needs, prepare, &[], ready, &[own.into(), own.into()]);
        builder.seal_block(prepare);
        builder.switch_to_block(prepare);
        let elsewhere =
            self.call_builtin_for(builder, Builtin::PrepareContinuation, &[record, own]);
        let all = builder.ins().load(types::I64, flags, record, ARGUMENTS as i32);
        builder.ins().jump(ready, &[elsewhere.into(), all.into()]);
        builder.seal_block(ready);
        builder.switch_to_block(ready);
        for (number, value) in args.iter().enumerate() {
            let flags = buffer_flags(builder.func.dfg.value_type(*value));
            builder.ins().store(flags, *value, place, number as i32 * 16);
        }
        start
    }

    /// Writes the list of handlers to the frame.
    fn write_handlers(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        handlers: &[ResumeHandler],
    ) -> Value {
        let size = TAGS + handlers.len() as u32 * 8;
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
        let slot = builder.create_sized_stack_slot(slot);
        let list = builder.ins().stack_addr(types::I64, slot, 0);
        let flags = MemFlagsData::trusted();
        let of_labels = |handler: &&ResumeHandler| matches!(handler, ResumeHandler::Label(_));
        let labels = handlers.iter().filter(of_labels).count();
        let count = builder.ins().iconst(types::I32, labels as i64);
        builder.ins().store(flags, count, list, LABELS as i32);
        let count = builder.ins().iconst(types::I32, (handlers.len() - labels) as i64);
        builder.ins().store(flags, count, list, SWITCHES as i32);
        let (mut label, mut switch) = (0, labels);
        for handler in handlers {
            let (tag, place) = match *handler {
                ResumeHandler::Label(tag) => (tag, &mut label),
                ResumeHandler::Switch(tag) => (tag, &mut switch),
            };
            let tag = self.load_constant(builder, self.layout.tag(tag));
            builder.ins().store(flags, tag, list, TAGS as i32 + *place as i32 * 8);
            *place += 1;
        }
        list
    }

    /// A new object for a continuation that is about to be suspended.
    fn new_continuation_object(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        let bytes = builder.ins().iconst(types::I32, i64::from(SIZE));
        let Allocation { object, full } = self.take_room(builder, bytes);
        let address = self.object_address(builder, object);
        let flags = self.object_flags(builder, Region::Header, types::I32, None);
        let header = TYPE << heap::TYPE_MASK.trailing_zeros() | heap::LOGGED;
        let header = builder.ins().iconst(types::I32, i64::from(header));
        builder.ins().store(flags, header, address, 0);
        let flags = self.object_flags(builder, Region::Field, types::I64, None);
        let zero = builder.ins().iconst(types::I64, 0);
        builder.ins().store(flags, zero, address, RECORD as i32);
        let done = builder.create_block();
        let made = builder.append_block_param(done, types::I32);
        builder.declare_value_needs_stack_map(made);
        builder.ins().jump(done, &[object.into()]);
        builder.seal_block(full);
        builder.switch_to_block(full);
        let object = self.call_builtin_for(builder, Builtin::ContinuationObject, &[]);
        builder.ins().jump(done, &[object.into()]);
        builder.seal_block(done);
        builder.switch_to_block(done);
        made
    }

    /// Calls a builtin that changes stacks: what it returns. There may be handlers of exceptions.
    ///
    /// It preserves no registers but the stack and frame pointer: what a function needs of the
    /// others is in its frame already, and need not be saved and restored at each change.
    fn call_switching(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        builtin: Builtin,
        args: &[Value],
    ) -> Values {
        let signature = self.builtin_reference(builder, builtin);
        self.fuel_before_builtin(builder, builtin);
        let builtins = self.load_constant(builder, context::BUILTINS);
        let code = builder.ins().load(types::I64, CONSTANT, builtins, builtin.offset() as i32);
        let args: Vec<Value> = [self.context()].iter().chain(args).copied().collect();
        let (table, next) = match self.exception_table(builder, signature) {
            Some(with_handlers) => with_handlers,
            None => self.table_of_handlers(builder, signature),
        };
        builder.ins().try_call_indirect(code, &args, table);
        builder.seal_block(next);
        builder.switch_to_block(next);
        Values::from_slice(builder.block_params(next))
    }
}
