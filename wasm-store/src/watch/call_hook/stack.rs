//! Notifying the hooks of a store of a call, and of its end.

#![allow(unsafe_code)]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use wasm_hooks::{CallDirection, CallHook};

#[cfg(feature = "async")]
use super::asynchronous::notify_at_once;
use super::context::{CallHookContext, CallOutcome, Callee};
use super::select::{NO_HOOKS, Set};
use super::{Dispatch, Hook, select};
use crate::error::{Error, Result};
use crate::store::{StoreContextMut, StoreInner};
use crate::vm::{FuncRef, HostRecord};
use crate::watch::call_hook::{CallValues, WasmCall};

/// A call, and the hooks that observe it.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) callee: Callee,
    pub(super) direction: CallDirection,
    pub(super) set: Set,
}

/// How a call has ended.
enum Ending<'a> {
    Returned(&'a dyn CallValues),
    Failed(Error),
    Panicked,
}

/// Runs a call from the host into Wasm that hooks may observe.
#[inline(always)]
pub(crate) fn enter_wasm<T: 'static, P: CallValues, C: WasmCall<T, P>>(
    store: &mut StoreInner<T>,
    func: NonNull<FuncRef>,
    params: P,
    call: C,
) -> Result<C::Results> {
    // The hook of [`Store::call_hook`](crate::Store::call_hook) is not notified of panics, so that
    // none has to be caught.
    if store.watched.dispatch == Dispatch::Events {
        notify_of_event(store, CallHook::CallingWasm)?;
        let result = run(store, params, call);
        notify_of_event(store, CallHook::ReturningFromWasm)?;
        return result;
    }
    let set = select::of_wasm(store, func);
    if set == NO_HOOKS {
        return run(store, params, call);
    }
    let observed = Call { callee: Callee::Func(func), direction: CallDirection::ToWasm, set };
    between(store, observed, params, |store, params| run(store, params, call))
}

/// Runs a call from the host into Wasm, which can't wait: a hook that may wait has to be ready.
#[inline(always)]
fn run<T: 'static, P: CallValues, C: WasmCall<T, P>>(
    store: &mut StoreInner<T>,
    params: P,
    call: C,
) -> Result<C::Results> {
    #[cfg(feature = "async")]
    if store.watched.waits {
        notify_at_once(store, CallHook::CallingWasm)?;
        let result = call.run(store, params);
        notify_at_once(store, CallHook::ReturningFromWasm)?;
        return result;
    }
    call.run(store, params)
}

/// Runs a host function that Wasm called.
///
/// # Safety
///
/// The record is the one that a shim of this store was called with.
#[inline(always)]
pub(crate) unsafe fn host_call<T: 'static, P: CallValues, R: CallValues, const HOOKED: bool>(
    store: &mut StoreInner<T>,
    record: *const HostRecord,
    params: P,
    call: impl FnOnce(&mut StoreInner<T>, P) -> Result<R>,
) -> Result<R> {
    if !HOOKED {
        return call(store, params);
    }
    let set = match store.watched.dispatch {
        Dispatch::Events => NO_HOOKS,
        // SAFETY: as the caller promises.
        _ => unsafe { select::of_host(store, record) },
    };
    let observed = Call { callee: Callee::Host(record), direction: CallDirection::ToHost, set };
    between(store, observed, params, call)
}

/// Runs a call, and notifies its hooks before and after.
#[inline(always)]
fn between<T: 'static, P: CallValues, R: CallValues>(
    store: &mut StoreInner<T>,
    call: Call,
    params: P,
    run: impl FnOnce(&mut StoreInner<T>, P) -> Result<R>,
) -> Result<R> {
    let open = open(store, call, &params)?;
    // What a panic leaves inconsistent is the same as in shims.
    let outcome = catch_unwind(AssertUnwindSafe(|| run(store, params)));
    close(store, open, outcome)
}

/// A call that hooks were notified of, until it is over.
pub(crate) struct Open {
    call: Call,
    /// How many hooks were notified.
    hooks: usize,
    dispatch: Dispatch,
}

// SAFETY: what the pointers lead to belongs to the store of the call, and is used with a borrow of
// that store only.
unsafe impl Send for Open {}

/// Notifies the hooks of a call.
#[inline(always)]
pub(super) fn open<T: 'static, P: CallValues>(
    store: &mut StoreInner<T>,
    call: Call,
    params: &P,
) -> Result<Open> {
    let dispatch = store.watched.dispatch;
    let mut hooks = 1;
    match dispatch {
        Dispatch::Events => notify_of_event(store, call.direction.call())?,
        Dispatch::One if call.set == NO_HOOKS => hooks = 0,
        Dispatch::One => notify(store, 0, call, None, Some(params))?,
        Dispatch::Several => hooks = begin(store, call, params)?,
    }
    Ok(Open { call, hooks, dispatch })
}

/// Notifies the hooks of a call that it is over.
///
/// # Panics
///
/// If the call has, or a hook does.
#[inline(always)]
pub(crate) fn close<T: 'static, R: CallValues>(
    store: &mut StoreInner<T>,
    open: Open,
    outcome: std::thread::Result<Result<R>>,
) -> Result<R> {
    let Open { call, hooks, dispatch } = open;
    match outcome {
        Ok(result) if dispatch == Dispatch::Events => {
            notify_of_event(store, call.direction.ret())?;
            result
        }
        Ok(Ok(results)) => {
            if dispatch == Dispatch::Several {
                end(store, call, hooks, Ending::Returned(&results))?;
            } else if hooks == 1 {
                notify(store, 0, call, Some(CallOutcome::Returned), Some(&results))?;
            }
            Ok(results)
        }
        Ok(Err(error)) => {
            end(store, call, hooks, Ending::Failed(error))?;
            unreachable!("a call that failed ends with an error")
        }
        // As in Wasmtime, the hook is not notified of a panic.
        Err(panic) if dispatch == Dispatch::Events => resume_unwind(panic),
        Err(panic) => end_with_panic(store, call, hooks, panic),
    }
}

/// Notifies hooks of a call, first to last, and returns how many there are. If one fails, those
/// before it are notified that the call is over.
#[inline(never)]
fn begin<T: 'static>(
    store: &mut StoreInner<T>,
    call: Call,
    params: &dyn CallValues,
) -> Result<usize> {
    let mut open = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<()> {
        while let Some(place) = store.hook.selection.hook(call.set, open) {
            notify(store, place, call, None, Some(params))?;
            open += 1;
        }
        Ok(())
    }));
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => end(store, call, open, Ending::Failed(error))?,
        Err(panic) => end_with_panic(store, call, open, panic),
    }
    Ok(open)
}

/// Notifies the hooks that have observed a call that it is over, last to first.
///
/// # Errors
///
/// If the call or a hook has failed: the last error.
#[inline(never)]
fn end<T: 'static>(
    store: &mut StoreInner<T>,
    call: Call,
    mut open: usize,
    mut ending: Ending<'_>,
) -> Result<()> {
    // Hooks are consistent between any two events: one that panics does not count as running any
    // more. If one hook is left, its panic concerns no other, and is not caught.
    let outcome = if open <= 1 {
        notify_of_ending(store, call, &mut open, &mut ending);
        Ok(())
    } else {
        catch_unwind(AssertUnwindSafe(|| notify_of_ending(store, call, &mut open, &mut ending)))
    };
    match (outcome, ending) {
        (Ok(()), Ending::Failed(error)) => Err(error),
        (Ok(()), _) => Ok(()),
        (Err(panic), _) => end_with_panic(store, call, open, panic),
    }
}

/// Notifies the hooks that have observed a call that it has panicked, and resumes with the last
/// panic.
#[cold]
#[inline(never)]
fn end_with_panic<T: 'static>(
    store: &mut StoreInner<T>,
    call: Call,
    mut open: usize,
    mut panic: Box<dyn Any + Send>,
) -> ! {
    loop {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            notify_of_ending(store, call, &mut open, &mut Ending::Panicked);
        }));
        match outcome {
            Ok(()) => resume_unwind(panic),
            Err(another) => panic = another,
        }
    }
}

fn notify_of_ending<T: 'static>(
    store: &mut StoreInner<T>,
    call: Call,
    open: &mut usize,
    ending: &mut Ending<'_>,
) {
    while *open > 0 {
        *open -= 1;
        let Some(place) = store.hook.selection.hook(call.set, *open) else { continue };
        let (outcome, results) = match ending {
            Ending::Returned(results) => (CallOutcome::Returned, Some(*results)),
            Ending::Failed(error) => (CallOutcome::Failed(error), None),
            Ending::Panicked => (CallOutcome::Panicked, None),
        };
        let notified = notify(store, place, call, Some(outcome), results);
        if let Err(error) = notified
            && !matches!(ending, Ending::Panicked)
        {
            *ending = Ending::Failed(error);
        }
    }
}

/// Notifies the only hook of an event, if it is that of
/// [`Store::call_hook`](crate::Store::call_hook).
#[inline(always)]
fn notify_of_event<T: 'static>(store: &mut StoreInner<T>, event: CallHook) -> Result<()> {
    let [entry] = &mut *store.hook.hooks else { return Ok(()) };
    let Hook::Event(hook) = &mut entry.hook else { return Ok(()) };
    if entry.is_running {
        return Ok(());
    }
    entry.is_running = true;
    let hook = &raw mut **hook;
    let running = Running::new(store, 0, 0);
    // SAFETY: as in `notify`.
    unsafe { (*hook)(StoreContextMut(&mut *running.store), event) }
}

/// A hook that runs. When it is done, in whatever way, it can be notified again. Meanwhile nothing
/// is collected: nobody looks for references among the values of the call.
struct Running<'a, T: 'static> {
    store: &'a mut StoreInner<T>,
    place: usize,
    /// How many of the calls that it has observed will not be over then.
    depth: usize,
}

impl<'a, T: 'static> Running<'a, T> {
    #[inline(always)]
    fn new(store: &'a mut StoreInner<T>, place: usize, depth: usize) -> Self {
        store.vm.gc.put_off();
        Self { store, place, depth }
    }
}

impl<T: 'static> Drop for Running<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.store.vm.gc.resume();
        if let Some(entry) = self.store.hook.hooks.get_mut(self.place) {
            entry.is_running = false;
            entry.depth = self.depth;
        }
    }
}

/// Notifies one hook of an event, which is the end of a call if there is an outcome. A hook that is
/// running is not notified of the calls that it makes itself.
#[inline(always)]
fn notify<T: 'static>(
    store: &mut StoreInner<T>,
    place: usize,
    call: Call,
    outcome: Option<CallOutcome<'_>>,
    values: Option<&dyn CallValues>,
) -> Result<()> {
    let Some(entry) = store.hook.hooks.get_mut(place) else { return Ok(()) };
    if entry.is_running {
        return Ok(());
    }
    entry.is_running = true;
    let is_call = outcome.is_none();
    let depth = entry.depth + usize::from(is_call);
    let event = if is_call { call.direction.call() } else { call.direction.ret() };
    let hook = &raw mut entry.hook;
    // A call that the hook prevents does not count.
    let mut running = Running::new(store, place, depth - 1);
    // SAFETY: hooks are set and removed only through the store as itself, which is borrowed here,
    // so that the list does not change. Nothing else uses this hook while it is marked as running.
    let result = match unsafe { &mut *hook } {
        // As in Wasmtime, it is not notified of a panic.
        Hook::Event(_) if matches!(outcome, Some(CallOutcome::Panicked)) => Ok(()),
        Hook::Event(hook) => hook(StoreContextMut(&mut *running.store), event),
        Hook::Context(hook) => {
            let store = StoreContextMut(&mut *running.store);
            // SAFETY: the callee is that of a call of this store, which lasts as long as this
            // function, and the values are of its type.
            hook(unsafe { CallHookContext::new(store, call.callee, event, depth, outcome, values) })
        }
    };
    if is_call && result.is_ok() {
        running.depth = depth;
    }
    result
}
