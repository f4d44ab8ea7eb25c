//! The hook of a store, and the functions that have told it of their entry.
//!
//! A function that traps does not tell that it is over. So the store keeps a list of those that were
//! entered, each with where its frame ends on the Wasm stack. When a call from the host does not return, its
//! frames are gone: the functions whose frames were below what is left of the stack are told of then.

#![allow(unsafe_code)]

mod context;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasm_hooks::{FunctionEvent, NamePattern};

pub use self::context::FunctionHookContext;
use crate::engine::Config;
use crate::error::{Error, Result};
use crate::items::host_error;
use crate::store::{Store, StoreContextMut, StoreInner, StoreOpaque};
use crate::vm::{FunctionMoment, Unwind, VMStoreContext, stack_in_use};

type Hook<T> = dyn FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync;

/// Where a store keeps its hook.
pub(crate) struct FunctionHookSlot<T: 'static> {
    hook: Option<Box<Hook<T>>>,
    /// The functions that are entered, the outermost first.
    entered: Vec<FunctionMoment>,
}

// SAFETY: the moments name instances of the store that the slot is part of, and are used only through a
// borrow of it; the hook is `Send` and `Sync`.
unsafe impl<T: 'static> Send for FunctionHookSlot<T> {}
// SAFETY: as above.
unsafe impl<T: 'static> Sync for FunctionHookSlot<T> {}

impl<T: 'static> Default for FunctionHookSlot<T> {
    fn default() -> Self {
        Self { hook: None, entered: Vec::new() }
    }
}

impl Config {
    /// Has the functions whose names match one of the patterns compiled so that they tell a store's hook
    /// when they are entered and left (`Store::function_hook`). No patterns, which is what an engine
    /// starts with, means that no function tells, and code is what it is without this feature.
    ///
    /// A function matches by any of its names: see [`NamePattern::matches_function`]. It is neither
    /// put into its callers nor replaced by instructions of the machine.
    ///
    /// Artifacts record which functions tell. An engine with patterns refuses those in which a function
    /// that matches does not.
    ///
    /// A function that tells costs two calls of builtins more, whether there is a hook or not.
    pub fn function_hooks(&mut self, patterns: impl IntoIterator<Item = NamePattern>) -> &mut Self {
        let patterns = patterns.into_iter().map(|pattern| pattern.as_str().to_string());
        self.request.function_hooks = patterns.collect();
        self
    }
}

impl<T: 'static> Store<T> {
    /// Sets the function that is told when Wasm functions that were compiled for it
    /// ([`Config::function_hooks`]) are entered and left. It is told of calls from the host, from Wasm, of
    /// start functions and of functions of other instances alike; functions of the host have
    /// `Store::call_hook`.
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
    /// * A function that is entered is told of before it does anything, and has its arguments.
    /// * A function that returns has its results. One that ends with a tail call is told of before the
    ///   callee is entered.
    /// * When a trap, an error or a panic ends the computation, the functions that it ends are told of, the
    ///   innermost first, before the call from the host returns the error.
    ///
    /// An error that the hook returns ends the call, as an error of a host function would. If that is at
    /// the entry of a function, this function counts as not entered. If it is when a function is told of as
    /// over because of another error, the new one is what the caller gets; a panic stays that panic.
    ///
    /// Calls that the hook makes itself are not told of. Setting a hook again replaces the one there was.
    pub fn function_hook(
        &mut self,
        hook: impl FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync + 'static,
    ) {
        let store = self.inner_mut();
        store.function_hook.hook = Some(Box::new(hook));
        set_tell(store, Some(tell::<T>));
    }

    /// Removes what [`Store::function_hook`] has set: functions are told of no more.
    pub fn remove_function_hook(&mut self) {
        let store = self.inner_mut();
        store.function_hook.hook = None;
        set_tell(store, None);
    }
}

fn set_tell<T: 'static>(store: &mut StoreInner<T>, tell: crate::vm::Notify) {
    // SAFETY: the store owns its context, and runs nothing: it is borrowed as itself.
    unsafe { (*store.vm.context()).function_hook = tell }
}

/// Tells the hook what a function has to tell.
///
/// # Safety
///
/// To be called by a builtin, for a store whose data is of this type.
unsafe fn tell<T: 'static>(context: *mut VMStoreContext, moment: FunctionMoment) -> Result<()> {
    // SAFETY: as the caller promises. The store is borrowed by the call that has led here, which does not
    // use it before this is over.
    let store = unsafe { StoreInner::<T>::from_context(context) };
    // Away while it runs: what it calls itself is not told of, neither its entry nor its exit.
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

/// Runs the hook. It is away from its place meanwhile, and comes back even if it panics.
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

/// Makes an error of why a call did not return, and tells of the functions that are over because of it.
///
/// # Panics
///
/// If a panic is why: with that panic.
#[cold]
#[allow(clippy::boxed_local, reason = "calls hand it over boxed")]
pub(crate) fn into_error<T: 'static>(
    store: &mut StoreInner<T>,
    unwind: Box<Unwind>,
    error_of: impl FnOnce(&mut StoreOpaque, Box<Unwind>) -> Error,
) -> Error {
    match *unwind {
        Unwind::Panic(payload) => {
            // There is no second way out, neither for an error nor for another panic.
            let _ = catch_unwind(AssertUnwindSafe(|| unwound(store, None)));
            resume_unwind(payload)
        }
        unwind => {
            // The backtrace is that of the stack as it is now.
            let error = error_of(store, Box::new(unwind));
            unwound(store, Some(&error)).err().unwrap_or(error)
        }
    }
}

/// Tells of the functions whose frames are gone. Of several errors of the hook, the last one counts, and of
/// several panics the first one: they keep nobody from being told of.
fn unwound<T: 'static>(store: &mut StoreInner<T>, failure: Option<&Error>) -> Result<()> {
    // SAFETY: the store is borrowed.
    let in_use = unsafe { stack_in_use(store.vm.context()) };
    let mut result = Ok(());
    let mut panic = None;
    while let Some(moment) = store.function_hook.entered.pop_if(|moment| moment.stack < in_use) {
        let depth = store.function_hook.entered.len() + 1;
        let moment = FunctionMoment { entered: false, values: None, ..moment };
        let failure = result.as_ref().err().or(failure).filter(|_| panic.is_none());
        let tell = || run(store, FunctionEvent::Unwound, moment, depth, failure);
        match catch_unwind(AssertUnwindSafe(tell)) {
            Ok(Ok(())) => {}
            Ok(told) => result = told,
            Err(payload) => panic = panic.or(Some(payload)),
        }
    }
    match panic {
        Some(payload) => resume_unwind(payload),
        None => result,
    }
}
