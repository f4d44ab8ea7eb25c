//! The stacks that continuations take, how many there may be, and when to look for some that nobody
//! needs.

use crate::Error;
use crate::vm::engine::VmEngine;
use crate::vm::stack::WasmStack;
use crate::vm::store::VmStore;

/// How many unused stacks a store keeps to itself. Where all were made with the engine, it keeps
/// one, since other stores may wait for the others.
const SPARE: usize = 64;

/// With fewer stacks in use, nobody looks for continuations that are gone.
const FEW: usize = 256;

/// The stacks of a store's continuations.
#[derive(Debug)]
pub(super) struct Stacks {
    spare: Vec<WasmStack>,
    /// How many continuations have one.
    in_use: usize,
    /// With how many to collect.
    collect_at: usize,
    /// How many there may be.
    most: usize,
}

impl Default for Stacks {
    fn default() -> Self {
        Self { spare: Vec::new(), in_use: 0, collect_at: FEW, most: MOST }
    }
}

/// How many stacks there may be, unless a store says something else. Each takes two mappings of the
/// process, of which the system allows 65,530 unless it is told otherwise.
const MOST: usize = 10_000;

impl VmStore {
    /// Sets how many continuations may have a stack at once.
    pub(crate) fn set_continuation_stacks(&mut self, most: usize) {
        self.continuations.stacks.most = most;
    }
}

impl Stacks {
    /// Whether it is time to collect.
    pub(super) fn wants_collection(&self) -> bool {
        self.in_use >= self.collect_at
    }

    /// What is in use now is what is needed.
    pub(super) fn collected(&mut self) {
        self.collect_at = (self.in_use * 2).max(FEW);
    }

    /// A stack.
    pub(super) fn take(&mut self, engine: &VmEngine) -> Result<WasmStack, Error> {
        if self.in_use >= self.most {
            return Err(Error::msg(format!(
                "the store has {} continuations with a stack, and may not have more: \
                 `Store::set_max_continuation_stacks` sets how many",
                self.in_use
            )));
        }
        let stack = match self.spare.pop() {
            Some(stack) => stack,
            None => engine.take_stack()?,
        };
        self.in_use += 1;
        Ok(stack)
    }

    /// Gives back a stack, which stays mapped until the next one is given back.
    pub(super) fn put(&mut self, stack: WasmStack, engine: &VmEngine) {
        self.in_use -= 1;
        self.spare.push(stack);
        let most = if engine.reserves_up_front() { 1 } else { SPARE };
        if self.spare.len() > most {
            engine.put_stack(self.spare.remove(0));
        }
    }

    /// The store is dropped.
    pub(super) fn end(&mut self, engine: &VmEngine) {
        self.spare.drain(..).for_each(|stack| engine.put_stack(stack));
    }
}
