//! The Wasm stack of a store: its size, and that it is there when a call begins.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;

use super::VmStore;
use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::interruption;
use crate::vm::stack::WasmStack;
use crate::vm::sys::mapping::HOST_PAGE;
use crate::vm::unwind::Unwind;

impl VmStore {
    /// The size of the Wasm stack in bytes: of the one that the store has, or will get.
    pub(crate) fn stack_size(&self) -> usize {
        // SAFETY: the context is this store's own.
        let stack = unsafe { (*self.context.as_ptr()).stack.as_ref() };
        stack.or(self.own_stack.as_ref()).map_or(self.engine.stack_size(), WasmStack::size)
    }

    /// Gives the store a Wasm stack of another size.
    ///
    /// # Errors
    ///
    /// If a call is in progress, or the engine can't make such a stack.
    pub(crate) fn set_stack_size(&mut self, size: usize) -> Result<(), Error> {
        if !self.is_at_rest() {
            return Err(Error::msg("the stack of a store can't be replaced while Wasm runs on it"));
        }
        let context = self.context.as_ptr();
        let is = |other: usize| size.checked_next_multiple_of(HOST_PAGE) == Some(other);
        // SAFETY: the context is this store's own.
        let has_stack = unsafe { (*context).stack.is_some() };
        if is(self.stack_size()) {
            return Ok(());
        }
        if !has_stack && is(self.engine.stack_size()) {
            self.own_stack = None;
            return Ok(());
        }
        let stack = self.engine.make_stack(size)?;
        // SAFETY: the context is this store's own, and nothing is on its stack.
        unsafe {
            match &mut (*context).stack {
                // No stack was made yet: that is how it is known that nothing has run so far.
                None => self.own_stack = Some(stack),
                Some(old) => {
                    (*context).base.bounds = stack.bounds();
                    let old = std::mem::replace(old, stack);
                    // The next call looks up where the new stack begins.
                    (*context).wasm_sp = ptr::null_mut();
                    self.engine.put_stack(old);
                }
            }
        }
        Ok(())
    }
}

/// Gives a store what it lacks for a call: its Wasm stack, if it has none, and timers, if its calls
/// are timed.
///
/// # Safety
///
/// The store lives, is pinned, and no call is in progress.
#[cold]
pub(in crate::vm) unsafe fn prepare_call(store: *mut VMStoreContext) -> Result<(), Box<Unwind>> {
    // SAFETY: as the caller promises.
    unsafe {
        if (*store).stack.is_none() {
            let engine = Arc::clone(&(*(*store).vm).engine);
            let stack = match (*(*store).vm).own_stack.take() {
                Some(stack) => stack,
                None => engine.take_stack().map_err(|e| Box::new(Unwind::Error(e)))?,
            };
            (*store).base.bounds = stack.bounds();
            (*store).stack = Some(stack);
            (*(*store).vm).code_starts();
        }
        (*store).wasm_sp = (*store).stack.as_ref().map_or(ptr::null_mut(), WasmStack::top);
        interruption::call_begins(store).map_err(|error| {
            interruption::call_ended(store);
            Box::new(Unwind::Error(error))
        })
    }
}
