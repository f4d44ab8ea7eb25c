//! Linear memories (Wasm 3.0, section 4.6.7).

use cranelift_codegen::ir::{self, InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::MemoryIndex;

use super::{Functions, Result};
use crate::error::Error;

/// How addresses into a linear memory are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeapBound {
    /// The memory never moves, and this many bytes of address space after its base belong to it,
    /// accessible or not: an access within them needs no check, since it either is in bounds or
    /// faults.
    Static {
        /// Bytes of address space, without the guard.
        reserved: u64,
    },
    /// The address is compared with the current length in bytes, of type `i64`.
    Dynamic {
        /// The current length.
        length: Value,
    },
}

/// A linear memory as an access at the current place of the code sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heap {
    /// The native address of the first byte.
    pub base: Value,
    /// How addresses are checked.
    pub bound: HeapBound,
    /// Bytes after the bound that are never accessible: an access that starts before the bound
    /// and ends there needs no check of its own.
    pub guard: u64,
    /// Whether an address that fails a check is replaced by null under speculation too. An access
    /// to null must fault then; it is what traps.
    pub spectre_mitigation: bool,
    /// The alias region of the memory's bytes, if the environment divides memory into regions.
    pub alias_region: Option<ir::AliasRegion>,
}

/// An access to a linear memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapAccess {
    /// The memory.
    pub memory: MemoryIndex,
    /// The address operand, of the memory's index type.
    pub index: Value,
    /// The constant that the operator adds to it.
    pub offset: u64,
    /// How many bytes are read or written.
    pub size: u8,
}

/// Where memories are. Each operator is refused by default; a runtime whose memories do not grow
/// fills in [`heap`](Self::heap) and [`memory_length`](Self::memory_length).
pub trait Memories: Functions {
    /// The memory, as an access at the current place sees it.
    ///
    /// # Errors
    ///
    /// If the environment does not support memories.
    fn heap(&mut self, _builder: &mut FunctionBuilder<'_>, _memory: MemoryIndex) -> Result<Heap> {
        Err(refused("access to a memory"))
    }

    /// The current length of a memory in bytes, of type `i64`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn memory_length(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
    ) -> Result<Value> {
        Err(refused("memory.size"))
    }

    /// Whether a memory has 32-bit addresses and its whole index space is reserved. If so, the
    /// translator may compare an access with [`memory_length`](Self::memory_length) on its own, and
    /// decide what comes of one that is out of bounds. `false` by default.
    fn memory_is_reserved(&self, _memory: MemoryIndex) -> bool {
        false
    }

    /// `memory.size`, in pages: made of the length, by default.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn memory_size(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Result<Value> {
        let ty = self.module().memories[memory.index()];
        let bytes = self.memory_length(builder, memory)?;
        let pages = builder.ins().ushr_imm_u(bytes, i64::from(ty.page_size_log2));
        Ok(if ty.memory64 { pages } else { builder.ins().ireduce(types::I32, pages) })
    }

    /// `memory.grow`: the old size in pages, or -1.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn memory_grow(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
        _delta: Value,
    ) -> Result<Value> {
        Err(refused("memory.grow"))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Memories", operator)
}
