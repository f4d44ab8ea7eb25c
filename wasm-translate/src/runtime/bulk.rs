//! Bulk operators: builtins, but for `memory.copy` and `memory.fill` of memories that never move.
//! For these the bounds are checked here, and the C library's own functions do the rest, without a
//! call of the store.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use smallvec::{SmallVec, smallvec};
use wasm_types::abi::Builtin;
use wasm_types::{MemoryIndex, TrapCode};

use super::RuntimeEnvironment;
use crate::environ::{BulkOperands, BulkOperation, BulkOperations, Memories as _, Result, Segment};
use crate::trap::clif_trap_code;

impl BulkOperations for RuntimeEnvironment<'_> {
    fn bulk(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        operation: BulkOperation,
        operands: BulkOperands,
    ) -> Result<()> {
        let is_done = match operation {
            BulkOperation::MemoryFill { memory } => self.fill_bytes(builder, memory, operands),
            BulkOperation::MemoryCopy { to, from } => self.copy_bytes(builder, to, from, operands),
            _ => false,
        };
        if !is_done {
            let (builtin, indices) = builtin_of(operation);
            let BulkOperands { to, from, len } = operands;
            self.call_indexed_builtin(builder, builtin, &indices, &[to, from, len]);
        }
        Ok(())
    }

    fn drop_segment(&mut self, builder: &mut FunctionBuilder<'_>, segment: Segment) -> Result<()> {
        let (builtin, index) = match segment {
            Segment::Data(data) => (Builtin::DataDrop, data.as_u32()),
            Segment::Elem(elem) => (Builtin::ElemDrop, elem.as_u32()),
        };
        self.call_indexed_builtin(builder, builtin, &[index], &[]);
        Ok(())
    }
}

/// The builtin for an operator, and the indices that it takes first.
fn builtin_of(operation: BulkOperation) -> (Builtin, SmallVec<[u32; 2]>) {
    match operation {
        BulkOperation::MemoryFill { memory } => (Builtin::MemoryFill, smallvec![memory.as_u32()]),
        BulkOperation::MemoryCopy { to, from } => {
            (Builtin::MemoryCopy, smallvec![to.as_u32(), from.as_u32()])
        }
        BulkOperation::MemoryInit { memory, data } => {
            (Builtin::MemoryInit, smallvec![memory.as_u32(), data.as_u32()])
        }
        BulkOperation::TableFill { table } => (Builtin::TableFill, smallvec![table.as_u32()]),
        BulkOperation::TableCopy { to, from } => {
            (Builtin::TableCopy, smallvec![to.as_u32(), from.as_u32()])
        }
        BulkOperation::TableInit { table, elem } => {
            (Builtin::TableInit, smallvec![table.as_u32(), elem.as_u32()])
        }
    }
}

impl RuntimeEnvironment<'_> {
    /// `memory.copy`; `false` if a memory is not one that never moves.
    fn copy_bytes(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: MemoryIndex,
        from: MemoryIndex,
        operands: BulkOperands,
    ) -> bool {
        if !self.direct_bulk || !self.memory_is_reserved(to) || !self.memory_is_reserved(from) {
            return false;
        }
        let target = builder.ins().uextend(types::I64, operands.to);
        let source = builder.ins().uextend(types::I64, operands.from);
        let mut len = builder.ins().uextend(types::I64, operands.len);
        if to == from {
            // The range that begins later ends later.
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
    fn fill_bytes(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        operands: BulkOperands,
    ) -> bool {
        if !self.direct_bulk || !self.memory_is_reserved(memory) {
            return false;
        }
        let start = builder.ins().uextend(types::I64, operands.to);
        let len = builder.ins().uextend(types::I64, operands.len);
        let len = self.checked_length(builder, memory, start, len);
        let start = self.address(builder, memory, start);
        self.call_builtin(builder, Builtin::FillBytes, &[start, operands.from, len]);
        true
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

    /// Traps if so many bytes from an index on, neither of more than 32 bits, are out of bounds.
    /// The length then is 0 also for a processor that runs ahead of the check: nothing in the
    /// functions that are called would keep it within what is reserved.
    fn checked_length(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        index: Value,
        len: Value,
    ) -> Value {
        let end = builder.ins().iadd(index, len);
        let size = self.load_memory_length(builder, memory);
        let outside = builder.ins().icmp(IntCC::UnsignedGreaterThan, end, size);
        builder.ins().trapnz(outside, clif_trap_code(TrapCode::MemoryOutOfBounds));
        if !self.tunables.spectre_mitigation {
            return len;
        }
        let none = builder.ins().iconst(types::I64, 0);
        builder.ins().select_spectre_guard(outside, none, len)
    }
}
