//! The chain of stacks that run: how the function of a continuation begins and ends, and what
//! becomes of stacks that are left in another way.

#![allow(unsafe_code)]

use super::Continuation;
use crate::vm::arch::ValueLocation;
use crate::vm::call::{fill_image, fill_stack, read, read_image};
use crate::vm::context::VMStoreContext;
use crate::vm::stack::StackHead;
use crate::vm::value::ValRaw;

/// Writes the arguments of a continuation's function where its call has them: registers to the
/// image, others to the stack. Returns how many bytes of the stack they take.
///
/// # Safety
///
/// Only the thunk calls this, on a stack that was prepared for the function, with its arguments.
pub(in crate::vm) unsafe extern "C" fn begin(
    record: *mut Continuation,
    arguments: *const ValRaw,
    store: *mut VMStoreContext,
) -> usize {
    // SAFETY: as the caller promises. The stack has room for all of it: `prepare` has seen to that.
    unsafe {
        (*(*store).vm).continuations.ready = std::ptr::null_mut();
        let func = &*(*record).func;
        let layout = &func.type_record().layout;
        let buffer = values(record).byte_sub(layout.buffer_size as usize);
        let image = (*record).image;
        fill_image(layout, arguments, buffer, &mut *image.cast());
        (*image).ints[0] = func.context as u64;
        let stack = buffer.cast::<u8>().sub(layout.stack_size as usize);
        fill_stack(layout, arguments, stack, buffer);
        layout.stack_size as usize
    }
}

/// Where the results of a continuation's function go: below the image of its registers.
///
/// # Safety
///
/// The continuation has a stack.
pub(super) unsafe fn values(record: *mut Continuation) -> *mut ValRaw {
    // SAFETY: as the caller promises.
    unsafe {
        let layout = &(*(*record).func).type_record().layout;
        (*record).image.cast::<ValRaw>().sub(layout.array_len())
    }
}

/// Where the thunk goes on after a continuation's function has returned.
#[derive(Debug)]
#[repr(C)]
pub(in crate::vm) struct Finished {
    /// What the stack of who has resumed it is entered by.
    exit: *mut u8,
    /// The results, which are there until the next stack is given back.
    values: *mut ValRaw,
}

/// The function of a continuation has returned: its results are in the image.
///
/// # Safety
///
/// Only the thunk calls this, on the host's stack, for the continuation that runs.
pub(in crate::vm) unsafe extern "C" fn finished(
    store: *mut VMStoreContext,
    record: *mut Continuation,
) -> Finished {
    // SAFETY: as the caller promises.
    unsafe {
        let layout = &(*(*record).func).type_record().layout;
        let values = values(record);
        let buffer = values.byte_sub(layout.buffer_size as usize);
        read_image(layout, &*(*record).image, values);
        for (index, (place, width)) in layout.results.iter().enumerate() {
            if let ValueLocation::Memory(offset) = place {
                *values.add(index) = read(buffer.byte_add(*offset as usize), *width);
            }
        }
        let StackHead { parent, resumer, .. } = (*record).stack;
        (*store).current = parent;
        (*(*store).vm).release(record);
        Finished { exit: resumer, values }
    }
}

/// An entry was left other than by returning: the stacks that it has resumed are given up.
///
/// # Safety
///
/// The store lives, and has the stack pointer from before the entry.
pub(in crate::vm) unsafe fn entry_left(store: *mut VMStoreContext) {
    // SAFETY: as the caller promises.
    unsafe {
        (*(*store).vm).release_ready();
        if (*(*store).current).parent.is_null() {
            return;
        }
        (*(*store).vm).release_left();
        let stack = (*store).current;
        let entered = entered(store);
        give_up_from(store, stack, entered);
        (*store).current = entered;
    }
}

/// The stack, of those that run, that the innermost entry has begun on, or is to begin on.
unsafe fn entered(store: *mut VMStoreContext) -> *mut StackHead {
    // SAFETY: as for the caller. The chain ends with the store's own stack.
    unsafe {
        let begun = (*store).wasm_sp.addr();
        let mut stack = (*store).current;
        while !(*stack).parent.is_null() && !(*stack).bounds.contains(begun) {
            stack = (*stack).parent;
        }
        stack
    }
}

/// Gives up the stacks from one up to another, which is not given up. What is on them can still be
/// read, until others are given up.
unsafe fn give_up_from(store: *mut VMStoreContext, mut from: *mut StackHead, to: *mut StackHead) {
    // SAFETY: as for the callers.
    unsafe {
        while from != to && !from.is_null() {
            (*(*store).vm).continuations.left.push(from.cast());
            from = (*from).parent;
        }
    }
}

/// An exception goes on in a frame on a stack, of those that run: those that it has left are given
/// up.
///
/// # Safety
///
/// The store lives.
#[inline]
pub(in crate::vm) unsafe fn left_to(store: *mut VMStoreContext, stack: *const StackHead) {
    // SAFETY: as the caller promises.
    unsafe {
        let from = (*store).current;
        if from.cast_const() == stack {
            return;
        }
        (*(*store).vm).release_left();
        give_up_from(store, from, stack.cast_mut());
        (*store).current = stack.cast_mut();
        (*(*store).vm).release_left();
    }
}

/// An entry was left because its call waits: the stack that it was left on, which is that of a
/// call that has not begun again.
///
/// # Safety
///
/// As for [`entry_left`].
#[cfg_attr(not(feature = "async"), allow(dead_code, reason = "only such calls are left so"))]
pub(in crate::vm) unsafe fn detach(store: *mut VMStoreContext) -> *mut StackHead {
    // SAFETY: as the caller promises.
    unsafe {
        let stack = (*store).current;
        (*store).current = entered(store);
        stack
    }
}

/// A call is given up that was left so.
///
/// # Safety
///
/// As for [`entry_left`], with what [`detach`] has returned.
#[cfg_attr(not(feature = "async"), allow(dead_code, reason = "only such calls are given up so"))]
pub(in crate::vm) unsafe fn give_up(store: *mut VMStoreContext, stack: *mut StackHead) {
    // SAFETY: as the caller promises.
    unsafe {
        (*(*store).vm).release_left();
        give_up_from(store, stack, (*store).current);
        (*(*store).vm).release_left();
    }
}

/// The stack that a frame is on, or was on that has just been left.
///
/// # Safety
///
/// The store lives.
pub(in crate::vm) unsafe fn stack_of(store: *const VMStoreContext, fp: usize) -> *const StackHead {
    // SAFETY: as the caller promises. Stacks that were given up last are still there.
    unsafe {
        for record in &(*(*store).vm).continuations.left {
            if (**record).stack.bounds.contains(fp) {
                return &raw const (**record).stack;
            }
        }
        let mut stack: *const StackHead = (*store).current;
        while !(*stack).parent.is_null() && !(*stack).bounds.contains(fp) {
            stack = (*stack).parent;
        }
        stack
    }
}
