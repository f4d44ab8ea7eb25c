//! The write barrier: an object is in the log before a reference is written into it.

use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::TrapCode;
use wasm_types::abi::heap;

use super::super::{Region, RuntimeEnvironment};

impl RuntimeEnvironment<'_> {
    /// Adds an object to the log unless it is there; traps with the code, if there is one, in case
    /// the reference is null.
    pub(super) fn write_barrier(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: Value,
        trap: Option<TrapCode>,
    ) {
        let address = self.object_address(builder, object);
        let header = self.load_header(builder, address, trap);
        let logged = builder.ins().band_imm_u(header, i64::from(heap::LOGGED));
        let (missing, next) = (builder.create_block(), builder.create_block());
        builder.set_cold_block(missing);
        builder.ins().brif(logged, next, &[], missing, &[]);
        builder.seal_block(missing);
        builder.switch_to_block(missing);
        let start = self.heap_start(builder);
        let flags = self.object_flags(builder, Region::Log, types::I64, None);
        let top = builder.ins().load(types::I64, flags, start, heap::LOG_TOP as i32);
        builder.ins().store(flags, object, top, 0);
        let moved = builder.ins().iadd_imm_u(top, 4);
        builder.ins().store(flags, moved, start, heap::LOG_TOP as i32);
        let flags = self.object_flags(builder, Region::Header, types::I32, None);
        let header = builder.ins().bor_imm_u(header, i64::from(heap::LOGGED));
        builder.ins().store(flags, header, address, 0);
        builder.ins().jump(next, &[]);
        builder.seal_block(next);
        builder.switch_to_block(next);
    }
}
