//! Where an access to a linear memory goes.

use cranelift_codegen::ir::{MemFlagsData, Value};
use wasm_types::MemoryIndex;
use wasm_types::wasmparser::{MemArg, MemArgTarget};

use crate::environ::{FuncEnvironment, HeapAccess};
use crate::error::Error;
use crate::heap;
use crate::translator::FuncTranslator;

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Pops the address operand of a memory access and makes a native address of it: the access is
    /// within bounds, or traps when it is made, or the trap is in the code already.
    ///
    /// Returns what a load or store instruction takes: flags (little-endian, with the trap code of
    /// an access out of bounds), address and constant offset. `access_size` is in bytes. A store
    /// pops its value before it calls this.
    pub(crate) fn heap_addr(
        &mut self,
        memarg: &MemArg,
        access_size: u8,
    ) -> Result<(MemFlagsData, Value, i32), Error> {
        let MemArgTarget::Memory(memory) = memarg.target else {
            return Err(Error::unsupported("a memory access to an array"));
        };
        let index = self.pop();
        let access = HeapAccess {
            memory: MemoryIndex::new(memory),
            index,
            offset: memarg.offset,
            size: access_size,
        };
        heap::prepare_access(&mut self.builder, self.env, access)
    }
}
