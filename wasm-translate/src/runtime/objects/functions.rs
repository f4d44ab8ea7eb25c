//! References to functions in objects: the number that the store has for each.

use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, func_ref, heap};

use super::super::RuntimeEnvironment;

impl RuntimeEnvironment<'_> {
    /// The number of a function, which it gets now if it has none.
    pub(super) fn number_of_function(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        function: Value,
        nullable: bool,
    ) -> Value {
        let done = builder.create_block();
        let number = builder.append_block_param(done, types::I32);
        if nullable {
            let null = builder.ins().iconst(types::I32, 0);
            let present = builder.create_block();
            builder.ins().brif(function, present, &[], done, &[null.into()]);
            builder.seal_block(present);
            builder.switch_to_block(present);
        }
        let flags = MemFlagsData::trusted();
        let found = builder.ins().load(types::I32, flags, function, func_ref::NUMBER as i32);
        // The lowest bit is the store's.
        let found = builder.ins().ushr_imm_u(found, 1);
        let missing = builder.create_block();
        builder.set_cold_block(missing);
        builder.ins().brif(found, done, &[found.into()], missing, &[]);
        builder.seal_block(missing);
        builder.switch_to_block(missing);
        let made = self.call_builtin_for(builder, Builtin::FunctionNumber, &[function]);
        builder.ins().jump(done, &[made.into()]);
        builder.seal_block(done);
        builder.switch_to_block(done);
        number
    }

    /// The function that has a number. That of the number 0 is null.
    pub(super) fn function_of_number(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        number: Value,
    ) -> Value {
        let start = self.heap_start(builder);
        let number = builder.ins().uextend(types::I64, number);
        let distance = builder.ins().ishl_imm_u(number, 3);
        let place = builder.ins().iadd(start, distance);
        // A number is in an object only after its entry was written.
        let flags = MemFlagsData::trusted().with_readonly();
        builder.ins().load(types::I64, flags, place, heap::FUNCTIONS as i32)
    }
}
