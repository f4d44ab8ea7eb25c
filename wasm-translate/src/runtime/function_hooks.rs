//! Functions that report when they are entered and left: each time a call of a builtin, with the
//! arguments or the results in the frame.

use cranelift_codegen::ir::{
    InstBuilder as _, MemFlagsData, StackSlotData, StackSlotKind, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::Builtin;

use super::RuntimeEnvironment;
use super::function::buffer_flags;

impl RuntimeEnvironment<'_> {
    /// At the entry of a function, before anything else that it does.
    pub(super) fn report_entry(&mut self, builder: &mut FunctionBuilder<'_>) {
        if !self.function.hooked {
            return;
        }
        let func = self.function.index.expect("a function is being translated");
        let params = self.module.type_of_func(func).params().len();
        let entry = builder.func.layout.entry_block().expect("the entry block is inserted first");
        // The context comes first.
        let args = builder.block_params(entry)[1..=params].to_vec();
        let values = self.spill(builder, &args);
        self.report(builder, Builtin::FunctionEntered, values);
    }

    /// Before a return with these results.
    pub(super) fn report_return(&mut self, builder: &mut FunctionBuilder<'_>, results: &[Value]) {
        if !self.function.hooked {
            return;
        }
        let values = self.spill(builder, results);
        self.report(builder, Builtin::FunctionLeft, values);
    }

    /// Before a tail call, when nothing can trap any more but in the callee.
    pub(super) fn report_tail_call(&mut self, builder: &mut FunctionBuilder<'_>) {
        if !self.function.hooked {
            return;
        }
        let none = builder.ins().iconst(types::I64, 0);
        self.report(builder, Builtin::FunctionLeft, none);
    }

    fn report(&mut self, builder: &mut FunctionBuilder<'_>, builtin: Builtin, values: Value) {
        let func = self.function.index.expect("a function is being translated");
        let func = builder.ins().iconst(types::I32, i64::from(func.as_u32()));
        self.call_builtin(builder, builtin, &[func, values]);
    }

    /// Writes values where a builtin finds them, 16 bytes each: to one place for all that the
    /// function reports and throws, as large as the largest needs it. It is there even for no
    /// values, as no address means that there are no results.
    pub(super) fn spill(&mut self, builder: &mut FunctionBuilder<'_>, values: &[Value]) -> Value {
        let address = self.spilled(builder, values.len());
        for (place, value) in values.iter().enumerate() {
            let flags: MemFlagsData = buffer_flags(builder.func.dfg.value_type(*value));
            builder.ins().store(flags, *value, address, place as i32 * 16);
        }
        address
    }

    /// The place in the frame for so many values.
    pub(super) fn spilled(&mut self, builder: &mut FunctionBuilder<'_>, count: usize) -> Value {
        let size = count.max(1) as u32 * 16;
        let slot = *self.function.hook_values.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 4);
            builder.create_sized_stack_slot(data)
        });
        let data = &mut builder.func.sized_stack_slots[slot];
        data.size = data.size.max(size);
        builder.ins().stack_addr(types::I64, slot, 0)
    }
}
