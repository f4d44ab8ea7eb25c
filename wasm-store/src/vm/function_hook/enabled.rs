//! Builtins that notify the store's function hook.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use wasm_types::FuncIndex;

use super::super::exceptions::Exceptions;
use super::super::instance::VmInstance;
use super::super::store::VmStore;
use super::super::unwind::Unwind;
use super::super::value::ValRaw;
use crate::Error;
use crate::vm::arch::raise;
use crate::vm::context::{VMContext, VMStoreContext};
use crate::vm::type_record::FuncTypeRecord;

/// What is notified. It is set only while there is a hook: code that was compiled for hooks, in a
/// store without one, returns from the builtin after one comparison.
pub(crate) type Notify = Option<NotifyFns>;

/// The functions that are notified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotifyFns {
    /// A function is entered or left.
    pub(crate) moment: unsafe fn(*mut VMStoreContext, FunctionMoment) -> Result<(), Error>,
    /// An exception has ended all functions whose frames are below an address.
    pub(crate) unwound: unsafe fn(*mut VMStoreContext, usize) -> Result<(), Error>,
}

/// What a function hook is notified of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionMoment {
    /// The instance that the function belongs to.
    pub(crate) instance: NonNull<VmInstance>,
    pub(crate) func: FuncIndex,
    /// Whether it is entered; else it is left.
    pub(crate) entered: bool,
    /// The arguments or the results, 16 bytes each, valid as long as the builtin runs. `None` if
    /// the function is left by a tail call: the results are those of the function it calls.
    pub(crate) values: Option<NonNull<ValRaw>>,
    /// The function's frame pointer. The frames of functions that it calls are below.
    pub(crate) stack: usize,
}

impl FunctionMoment {
    /// The type of the function.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub(crate) fn ty(&self) -> Result<NonNull<FuncTypeRecord>, wasm_artifact::Error> {
        // SAFETY: an instance lives as long as its store, whose code calls the builtin.
        unsafe { self.instance.as_ref() }.module().type_of(self.func)
    }
}

/// Where the innermost Wasm frame that is still active ends on the stack of a store. Below it are
/// the frames of calls that did not return. What runs on stacks of continuations does not count,
/// since none of it notifies the hook.
///
/// # Safety
///
/// The store lives.
pub(crate) unsafe fn stack_in_use(store: *const VMStoreContext) -> usize {
    // SAFETY: as the caller promises; the stacks that run are a chain down to the store's own.
    unsafe {
        let (mut end, mut stack) = ((*store).wasm_sp, (*store).current);
        // Between two calls, a store whose calls are timed has no stack pointer here.
        if end.is_null() {
            return usize::MAX;
        }
        while !(*stack).parent.is_null() {
            (end, stack) = ((*stack).resumer, (*stack).parent);
        }
        end as usize
    }
}

/// Whether a frame is on the store's own stack, and not on that of a continuation.
unsafe fn is_on_own_stack(store: *const VMStoreContext, fp: usize) -> bool {
    // SAFETY: as for the callers.
    unsafe {
        let mut stack = (*store).current;
        while !(*stack).parent.is_null() {
            stack = (*stack).parent;
        }
        (*stack).bounds.contains(fp)
    }
}

pub(in crate::vm) unsafe extern "C" fn function_entered(
    context: *mut VMContext,
    func: u32,
    values: *const ValRaw,
) {
    // SAFETY: compiled code calls this with its own context.
    unsafe { notify(context, func, values, true) }
}

pub(in crate::vm) unsafe extern "C" fn function_left(
    context: *mut VMContext,
    func: u32,
    values: *const ValRaw,
) {
    // SAFETY: as above.
    unsafe { notify(context, func, values, false) }
}

/// Notifies the store's hook, if it has one, and leaves Wasm if that fails or panics.
///
/// # Safety
///
/// To be called by a builtin as its last act.
unsafe fn notify(context: *mut VMContext, func: u32, values: *const ValRaw, entered: bool) {
    // SAFETY: the context is that of a live instance. When a failure is raised, nothing is left to
    // drop: the failure belongs to the store by then.
    unsafe {
        let store = (*context).store;
        let Some(notify) = (*store).function_hook else { return };
        let Some(instance) = NonNull::new((*context).instance) else { return };
        // It was made before the hook was set: afterwards none is.
        if !(*(*store).current).parent.is_null() {
            VmStore::fail(
                store,
                Unwind::Error(Error::msg(
                    "a function that notifies the store's function hook runs on a continuation that \
                 was made before the hook was set: the hook could not tell which functions are left",
                )),
            );
            raise(store)
        }
        let moment = FunctionMoment {
            instance,
            func: FuncIndex::new(func),
            entered,
            values: NonNull::new(values.cast_mut()),
            // The thunk's frame begins with the frame pointer of the function that called the
            // builtin.
            stack: *(*store).wasm_sp.cast::<usize>(),
        };
        // Nobody looks for references among the values, so nothing may move.
        let vm = (*store).vm;
        (*vm).gc.put_off();
        let notified = catch_unwind(AssertUnwindSafe(|| (notify.moment)(store, moment)));
        (*vm).gc.resume();
        (*vm).code_goes_on();
        let failure = match notified {
            Ok(Ok(())) => return,
            Ok(Err(error)) => Unwind::Error(error),
            Err(payload) => Unwind::Panic(payload),
        };
        VmStore::fail(store, failure);
        raise(store)
    }
}

/// Notifies the store's hook, if it has one, of the functions that an exception has left, which is
/// caught in the frame with this frame pointer.
///
/// # Errors
///
/// If the hook fails or panics, which takes the place of the exception.
///
/// # Safety
///
/// The store lives, and is in a call to the host.
pub(in crate::vm) unsafe fn left_by_exception(
    store: *mut VMStoreContext,
    fp: usize,
) -> Result<(), Unwind> {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(notify) = (*store).function_hook else { return Ok(()) };
        // Nothing that has notified the hook is left.
        if !is_on_own_stack(store, fp) {
            return Ok(());
        }
        match Exceptions::aside(store, || (notify.unwound)(store, fp)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Unwind::Error(error)),
            Err(payload) => Err(Unwind::Panic(payload)),
        }
    }
}
