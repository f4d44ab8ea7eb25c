//! Calls of functions that store a 128-bit product: the product is computed where it is wanted.
//!
//! The function itself is called only if the product would be stored out of bounds, so that the
//! trap, and what was stored before it, are the function's own, and a backtrace shows it.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Endianness, FuncRef, InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::{DefinedFuncIndex, FuncIndex, TrapCode};

use super::{Region, RuntimeEnvironment};
use crate::environ::Values;
use crate::idiom::{Idiom, WideMultiply};
use crate::trap::clif_trap_code;

impl RuntimeEnvironment<'_> {
    /// Makes the code of a function that is recognised as an idiom in place of a call of it; `None`
    /// if it has to be called.
    pub(super) fn call_idiom(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Option<Values> {
        let defined = self.module.defined_func(func)?;
        let Idiom::WideMultiply(multiply) = self.idioms?.get(defined)?;
        // A function that checks the fuel when it is entered has to be entered.
        if self.fuel_checks_entry_of(func) {
            return None;
        }
        let results = self.multiply_here(builder, func, defined, multiply, args)?;
        self.fuel_for_idiom(builder, self.idioms?.fuel(defined));
        Some(results)
    }

    fn multiply_here(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        defined: DefinedFuncIndex,
        multiply: WideMultiply,
        args: &[Value],
    ) -> Option<Values> {
        // In a memory whose index space is reserved whole, no address of this size can overflow,
        // nor can speculation leave it.
        let ty = self.module.memories.get(multiply.memory.index())?;
        let low_offset = i32::try_from(multiply.offset).ok()?;
        let high_offset = low_offset.checked_add(8)?;
        let end_offset = low_offset.checked_add(16)?;
        let reach = u64::from(u32::MAX) + end_offset as u64;
        let reserved = self.tunables.static_memory_reach();
        let [target, factors @ ..] = <[Value; 5]>::try_from(args).ok()?;
        // A shared memory may grow between the check and the call that is to trap.
        if !self.tunables.memory_is_static(ty) || ty.shared || reach > reserved {
            return None;
        }

        let base = self.static_base(builder, multiply.memory);
        let length = self.load_memory_length(builder, multiply.memory);
        let index = builder.ins().uextend(types::I64, target);
        let end = builder.ins().iadd_imm_s(index, i64::from(end_offset));
        let outside = builder.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
        let function = self.function_reference(builder, func, defined);
        self.call_if(builder, outside, function, args);

        let (low, high) = WideMultiply::product(builder, factors);
        let region = self.region(builder, Region::Memory);
        let flags = MemFlagsData::new()
            .with_endianness(Endianness::Little)
            .with_trap_code(None)
            .with_alias_region(Some(region));
        let start = builder.ins().iadd(base, index);
        builder.ins().store(flags, low, start, low_offset);
        builder.ins().store(flags, high, start, high_offset);
        Some(Values::new())
    }

    /// Calls a function that will trap, if the condition holds.
    fn call_if(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        condition: Value,
        function: FuncRef,
        args: &[Value],
    ) {
        let trapping = builder.create_block();
        let next = builder.create_block();
        builder.set_cold_block(trapping);
        builder.ins().brif(condition, trapping, &[], next, &[]);
        builder.seal_block(trapping);
        builder.seal_block(next);
        builder.switch_to_block(trapping);
        self.fuel_before_call(builder, None);
        let mut all: Values = Values::from_slice(&[self.context()]);
        all.extend_from_slice(args);
        builder.ins().call(function, &all);
        // It does not return.
        builder.ins().trap(clif_trap_code(TrapCode::MemoryOutOfBounds));
        builder.switch_to_block(next);
    }
}
