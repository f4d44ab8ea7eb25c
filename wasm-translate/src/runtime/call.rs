//! Calls: of functions of the module, of imports, of elements of tables.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, ExtFuncData, ExternalName, InstBuilder as _, MemFlagsData, StackSlotData, StackSlotKind,
    UserExternalName, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{ResultLocation, context, func_ref, import, register_results, type_record};
use wasm_types::{DefinedFuncIndex, FuncIndex, FuncType, TableIndex, TrapCode, TypeIndex, ValType};

use super::function::buffer_flags;
use super::{CONSTANT, RuntimeEnvironment, clif_type};
use crate::environ::{Calls, Result, Values};
use crate::error::{Error, ErrorKind};
use crate::trap::clif_trap_code;

/// What is called: code, by name or by address, and the context that it is called with.
#[derive(Clone, Copy)]
pub(super) enum Callee {
    Direct { function: ir::FuncRef, context: Value },
    Indirect { signature: ir::SigRef, code: Value, context: Value },
}

impl Calls for RuntimeEnvironment<'_> {
    fn call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Result<Values> {
        if let Some(results) = self.call_idiom(builder, func, args) {
            return Ok(results);
        }
        self.fuel_before_call(builder, Some(func));
        let callee = self.callee(builder, func);
        let module = self.module;
        Ok(self.finish_call(builder, callee, module.type_of_func(func), args))
    }

    fn call_indirect(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
        args: &[Value],
    ) -> Result<Values> {
        let func_type = self.func_type(ty)?;
        if let Some(expected) = self.take_expected_callee(ty) {
            if let Some(is_expected) = self.is_expected_element(builder, table, index, expected) {
                let guard = (is_expected, expected);
                return Ok(self.guarded_call(builder, guard, func_type, args, |env, builder| {
                    env.table_callee(builder, table, ty, index)
                }));
            }
            if !self.has_immutable_elements(table, ty) {
                self.need_frame_slot(builder);
                let record = self.function_element(builder, table, index);
                let guard = (self.is_expected_record(builder, record, expected), expected);
                return Ok(self.guarded_call(builder, guard, func_type, args, |env, builder| {
                    env.record_callee(builder, record, ty)
                }));
            }
        }
        let callee = self.table_callee(builder, table, ty, index);
        self.count_callee(builder, callee);
        self.fuel_before_call(builder, None);
        Ok(self.finish_call(builder, callee, func_type, args))
    }

    fn return_call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Result<()> {
        self.report_tail_call(builder);
        self.return_call_function(builder, func, args);
        Ok(())
    }

    fn return_call_indirect(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
        args: &[Value],
    ) -> Result<()> {
        let func_type = self.func_type(ty)?;
        if let Some(callee) = self.immutable_element_callee(builder, table, ty, index) {
            self.count_callee(builder, callee);
            self.report_tail_call(builder);
            self.fuel_before_call(builder, None);
            self.finish_return_call(builder, callee, func_type, args);
            return Ok(());
        }
        let callee = self.element_callee(builder, table, ty, index);
        self.count_callee(builder, callee);
        self.report_tail_call(builder);
        self.return_call_by_reference(builder, callee, func_type, args);
        Ok(())
    }

    fn call_ref(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        callee: Value,
        args: &[Value],
    ) -> Result<Values> {
        let func_type = self.func_type(ty)?;
        if let Some(expected) = self.take_expected_callee(ty) {
            let guard = (self.is_expected_record(builder, callee, expected), expected);
            return Ok(self.guarded_call(builder, guard, func_type, args, |env, builder| {
                env.reference_callee(builder, ty, callee)
            }));
        }
        let callee = self.reference_callee(builder, ty, callee);
        self.count_callee(builder, callee);
        self.fuel_before_call(builder, None);
        Ok(self.finish_call(builder, callee, func_type, args))
    }

    fn return_call_ref(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        callee: Value,
        args: &[Value],
    ) -> Result<()> {
        let func_type = self.func_type(ty)?;
        let callee = self.reference_callee(builder, ty, callee);
        self.count_callee(builder, callee);
        self.report_tail_call(builder);
        self.return_call_by_reference(builder, callee, func_type, args);
        Ok(())
    }
}

impl<'m> RuntimeEnvironment<'m> {
    /// A tail call of a function by its index.
    pub(super) fn return_call_function(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) {
        self.fuel_before_call(builder, Some(func));
        let callee = self.callee(builder, func);
        let module = self.module;
        self.finish_return_call(builder, callee, module.type_of_func(func), args);
    }

    /// A tail call of what a reference leads to.
    fn return_call_by_reference(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        callee: Callee,
        func_type: &FuncType,
        args: &[Value],
    ) {
        let Callee::Indirect { context: callee_context, .. } = callee else {
            unreachable!("references are called by address");
        };
        // A host function finds its caller through the caller's frame, which a tail call gives up:
        // it is called in the usual way. Only Wasm code can call itself so often that the room
        // matters.
        let flags = MemFlagsData::trusted().with_readonly();
        let magic = builder.ins().load(types::I64, flags, callee_context, context::MAGIC as i32);
        let expected = builder.ins().iconst(types::I64, context::MAGIC_VALUE as i64);
        let is_wasm = builder.ins().icmp(IntCC::Equal, magic, expected);
        let wasm = builder.create_block();
        let host = builder.create_block();
        builder.set_cold_block(host);
        builder.ins().brif(is_wasm, wasm, &[], host, &[]);
        builder.seal_block(wasm);
        builder.seal_block(host);
        builder.switch_to_block(host);
        self.fuel_before_call(builder, None);
        // It is a tail call all the same: nothing of this function catches what the callee throws.
        let handlers = std::mem::take(&mut self.function.handlers);
        let results = self.finish_call(builder, callee, func_type, args);
        self.function.handlers = handlers;
        self.return_results(builder, &results);
        builder.switch_to_block(wasm);
        self.fuel_before_call(builder, None);
        self.finish_return_call(builder, callee, func_type, args);
    }

    /// What a typed reference leads to: nothing is left to check but null, whose record is where
    /// nothing can be read.
    fn reference_callee(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        reference: Value,
    ) -> Callee {
        self.need_frame_slot(builder);
        // Whichever load the machine makes first is the one that traps.
        let flags = MemFlagsData::new().with_aligned();
        let flags = flags.with_trap_code(Some(clif_trap_code(TrapCode::NullReference)));
        let context = builder.ins().load(types::I64, flags, reference, func_ref::CONTEXT as i32);
        let code = builder.ins().load(types::I64, flags, reference, func_ref::CODE as i32);
        let signature = self.signature_reference(builder, ty);
        Callee::Indirect { signature, code, context }
    }

    /// A function of the module is called by name, with the caller's context; an import as its
    /// record says.
    pub(super) fn callee(&mut self, builder: &mut FunctionBuilder<'_>, func: FuncIndex) -> Callee {
        if let Some(defined) = self.module.defined_func(func) {
            let function = self.function_reference(builder, func, defined);
            return Callee::Direct { function, context: self.context() };
        }
        let record = self.layout.imported_function(func);
        let code = self.load_constant(builder, record + import::CODE);
        let context = self.load_constant(builder, record + import::CONTEXT);
        let signature = self.signature_reference(builder, self.module.functions[func.index()]);
        Callee::Indirect { signature, code, context }
    }

    /// A function of the module as the code generator knows it: the name is its number among those
    /// that the module defines.
    pub(super) fn function_reference(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        defined: DefinedFuncIndex,
    ) -> ir::FuncRef {
        if let Some(function) = self.function.functions.get(&func) {
            return *function;
        }
        let signature = self.signature_reference(builder, self.module.functions[func.index()]);
        let name = UserExternalName::new(0, defined.as_u32());
        let name = ExternalName::user(builder.func.declare_imported_user_function(name));
        let data = ExtFuncData { name, signature, colocated: true, patchable: false };
        let function = builder.import_function(data);
        self.function.functions.insert(func, function);
        function
    }

    fn signature_reference(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
    ) -> ir::SigRef {
        *self.function.signatures.entry(ty).or_insert_with(|| {
            let ty = self.module.func_type(ty).expect("a function has a function type");
            builder.import_signature(Self::wasm_signature(ty))
        })
    }

    /// An element of a table that nothing changes: it has the caller's own context.
    fn immutable_element_callee(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
    ) -> Option<Callee> {
        let code = self.immutable_element_code(builder, table, ty, index)?;
        let signature = self.signature_reference(builder, ty);
        Some(Callee::Indirect { signature, code, context: self.context() })
    }

    /// What an element of a table leads to, after all checks.
    fn table_callee(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
    ) -> Callee {
        match self.immutable_element_callee(builder, table, ty, index) {
            Some(callee) => callee,
            None => self.element_callee(builder, table, ty, index),
        }
    }

    fn element_callee(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
    ) -> Callee {
        self.need_frame_slot(builder);
        let record = self.function_element(builder, table, index);
        self.record_callee(builder, record, ty)
    }

    /// What the record of a table's element leads to, if it has the type.
    fn record_callee(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        record: Value,
        ty: TypeIndex,
    ) -> Callee {
        self.check_type(builder, record, ty);
        let flags = MemFlagsData::trusted().with_readonly();
        let code = builder.ins().load(types::I64, flags, record, func_ref::CODE as i32);
        let context = builder.ins().load(types::I64, flags, record, func_ref::CONTEXT as i32);
        let signature = self.signature_reference(builder, ty);
        Callee::Indirect { signature, code, context }
    }

    /// Traps unless the function has the type. The record that stands for null has a type that no
    /// function has, so one comparison checks both. Only where other types may have the type as a
    /// supertype there is more to look at, if the comparison fails.
    fn check_type(&mut self, builder: &mut FunctionBuilder<'_>, record: Value, ty: TypeIndex) {
        let flags = MemFlagsData::trusted().with_readonly();
        let found = builder.ins().load(types::I32, flags, record, func_ref::TYPE_ID as i32);
        let wanted = self.layout.type_id(ty) as i32;
        let wanted = builder.ins().load(types::I32, CONSTANT, self.context(), wanted);
        let differs = builder.ins().icmp(IntCC::NotEqual, found, wanted);
        let mismatch = builder.create_block();
        let matches = builder.create_block();
        let is_final = self.module.types[ty.index()].is_final;
        if is_final {
            builder.set_cold_block(mismatch);
        }
        builder.ins().brif(differs, mismatch, &[], matches, &[]);
        builder.seal_block(mismatch);
        builder.switch_to_block(mismatch);
        let null_record = self.load_constant(builder, context::NULL_FUNC_REF);
        let is_null = builder.ins().icmp(IntCC::Equal, record, null_record);
        builder.ins().trapnz(is_null, clif_trap_code(TrapCode::IndirectCallToNull));
        let bad_signature = clif_trap_code(TrapCode::BadSignature);
        if is_final {
            builder.ins().trap(bad_signature);
        } else {
            let found = self.supertype(builder, record, self.module.supertype_depth(ty));
            let differs = builder.ins().icmp(IntCC::NotEqual, found, wanted);
            builder.ins().trapnz(differs, bad_signature);
            builder.ins().jump(matches, &[]);
        }
        builder.seal_block(matches);
        builder.switch_to_block(matches);
    }

    /// The id of the supertype that the type of a function has at a depth. Where the type is not
    /// that deep, this is the id of no type, or traps if the record does not reach as far.
    fn supertype(&mut self, builder: &mut FunctionBuilder<'_>, record: Value, depth: u32) -> Value {
        let flags = MemFlagsData::trusted().with_readonly();
        let ty = builder.ins().load(types::I64, flags, record, func_ref::TYPE as i32);
        let Some(far) = depth.checked_sub(type_record::NEAR) else {
            let place = type_record::DISPLAY + depth * 4;
            return builder.ins().load(types::I32, flags, ty, place as i32);
        };
        let found = builder.ins().load(types::I32, flags, ty, type_record::DEPTH as i32);
        let depth = builder.ins().iconst(types::I32, i64::from(depth));
        let too_high = builder.ins().icmp(IntCC::UnsignedLessThan, found, depth);
        builder.ins().trapnz(too_high, clif_trap_code(TrapCode::BadSignature));
        let rest = builder.ins().load(types::I64, flags, ty, type_record::FAR as i32);
        builder.ins().load(types::I32, flags, rest, (far * 4) as i32)
    }

    fn func_type(&self, ty: TypeIndex) -> Result<&'m FuncType> {
        let unknown = || Error::new(ErrorKind::Codegen, format!("type {ty} is no function type"));
        self.module.func_type(ty).ok_or_else(unknown)
    }

    // The call itself.

    pub(super) fn finish_call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        callee: Callee,
        ty: &FuncType,
        args: &[Value],
    ) -> Values {
        self.interrupt_at_entry(builder);
        let places = register_results(ty.results());
        let buffered = buffered_results(&places);
        let buffer = (buffered > 0).then(|| self.call_buffer(builder, buffered));
        let mut in_registers = self.emit_call(builder, callee, args, buffer).into_iter();
        let mut result = |(ty, place): (&ValType, &ResultLocation)| match (place, buffer) {
            (ResultLocation::Buffer(offset), Some(buffer)) => {
                let ty = clif_type(*ty);
                builder.ins().load(ty, buffer_flags(ty), buffer, *offset as i32)
            }
            _ => in_registers.next().expect("the signature has a result for each register"),
        };
        ty.results().iter().zip(&places).map(&mut result).collect()
    }

    /// A tail call: what it returns is what the caller returns, to the same places.
    fn finish_return_call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        callee: Callee,
        ty: &FuncType,
        args: &[Value],
    ) {
        self.interrupt_at_entry(builder);
        let buffered = buffered_results(&register_results(ty.results()));
        let buffer = (buffered > 0).then(|| self.own_result_buffer());
        match callee {
            Callee::Direct { function, context } => {
                let args = all_args(context, args, buffer);
                builder.ins().return_call(function, &args);
            }
            Callee::Indirect { signature, code, context } => {
                let args = all_args(context, args, buffer);
                builder.ins().return_call_indirect(signature, code, &args);
            }
        }
    }

    /// Makes a call, and goes on where it returns: the results that come back in registers.
    fn emit_call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        callee: Callee,
        args: &[Value],
        buffer: Option<Value>,
    ) -> Values {
        let signature = match callee {
            Callee::Direct { function, .. } => builder.func.dfg.ext_funcs[function].signature,
            Callee::Indirect { signature, .. } => signature,
        };
        let Some((table, next)) = self.exception_table(builder, signature) else {
            let call = match callee {
                Callee::Direct { function, context } => {
                    builder.ins().call(function, &all_args(context, args, buffer))
                }
                Callee::Indirect { signature, code, context } => {
                    builder.ins().call_indirect(signature, code, &all_args(context, args, buffer))
                }
            };
            return Values::from_slice(builder.inst_results(call));
        };
        match callee {
            Callee::Direct { function, context } => {
                builder.ins().try_call(function, &all_args(context, args, buffer), table)
            }
            Callee::Indirect { code, context, .. } => {
                builder.ins().try_call_indirect(code, &all_args(context, args, buffer), table)
            }
        };
        builder.seal_block(next);
        builder.switch_to_block(next);
        Values::from_slice(builder.block_params(next))
    }

    /// The buffer for results of the calls that this function makes: one for all, as large as the
    /// largest needs it. Results are read right after each call.
    fn call_buffer(&mut self, builder: &mut FunctionBuilder<'_>, results: u32) -> Value {
        let size = results * 16;
        let slot = *self.function.call_buffer.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 4);
            builder.create_sized_stack_slot(data)
        });
        let data = &mut builder.func.sized_stack_slots[slot];
        data.size = data.size.max(size);
        builder.ins().stack_addr(types::I64, slot, 0)
    }
}

fn all_args(context: Value, args: &[Value], buffer: Option<Value>) -> Values {
    let mut all = Values::with_capacity(args.len() + 2);
    all.push(context);
    all.extend_from_slice(args);
    all.extend(buffer);
    all
}

fn buffered_results(places: &[ResultLocation]) -> u32 {
    places.iter().filter(|place| matches!(place, ResultLocation::Buffer(_))).count() as u32
}
