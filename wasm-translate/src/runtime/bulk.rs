//! `memory.copy` and `memory.fill` of memories that never move: the bounds are checked here, and the C library's own
//! functions do the rest, with no way through the store.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::Builtin;
use wasm_types::{MemoryIndex, TrapCode};

use super::RuntimeEnvironment;
use crate::environ::BulkOperands;
use crate::trap::clif_trap_code;

impl RuntimeEnvironment<'_> {
    /// `memory.copy`; `false` if a memory is not one that never moves.
    pub(super) fn copy_bytes(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: MemoryIndex,
        from: MemoryIndex,
        operands: BulkOperands,
    ) -> bool {
        if !self.direct_bulk || !self.never_moves(to) || !self.never_moves(from) {
            return false;
        }
        let target = builder.ins().uextend(types::I64, operands.to);
        let source = builder.ins().uextend(types::I64, operands.from);
        let mut len = builder.ins().uextend(types::I64, operands.len);
        if to == from {
            // What begins later ends later.
            let later = builder.ins().umax(target, source);
            len = self.checked_length(builder, to, later, len);
        } else {
            len = self.checked_length(builder, to, target, len);
            len = self.checked_length(builder, from, source, len);
        }
        let target = self.address(builder, to, target);
        let source = self.address(builder, from, source);
        self.call_builtin(builder, Builtin::MoveBytes, &[target, source, len]);
        true
    }

    /// `memory.fill`; `false` if the memory is not one that never moves.
    pub(super) fn fill_bytes(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        operands: BulkOperands,
    ) -> bool {
        if !self.direct_bulk || !self.never_moves(memory) {
            return false;
        }
        let start = builder.ins().uextend(types::I64, operands.to);
        let len = builder.ins().uextend(types::I64, operands.len);
        let len = self.checked_length(builder, memory, start, len);
        let start = self.address(builder, memory, start);
        self.call_builtin(builder, Builtin::FillBytes, &[start, operands.from, len]);
        true
    }

    /// Whether a memory has 32-bit addresses, all of which are reserved.
    fn never_moves(&self, memory: MemoryIndex) -> bool {
        self.tunables.memory_is_static(&self.module.memories[memory.index()])
    }

    fn address(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        index: Value,
    ) -> Value {
        let base = self.static_base(builder, memory);
        builder.ins().iadd(base, index)
    }

    /// Traps if so many bytes from an index on, neither of more than 32 bits, are out of bounds. The length then
    /// is 0 also for a processor that runs ahead of the check: nothing in the functions that are called would
    /// keep it within what is reserved.
    fn checked_length(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        index: Value,
        len: Value,
    ) -> Value {
        let end = builder.ins().iadd(index, len);
        let size = self.memory_length(builder, memory);
        let outside = builder.ins().icmp(IntCC::UnsignedGreaterThan, end, size);
        builder.ins().trapnz(outside, clif_trap_code(TrapCode::MemoryOutOfBounds));
        if !self.tunables.spectre_mitigation {
            return len;
        }
        let none = builder.ins().iconst(types::I64, 0);
        builder.ins().select_spectre_guard(outside, none, len)
    }
}
