//! Globals: 16 bytes in the instance context, or behind a pointer in it.

use cranelift_codegen::ir::Endianness;
use cranelift_frontend::FunctionBuilder;
use wasm_types::GlobalIndex;

use super::{CONSTANT, Region, RuntimeEnvironment, clif_type};
use crate::environ::{GlobalVariable, Globals, Result};

impl Globals for RuntimeEnvironment<'_> {
    fn global(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
    ) -> Result<GlobalVariable> {
        let ty = self.module.globals[global.index()];
        let flags = if ty.mutable || ty.content.is_collected() {
            // An object may move, and then the reference to it changes too.
            self.trusted(builder, Region::Global)
        } else {
            // Written before any code of the instance runs.
            CONSTANT
        };
        // Numbers are kept as the machine keeps them, vectors with the lowest lane first.
        let flags = match clif_type(ty.content).is_vector() {
            true => flags.with_endianness(Endianness::Little),
            false => flags,
        };
        let (address, offset) = match self.layout.global(global) {
            Ok(offset) => (self.context(), offset as i32),
            Err(offset) => (self.load_constant(builder, offset), 0),
        };
        Ok(GlobalVariable { address, offset, flags })
    }
}
