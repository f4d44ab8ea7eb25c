//! What a cast that fails was of and to, for the message of the trap.

use cranelift_codegen::ir::{InstBuilder as _, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::RefType;
use wasm_types::abi::{cast_target, heap};

use super::super::{Region, RuntimeEnvironment};
use crate::environ::TypeTest;

impl RuntimeEnvironment<'_> {
    /// Whether code says what a cast to a type was of, if it fails.
    pub(super) fn notes_failed_casts(&mut self, target: RefType) -> bool {
        self.declares_objects() && cast_target(target).is_some()
    }

    /// Says so where that is done. A trap has to follow.
    pub(super) fn note_failed_cast(&mut self, builder: &mut FunctionBuilder<'_>, test: TypeTest) {
        let TypeTest { reference, target, .. } = test;
        let Some(target) = cast_target(target).filter(|_| self.declares_objects()) else { return };
        let start = self.heap_start(builder);
        let target = builder.ins().iconst(types::I32, i64::from(target));
        let flags = self.object_flags(builder, Region::Log, types::I32, None);
        let place = heap::FAILED_CAST as i32;
        builder.ins().store(flags, reference.value, start, place);
        builder.ins().store(flags, target, start, place + 4);
    }
}
