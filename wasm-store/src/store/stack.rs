//! The size of a store's Wasm stack, and how many continuations have one.

use super::Store;
use crate::error::Result;

impl<T: 'static> Store<T> {
    /// The size of the stack that the Wasm of this store runs on, in bytes. It is
    /// [`Config::max_wasm_stack`](crate::Config::max_wasm_stack), rounded up to whole pages, unless
    /// [`Store::set_max_wasm_stack`] has set another.
    pub fn max_wasm_stack(&self) -> usize {
        self.inner().vm.stack_size()
    }

    /// Gives this store a stack of another size than
    /// [`Config::max_wasm_stack`](crate::Config::max_wasm_stack), in bytes: a smaller one for code
    /// that is less trusted, or a larger one for code that recurses deeply. Using it up is a trap.
    /// The size is rounded up to whole pages.
    ///
    /// It can be called before the first call and between calls, any number of times. It can't be
    /// called while Wasm runs in the store, since the store is borrowed then, and what host
    /// functions get has no such method. The stack is made at once, and unmapped with the store;
    /// the engine keeps only stacks of the usual size for the next store.
    ///
    /// ```
    /// use wasm_store::{Engine, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), ());
    /// store.set_max_wasm_stack(64 << 10)?;
    /// assert_eq!(store.max_wasm_stack(), 64 << 10);
    /// assert!(store.set_max_wasm_stack(1).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the size is less than a page, the machine has no room for the stack, or the engine's
    /// stacks are reserved up front
    /// ([`InstanceAllocationStrategy::Pooling`](crate::InstanceAllocationStrategy::Pooling)) with
    /// another size. The store then keeps the stack that it has.
    pub fn set_max_wasm_stack(&mut self, size: usize) -> Result<()> {
        self.inner_mut().vm.set_stack_size(size)
    }

    /// Sets how many continuations of this store (stack switching) may have a stack at once; the
    /// default is 10,000. A continuation has one from when it is first resumed on until its
    /// function returns. Code that resumes one more fails with an error, once the store has made
    /// sure that none of the others is without a reference to it.
    ///
    /// Each stack has the size of [`Config::max_wasm_stack`](crate::Config::max_wasm_stack) and a
    /// guard, of which only what was used takes memory, and two mappings of the process. Linux
    /// allows a process 65,530 mappings unless it is told otherwise (`vm.max_map_count`). Those
    /// that have a stack when this is called keep it.
    ///
    /// ```
    /// use wasm_store::{Engine, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), ());
    /// store.set_max_continuation_stacks(100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_max_continuation_stacks(&mut self, most: usize) {
        self.inner_mut().vm.set_continuation_stacks(most);
    }
}
