//! What is checked of pointers, and allocations in the memory of the target.

use wasm_component::instance_flags::{IN_REALLOC, REALLOC_HAS_CONTEXT};
use wasm_component::{AdapterTrap, FlatType, MAX_LIST_BYTE_LENGTH, MAX_STRING_BYTE_LENGTH};

use super::body::Local;
use super::copy::Copier;
use super::module::MemoryRef;
use crate::error::Error;

/// Both limits are the same, so that they need not be told apart.
const _: () = assert!(MAX_LIST_BYTE_LENGTH == MAX_STRING_BYTE_LENGTH);

/// A number of bytes: known, or in a local of 32 bits.
#[derive(Clone, Copy)]
pub(super) enum Bytes {
    Constant(u32),
    Local(Local),
}

impl Copier<'_, '_> {
    /// Traps, if an address is not aligned.
    pub(super) fn check_aligned(&mut self, address: Local, align: u32) {
        if align > 1 {
            self.body
                .code()
                .local_get(address.index)
                .i32_const((align - 1).cast_signed())
                .i32_and();
            self.trap_if(AdapterTrap::UnalignedPointer);
        }
    }

    /// Traps, if bytes are not within a memory, also if there are none.
    pub(super) fn check_bounds(
        &mut self,
        memory: MemoryRef,
        address: Local,
        bytes: Bytes,
        trap: AdapterTrap,
    ) {
        self.body.code().local_get(address.index).i64_extend_i32_u();
        self.push_bytes_i64(bytes);
        self.body
            .code()
            .i64_add()
            .memory_size(memory.index)
            .i64_extend_i32_u()
            .i64_const(memory.page_size_log2.into())
            .i64_shl()
            .i64_gt_u();
        self.trap_if(trap);
    }

    /// Sets `bytes` to a number of elements times their size, and traps if that is more than
    /// strings and lists may have. So no size that is computed of it wraps.
    pub(super) fn multiply(&mut self, count: Local, size: u32, bytes: Local, trap: AdapterTrap) {
        // As many elements as there may be.
        let most = MAX_LIST_BYTE_LENGTH / size.max(1);
        self.body.code().local_get(count.index).i32_const(most.cast_signed()).i32_gt_u();
        self.trap_if(trap);
        self.body
            .code()
            .local_get(count.index)
            .i32_const(size.cast_signed())
            .i32_mul()
            .local_set(bytes.index);
    }

    /// Allocates in the memory of the target: sets `address` to where, after it was checked.
    pub(super) fn allocate(
        &mut self,
        address: Local,
        align: u32,
        bytes: Bytes,
        trap: AdapterTrap,
    ) -> Result<(), Error> {
        self.body.code().i32_const(0).i32_const(0);
        self.realloc(address, align, bytes, trap)
    }

    /// Makes an allocation of `old` bytes larger or smaller: sets `address` to where it is now.
    pub(super) fn reallocate(
        &mut self,
        address: Local,
        old: Local,
        align: u32,
        bytes: Bytes,
        trap: AdapterTrap,
    ) -> Result<(), Error> {
        self.body.push(address);
        self.body.push(old);
        self.realloc(address, align, bytes, trap)
    }

    fn realloc(
        &mut self,
        address: Local,
        align: u32,
        bytes: Bytes,
        trap: AdapterTrap,
    ) -> Result<(), Error> {
        let (realloc, memory) = (self.target_realloc()?, self.target_memory()?);
        self.body.code().i32_const(align.cast_signed());
        self.push_bytes(bytes);
        if let Some(flags) = self.target.realloc_flags {
            self.clear(flags, REALLOC_HAS_CONTEXT);
            self.set(flags, IN_REALLOC);
        }
        self.body.call(realloc);
        self.body.pop(address);
        if let Some(flags) = self.target.realloc_flags {
            self.clear(flags, IN_REALLOC);
        }
        self.check_aligned(address, align);
        self.check_bounds(memory, address, bytes, trap);
        Ok(())
    }

    fn push_bytes(&mut self, bytes: Bytes) {
        match bytes {
            Bytes::Constant(bytes) => self.body.code().i32_const(bytes.cast_signed()),
            Bytes::Local(local) => self.body.code().local_get(local.index),
        };
    }

    fn push_bytes_i64(&mut self, bytes: Bytes) {
        match bytes {
            Bytes::Constant(bytes) => self.body.code().i64_const(bytes.into()),
            Bytes::Local(local) => self.body.code().local_get(local.index).i64_extend_i32_u(),
        };
    }

    /// A new local of 32 bits.
    pub(super) fn word(&mut self) -> Local {
        self.body.local(FlatType::I32)
    }
}
