//! Whoever set a hook is told.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use wasm_types::FuncIndex;

use super::super::instance::VmInstance;
use super::super::store::VmStore;
use super::super::unwind::Unwind;
use super::super::value::ValRaw;
use crate::Error;
use crate::vm::arch::{FuncTypeRecord, raise};
use crate::vm::context::{VMContext, VMStoreContext};

/// Whom to tell: set while there is a hook, so that code that was compiled to tell and has no listener comes
/// back after one comparison.
pub(crate) type Tell = Option<unsafe fn(*mut VMStoreContext, FunctionMoment) -> Result<(), Error>>;

/// What a function has to tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionMoment {
    /// The instance that the function belongs to.
    pub(crate) instance: NonNull<VmInstance>,
    pub(crate) func: FuncIndex,
    /// Whether it is entered; else it is left.
    pub(crate) entered: bool,
    /// The arguments or the results, 16 bytes each, for as long as the builtin runs; `None` if there are no
    /// results since they are those of a tail call.
    pub(crate) values: Option<NonNull<ValRaw>>,
    /// The function's frame pointer: frames of what it calls are below.
    pub(crate) stack: usize,
}

impl FunctionMoment {
    /// The type of the function.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub(crate) fn ty(&self) -> Result<NonNull<FuncTypeRecord>, wasm_artifact::Error> {
        // SAFETY: an instance lives as long as its store, whose code tells this.
        unsafe { self.instance.as_ref() }.module().type_of(self.func)
    }
}

/// Where the innermost frame of Wasm that is left ends on the stack of a store: the frames of calls that did
/// not return are below.
///
/// # Safety
///
/// The store lives.
pub(crate) unsafe fn stack_in_use(store: *const VMStoreContext) -> usize {
    // SAFETY: as the caller promises.
    let stack = unsafe { (*store).wasm_sp };
    // A store whose calls are timed has none between them.
    if stack.is_null() { usize::MAX } else { stack as usize }
}

pub(in crate::vm) unsafe extern "C" fn function_entered(
    context: *mut VMContext,
    func: u32,
    values: *const ValRaw,
) {
    // SAFETY: compiled code calls this with its own context.
    unsafe { tell(context, func, values, true) }
}

pub(in crate::vm) unsafe extern "C" fn function_left(
    context: *mut VMContext,
    func: u32,
    values: *const ValRaw,
) {
    // SAFETY: as above.
    unsafe { tell(context, func, values, false) }
}

/// Tells the store's hook, if it has one, and leaves Wasm if that fails or panics.
///
/// # Safety
///
/// To be called by a builtin as its last act.
unsafe fn tell(context: *mut VMContext, func: u32, values: *const ValRaw, entered: bool) {
    // SAFETY: the context is that of a live instance. When a failure is raised, nothing is left to drop: it
    // is the store's then.
    unsafe {
        let store = (*context).store;
        let Some(tell) = (*store).function_hook else { return };
        let Some(instance) = NonNull::new((*context).instance) else { return };
        let moment = FunctionMoment {
            instance,
            func: FuncIndex::new(func),
            entered,
            values: NonNull::new(values.cast_mut()),
            // The thunk's frame begins with the frame pointer of the function that tells.
            stack: *(*store).wasm_sp.cast::<usize>(),
        };
        let failure = match catch_unwind(AssertUnwindSafe(|| tell(store, moment))) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => Unwind::Error(error),
            Err(payload) => Unwind::Panic(payload),
        };
        VmStore::fail(store, failure);
        raise(store)
    }
}
