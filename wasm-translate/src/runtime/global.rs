//! Globals: 16 bytes in the instance context, or behind a pointer in it.

use cranelift_codegen::ir::{Endianness, InstBuilder as _, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::GlobalIndex;

use super::{Region, RuntimeEnvironment, clif_type};

impl RuntimeEnvironment<'_> {
    pub(super) fn load_global(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
    ) -> Value {
        let ty = clif_type(self.module.globals[global.index()].content);
        let (flags, address, offset) = self.global_place(builder, global);
        builder.ins().load(ty, flags, address, offset)
    }

    pub(super) fn store_global(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
        value: Value,
    ) {
        let (flags, address, offset) = self.global_place(builder, global);
        builder.ins().store(flags, value, address, offset);
    }

    fn global_place(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
    ) -> (MemFlagsData, Value, i32) {
        let ty = self.module.globals[global.index()];
        let flags = if ty.mutable {
            self.trusted(builder, Region::Global)
        } else {
            // Written before any code of the instance runs.
            super::CONSTANT
        };
        // Numbers are kept as the machine keeps them, vectors with the lowest lane first.
        let flags = match clif_type(ty.content).is_vector() {
            true => flags.with_endianness(Endianness::Little),
            false => flags,
        };
        match self.layout.global(global) {
            Ok(offset) => (flags, self.context(), offset as i32),
            Err(offset) => (flags, self.load_constant(builder, offset), 0),
        }
    }
}
