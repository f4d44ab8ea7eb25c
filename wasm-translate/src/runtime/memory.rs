//! Linear memories: where base and length are found, size and growth.

use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::MemoryIndex;
use wasm_types::abi::{Builtin, memory as record, memory_import};

use super::{CONSTANT, Region, RuntimeEnvironment};
use crate::environ::{Heap, HeapBound, Memories, Result};

impl Memories for RuntimeEnvironment<'_> {
    fn heap(&mut self, builder: &mut FunctionBuilder<'_>, memory: MemoryIndex) -> Result<Heap> {
        let ty = self.module.memories[memory.index()];
        let alias_region = Some(self.region(builder, Region::Memory));
        let spectre_mitigation = self.tunables.spectre_mitigation;
        if self.tunables.memory_is_static(&ty) {
            return Ok(Heap {
                base: self.static_base(builder, memory),
                bound: HeapBound::Static { reserved: self.tunables.memory_reservation },
                guard: self.tunables.memory_guard_size,
                spectre_mitigation,
                alias_region,
            });
        }
        let (base, length) = if ty.shared {
            // A size that is out of date is smaller, and the memory never moves.
            (self.static_base(builder, memory), self.load_memory_length(builder, memory))
        } else {
            let (address, offset) = self.memory_record(builder, memory);
            let flags = self.trusted(builder, Region::Record);
            let mut field =
                |at: u32| builder.ins().load(types::I64, flags, address, offset + at as i32);
            (field(record::BASE), field(record::LENGTH))
        };
        let guard = self.tunables.guard_after(&ty);
        let bound = HeapBound::Dynamic { length };
        Ok(Heap { base, bound, guard, spectre_mitigation, alias_region })
    }

    fn memory_length(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Result<Value> {
        Ok(self.load_memory_length(builder, memory))
    }

    fn memory_size(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Result<Value> {
        let ty = self.module.memories[memory.index()];
        let bytes = if ty.shared {
            // Other threads let it grow.
            let (address, offset) = self.memory_record(builder, memory);
            let place =
                builder.ins().iadd_imm_s(address, i64::from(offset) + i64::from(record::LENGTH));
            let flags = self.trusted(builder, Region::Record);
            builder.ins().atomic_load(types::I64, flags, place)
        } else {
            self.load_memory_length(builder, memory)
        };
        let pages = builder.ins().ushr_imm_u(bytes, i64::from(ty.page_size_log2));
        Ok(if ty.memory64 { pages } else { builder.ins().ireduce(types::I32, pages) })
    }

    fn memory_is_reserved(&self, memory: MemoryIndex) -> bool {
        self.tunables.memory_is_static(&self.module.memories[memory.index()])
    }

    fn memory_grow(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        delta: Value,
    ) -> Result<Value> {
        let narrow = !self.module.memories[memory.index()].memory64;
        let pages = self
            .call_indexed_builtin(builder, Builtin::MemoryGrow, &[memory.as_u32()], &[delta])
            .expect("`memory.grow` has a result");
        Ok(if narrow { builder.ins().ireduce(types::I32, pages) } else { pages })
    }
}

impl RuntimeEnvironment<'_> {
    /// The base of a memory that never moves, reserved whole or shared: loaded once, in the entry
    /// block. The optimiser places it where it is needed.
    pub(super) fn static_base(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Value {
        let known = self.function.bases.iter().find(|(other, _)| *other == memory);
        if let Some((_, base)) = known {
            return *base;
        }
        let offset = match self.layout.memory(memory) {
            Ok(defined) => defined + record::BASE,
            Err(imported) => imported + memory_import::BASE,
        };
        let context = self.context();
        let mut cursor = Self::entry_cursor(builder);
        let base = cursor.ins().load(types::I64, CONSTANT, context, offset as i32);
        self.function.bases.push((memory, base));
        base
    }

    /// Where the record of a memory is: an address and an offset.
    fn memory_record(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> (Value, i32) {
        match self.layout.memory(memory) {
            Ok(defined) if !self.module.memories[memory.index()].shared => {
                (self.context(), defined as i32)
            }
            Ok(import) | Err(import) => {
                (self.load_constant(builder, import + memory_import::MEMORY), 0)
            }
        }
    }

    /// The address of where the base of a memory is.
    pub(super) fn address_of_base(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Value {
        let (address, offset) = self.memory_record(builder, memory);
        builder.ins().iadd_imm_s(address, i64::from(offset) + i64::from(record::BASE))
    }

    /// The current length in bytes.
    pub(super) fn load_memory_length(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Value {
        let (address, offset) = self.memory_record(builder, memory);
        let flags = self.trusted(builder, Region::Record);
        let offset = offset + record::LENGTH as i32;
        builder.ins().load(types::I64, flags, address, offset)
    }
}
