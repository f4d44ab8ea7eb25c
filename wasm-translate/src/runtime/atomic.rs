//! Waiting and waking: builtins.

use cranelift_codegen::ir::{Value, types};
use cranelift_frontend::FunctionBuilder;
use target_lexicon::Architecture;
use wasm_types::MemoryIndex;
use wasm_types::abi::Builtin;

use super::RuntimeEnvironment;
use crate::environ::{Atomics, Result, WaitOperands};

impl Atomics for RuntimeEnvironment<'_> {
    fn atomic_accesses_trap(&self) -> bool {
        // The code generator forgets the flags of atomic accesses for this architecture.
        !matches!(self.isa.triple().architecture, Architecture::Riscv64(_))
    }

    fn stores_by_exchange(&self) -> bool {
        // The code generator makes a store and a fence, which takes 2.7 times as long.
        matches!(self.isa.triple().architecture, Architecture::X86_64)
    }

    fn atomic_wait(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        operands: WaitOperands,
    ) -> Result<Value> {
        let WaitOperands { address, expected, timeout } = operands;
        let builtin = match builder.func.dfg.value_type(expected) {
            types::I32 => Builtin::AtomicWait32,
            _ => Builtin::AtomicWait64,
        };
        let operands = [address, expected, timeout];
        let woken = self.call_indexed_builtin(builder, builtin, &[memory.as_u32()], &operands);
        Ok(woken.expect("the builtin has a result"))
    }

    fn atomic_notify(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        address: Value,
        count: Value,
    ) -> Result<Value> {
        let operands = [address, count];
        let builtin = Builtin::AtomicNotify;
        let woken = self.call_indexed_builtin(builder, builtin, &[memory.as_u32()], &operands);
        Ok(woken.expect("the builtin has a result"))
    }
}
