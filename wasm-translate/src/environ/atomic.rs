//! What threads need of each other: waiting for a place in memory, and waking who waits (the
//! threads proposal). Atomic accesses themselves are instructions, at addresses that
//! [`Memories`](super::Memories) says how to make.

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::MemoryIndex;

use super::{Functions, Result};
use crate::error::Error;

/// The operands of `memory.atomic.wait32` and `memory.atomic.wait64`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitOperands {
    /// The address with the constant that the operator adds, of type `i64`.
    pub address: Value,
    /// What is expected there, of type `i32` or `i64`: so many bytes are compared.
    pub expected: Value,
    /// For how long to wait, in nanoseconds, of type `i64`; forever if it is negative.
    pub timeout: Value,
}

/// How threads wait for each other. Each operator is refused by default.
pub trait Atomics: Functions {
    /// Whether the instructions of an atomic access trap by themselves with the trap code of their
    /// flags, where memory is not accessible. If not, the translator loads the bytes before it
    /// accesses them. `true` by default.
    fn atomic_accesses_trap(&self) -> bool {
        true
    }

    /// Whether an atomic store is slower than an exchange whose result is not used. `false` by
    /// default.
    fn stores_by_exchange(&self) -> bool {
        false
    }

    /// `memory.atomic.wait32` or `memory.atomic.wait64`: 0 if it was woken, 1 if another value was
    /// found, 2 if the time is over, of type `i32`. Traps if the address is out of bounds or not
    /// aligned, or the memory is not shared.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn atomic_wait(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
        _operands: WaitOperands,
    ) -> Result<Value> {
        Err(refused("memory.atomic.wait"))
    }

    /// `memory.atomic.notify`: how many were woken, of type `i32`. The address has the constant
    /// that the operator adds, and is of type `i64`. Traps if it is out of bounds or not aligned.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn atomic_notify(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
        _address: Value,
        _count: Value,
    ) -> Result<Value> {
        Err(refused("memory.atomic.notify"))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Atomics", operator)
}
