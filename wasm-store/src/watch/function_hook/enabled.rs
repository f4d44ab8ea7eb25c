//! The hook of a store, and the functions whose entry it was notified of.
//!
//! A function that traps does not notify the hook that it is left. So the store keeps a list of the
//! functions that were entered, each with the position on the Wasm stack where its frame ends. When
//! a call from the host does not return, its frames are gone. The hook is then notified of the
//! functions whose frames were below what is left of the stack.

#![allow(unsafe_code)]

mod context;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasm_hooks::{FunctionEvent, NamePattern};

pub use self::context::FunctionHookContext;
use crate::engine::Config;
use crate::error::{Error, Result};
use crate::items::host_error;
use crate::store::{Store, StoreContextMut, StoreInner, StoreOpaque};
use crate::vm::{Exceptions, FunctionMoment, NotifyFns, Unwind, VMStoreContext, stack_in_use};

type Hook<T> = dyn FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync;

/// Where a store keeps its hook.
pub(crate) struct FunctionHookSlot<T: 'static> {
    hook: Option<Box<Hook<T>>>,
    /// The functions that were entered and not left, the outermost first.
    entered: Vec<FunctionMoment>,
}

// SAFETY: the moments name instances of the store that the slot is part of, and are used only
// through a borrow of that store. The hook is `Send` and `Sync`.
unsafe impl<T: 'static> Send for FunctionHookSlot<T> {}
// SAFETY: as above.
unsafe impl<T: 'static> Sync for FunctionHookSlot<T> {}

impl<T: 'static> Default for FunctionHookSlot<T> {
    fn default() -> Self {
        Self { hook: None, entered: Vec::new() }
    }
}

impl Config {
    /// Sets which functions notify a store's hook (`Store::function_hook`) when they are entered
    /// and left: those whose names match one of the patterns. Default: no patterns. Then no
    /// function notifies the hook, and code is the same as without this feature.
    ///
    /// A function matches by any of its names: see [`NamePattern::matches_function`]. A function
    /// that matches is neither inlined into its callers nor replaced by instructions of the
    /// machine.
    ///
    /// Artifacts record which functions notify hooks. An engine with patterns refuses artifacts
    /// with a function that matches and does not notify the hook.
    ///
    /// A function that notifies the hook costs two more calls of builtins, whether there is a hook
    /// or not.
    pub fn function_hooks(&mut self, patterns: impl IntoIterator<Item = NamePattern>) -> &mut Self {
        let patterns = patterns.into_iter().map(|pattern| pattern.as_str().to_string());
        self.request.function_hooks = patterns.collect();
        self
    }
}

impl<T: 'static> Store<T> {
    /// Sets the function that is notified when Wasm functions that were compiled for it
    /// ([`Config::function_hooks`]) are entered and left. This is the same for calls from the host
    /// and from Wasm, for start functions and for functions of other instances. Functions of the
    /// host have `Store::call_hook`.
    ///
    /// ```no_run
    /// use wasm_store::{Config, Engine, NamePattern, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let engine = Engine::new(Config::new().function_hooks([NamePattern::new("parse_*")?]))?;
    /// let mut store = Store::new(&engine, 0);
    /// store.function_hook(|mut call| {
    ///     *call.data_mut() += u32::from(call.event().is_entry());
    ///     wasm_store::ensure!(call.depth() < 100, "{} is nested too deeply", call.display_name());
    ///     Ok(())
    /// });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// * The hook is notified of an entry before the function does anything, and can read the
    ///   arguments.
    /// * When a function returns, the hook can read the results. When a function ends with a tail
    ///   call, the hook is notified before the callee is entered.
    /// * When a trap, an error or a panic ends the computation, the hook is notified of the
    ///   functions that this ends, the innermost first, before the call from the host returns the
    ///   error.
    ///
    /// An error that the hook returns ends the call, as an error of a host function would. If it is
    /// returned at the entry of a function, this function counts as not entered. If it is returned
    /// when a function is left because of another error, the caller gets the new one. A panic stays
    /// that panic.
    ///
    /// The hook is not notified of calls that it makes itself. Setting a hook again replaces the
    /// previous one.
    pub fn function_hook(
        &mut self,
        hook: impl FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync + 'static,
    ) {
        let store = self.inner_mut();
        store.function_hook.hook = Some(Box::new(hook));
        set_builtin(
            store,
            Some(NotifyFns { moment: notify::<T>, unwound: left_by_exception::<T> }),
        );
    }

    /// Removes what [`Store::function_hook`] has set: no hook is notified any more.
    pub fn remove_function_hook(&mut self) {
        let store = self.inner_mut();
        store.function_hook.hook = None;
        set_builtin(store, None);
    }
}

fn set_builtin<T: 'static>(store: &mut StoreInner<T>, notify: crate::vm::Notify) {
    // SAFETY: the store owns its context, and runs nothing, since it is borrowed as itself.
    unsafe { (*store.vm.context()).function_hook = notify }
}

/// Notifies the hook of a function that is entered or left.
///
/// # Safety
///
/// To be called by a builtin, for a store whose data is of this type.
unsafe fn notify<T: 'static>(context: *mut VMStoreContext, moment: FunctionMoment) -> Result<()> {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before this one is over.
    let store = unsafe { StoreInner::<T>::from_context(context) };
    // The hook is taken out of the store while it runs. It is notified neither of the entry nor of
    // the exit of functions that it calls itself.
    if store.function_hook.hook.is_none() {
        return Ok(());
    }
    let event = match (moment.entered, moment.values) {
        (true, _) => FunctionEvent::Entered,
        (false, Some(_)) => FunctionEvent::Returned,
        (false, None) => FunctionEvent::TailCalled,
    };
    if event.is_exit() {
        store.function_hook.entered.pop();
    }
    let depth = store.function_hook.entered.len() + 1;
    run(store, event, moment, depth, None).map_err(|error| host_error(store, error))?;
    if event.is_entry() {
        store.function_hook.entered.push(moment);
    }
    Ok(())
}

/// Runs the hook. It is taken out of the store meanwhile, and put back even if it panics.
fn run<T: 'static>(
    store: &mut StoreInner<T>,
    event: FunctionEvent,
    moment: FunctionMoment,
    depth: usize,
    failure: Option<&Error>,
) -> Result<()> {
    let Some(mut hook) = store.function_hook.hook.take() else { return Ok(()) };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let ty = moment.ty().map_err(Error::new)?;
        let store = StoreContextMut(&mut *store);
        hook(FunctionHookContext { store, event, moment, ty, depth, failure })
    }));
    store.function_hook.hook = Some(hook);
    outcome.unwrap_or_else(|payload| resume_unwind(payload))
}

/// Makes an error of the reason why a call did not return, and notifies the hook of the functions
/// that are left because of it.
///
/// # Panics
///
/// If the reason is a panic: with that panic.
#[cold]
#[allow(clippy::boxed_local, reason = "calls hand it over boxed")]
pub(crate) fn into_error<T: 'static>(
    store: &mut StoreInner<T>,
    unwind: Box<Unwind>,
    error_of: impl FnOnce(&mut StoreOpaque, Box<Unwind>) -> Error,
) -> Error {
    match *unwind {
        Unwind::Panic(payload) => {
            // The panic is the only way out, for neither an error nor another panic of the hook can
            // replace it.
            let _ = catch_unwind(AssertUnwindSafe(|| unwound(store, None)));
            resume_unwind(payload)
        }
        unwind => {
            let is_exception = matches!(unwind, Unwind::Exception { .. });
            // The backtrace shows the stack as it is now.
            let error = error_of(store, Box::new(unwind));
            if store.function_hook.hook.is_none() || !is_exception {
                return unwound(store, Some(&error)).err().unwrap_or(error);
            }
            let context = store.vm.context();
            // SAFETY: the store is borrowed, and its context knows nothing of this borrow.
            match unsafe { Exceptions::aside(context, || unwound(store, Some(&error))) } {
                Ok(notified) => notified.err().unwrap_or(error),
                Err(payload) => resume_unwind(payload),
            }
        }
    }
}

/// Notifies the hook of the functions that an exception has ended, which is caught in Wasm.
///
/// # Safety
///
/// To be called in a call to the host, for a store whose data is of this type.
unsafe fn left_by_exception<T: 'static>(context: *mut VMStoreContext, end: usize) -> Result<()> {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before this one is over.
    let store = unsafe { StoreInner::<T>::from_context(context) };
    unwound_below(store, end, None).map_err(|error| host_error(store, error))
}

/// Notifies the hook of the functions whose frames are gone. Neither errors nor panics of the hook
/// stop this. Of several errors, the last one counts; of several panics, the first one.
fn unwound<T: 'static>(store: &mut StoreInner<T>, failure: Option<&Error>) -> Result<()> {
    // SAFETY: the store is borrowed.
    let in_use = unsafe { stack_in_use(store.vm.context()) };
    unwound_below(store, in_use, failure)
}

/// As above, for the frames below an address.
fn unwound_below<T: 'static>(
    store: &mut StoreInner<T>,
    in_use: usize,
    failure: Option<&Error>,
) -> Result<()> {
    let mut result = Ok(());
    let mut panic = None;
    while let Some(moment) = store.function_hook.entered.pop_if(|moment| moment.stack < in_use) {
        let depth = store.function_hook.entered.len() + 1;
        let moment = FunctionMoment { entered: false, values: None, ..moment };
        let failure = result.as_ref().err().or(failure).filter(|_| panic.is_none());
        let notify = || run(store, FunctionEvent::Unwound, moment, depth, failure);
        match catch_unwind(AssertUnwindSafe(notify)) {
            Ok(Ok(())) => {}
            Ok(failed) => result = failed,
            Err(payload) => panic = panic.or(Some(payload)),
        }
    }
    match panic {
        Some(payload) => resume_unwind(payload),
        None => result,
    }
}
