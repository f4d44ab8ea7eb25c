//! Functions: signatures, what the first parameter is, and how results are returned.

use cranelift_codegen::ir::{
    self, AbiParam, ArgumentPurpose, Block, Endianness, InstBuilder as _, MemFlagsData, Type,
    Value, types,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{ResultLocation, register_results};
use wasm_types::{FuncIndex, FuncType, Module, ValType};

use super::RuntimeEnvironment;
use crate::environ::{Functions, Result, Values};

impl Functions for RuntimeEnvironment<'_> {
    fn module(&self) -> &Module {
        self.module
    }

    fn isa(&self) -> &dyn TargetIsa {
        self.isa
    }

    fn value_type(&self, ty: ValType) -> Type {
        clif_type(ty)
    }

    fn is_collected(&self, ty: ValType) -> bool {
        ty.is_collected()
    }

    fn signature(&self, ty: &FuncType) -> ir::Signature {
        Self::wasm_signature(ty)
    }

    fn begin_function(&mut self, func: FuncIndex) {
        self.function.clear();
        self.function.index = Some(func);
        self.function.hooked = self.hooked.is_some_and(|hooked| hooked.contains(func));
        if let Some(fuel) = &mut self.fuel {
            fuel.begin();
        }
    }

    fn function_entry(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<()> {
        let entry = builder.current_block().expect("the entry block is the current one");
        let params = builder.block_params(entry);
        self.function.context = Some(params[0]);
        self.begin_interruption(builder);
        self.fuel_at_entry(builder);
        self.report_entry(builder);
        if self.tunables.guest_debug {
            self.need_frame_slot(builder);
        }
        Ok(())
    }

    fn wasm_params(&mut self, builder: &mut FunctionBuilder<'_>, entry: Block) -> Values {
        let func = self.function.index.expect("a function is being translated");
        let end = 1 + self.module.type_of_func(func).params().len();
        let params = builder.block_params(entry);
        self.function.result_buffer = params.get(end).copied();
        Values::from_slice(&params[1..end])
    }

    fn translate_return(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        results: &[Value],
    ) -> Result<()> {
        self.report_return(builder, results);
        self.return_results(builder, results);
        Ok(())
    }

    fn finish_function(&mut self, func: &mut ir::Function) -> Result<()> {
        self.meter(func);
        self.clear_references(func);
        Ok(())
    }
}

impl RuntimeEnvironment<'_> {
    /// The signature of a Wasm function type: `tail` convention, context first, the buffer for
    /// results that no register is for last.
    pub fn wasm_signature(ty: &FuncType) -> ir::Signature {
        let mut signature = ir::Signature::new(CallConv::Tail);
        signature.params.push(AbiParam::special(types::I64, ArgumentPurpose::VMContext));
        signature.params.extend(ty.params().iter().map(|ty| AbiParam::new(clif_type(*ty))));
        let places = register_results(ty.results());
        for (ty, place) in ty.results().iter().zip(&places) {
            if *place == ResultLocation::Register {
                signature.returns.push(AbiParam::new(clif_type(*ty)));
            }
        }
        if signature.returns.len() < places.len() {
            signature.params.push(AbiParam::new(types::I64));
        }
        signature
    }

    /// Returns from the function: results go to registers or to the caller's buffer.
    pub(super) fn return_results(&mut self, builder: &mut FunctionBuilder<'_>, results: &[Value]) {
        let func = self.function.index.expect("a function is being translated");
        let ty = self.module.type_of_func(func);
        let mut in_registers = Values::new();
        for (value, place) in results.iter().zip(register_results(ty.results())) {
            match place {
                ResultLocation::Register => in_registers.push(*value),
                ResultLocation::Buffer(offset) => {
                    let buffer = self.own_result_buffer();
                    let flags = buffer_flags(builder.func.dfg.value_type(*value));
                    builder.ins().store(flags, *value, buffer, offset as i32);
                }
            }
        }
        builder.ins().return_(&in_registers);
    }

    /// Where this function puts results that no register is for.
    pub(super) fn own_result_buffer(&self) -> Value {
        self.function.result_buffer.expect("a function with such results has a buffer")
    }
}

/// The CLIF type of a Wasm type. References to functions are addresses, all others are places in a
/// heap.
pub(crate) fn clif_type(ty: ValType) -> Type {
    match ty {
        ValType::Ref(ty) if ty.is_collected() => types::I32,
        ValType::I32 => types::I32,
        ValType::I64 | ValType::Ref(_) => types::I64,
        ValType::F32 => types::F32,
        ValType::F64 => types::F64,
        ValType::V128 => types::I8X16,
    }
}

/// Flags for a result in a buffer: vectors have their lowest lane first on every machine.
pub(super) fn buffer_flags(ty: ir::Type) -> MemFlagsData {
    let flags = MemFlagsData::trusted();
    if ty.is_vector() { flags.with_endianness(Endianness::Little) } else { flags }
}
