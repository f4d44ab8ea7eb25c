//! Telling the hooks of a store of a call, and of its end.

#![allow(unsafe_code)]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use wasm_hooks::{CallDirection, CallHook};

use super::context::{CallHookContext, CallOutcome, Callee};
use super::select::{NOBODY, Set};
use super::{Hook, Telling, select};
use crate::error::{Error, Result};
use crate::store::{StoreContextMut, StoreInner};
use crate::vm::{FuncRef, HostRecord};
use crate::watch::call_hook::{CallValues, WasmCall};

/// A call, and who is told of it.
#[derive(Clone, Copy)]
struct Call {
    callee: Callee,
    direction: CallDirection,
    set: Set,
}

/// How a call is over.
enum Ending<'a> {
    Returned(&'a dyn CallValues),
    Failed(Error),
    Panicked,
}

/// Runs a call from the host into Wasm that is not plain.
#[inline(always)]
pub(crate) fn enter_wasm<T: 'static, P: CallValues, C: WasmCall<T, P>>(
    store: &mut StoreInner<T>,
    func: NonNull<FuncRef>,
    params: P,
    call: C,
) -> Result<C::Results> {
    // A hook that is told of events only is passed by by panics, so that none has to be caught.
    if store.watched.telling == Telling::Events {
        tell_event(store, CallHook::CallingWasm)?;
        let result = call.run(store, params);
        tell_event(store, CallHook::ReturningFromWasm)?;
        return result;
    }
    let set = select::of_wasm(store, func);
    if set == NOBODY {
        return call.run(store, params);
    }
    let told = Call { callee: Callee::Func(func), direction: CallDirection::ToWasm, set };
    between(store, told, params, |store, params| call.run(store, params))
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
    let set = match store.watched.telling {
        Telling::Events => NOBODY,
        // SAFETY: as the caller promises.
        _ => unsafe { select::of_host(store, record) },
    };
    let told = Call { callee: Callee::Host(record), direction: CallDirection::ToHost, set };
    between(store, told, params, call)
}

/// Runs a call, and tells its hooks before and after.
#[inline(always)]
fn between<T: 'static, P: CallValues, R: CallValues>(
    store: &mut StoreInner<T>,
    call: Call,
    params: P,
    run: impl FnOnce(&mut StoreInner<T>, P) -> Result<R>,
) -> Result<R> {
    let telling = store.watched.telling;
    let mut open = 1;
    match telling {
        Telling::Events => tell_event(store, call.direction.call())?,
        Telling::One if call.set == NOBODY => open = 0,
        Telling::One => tell(store, 0, call, None, Some(&params))?,
        Telling::Several => open = begin(store, call, &params)?,
    }
    // What is left inconsistent by a panic is as in shims.
    let outcome = catch_unwind(AssertUnwindSafe(|| run(store, params)));
    match outcome {
        Ok(result) if telling == Telling::Events => {
            tell_event(store, call.direction.ret())?;
            result
        }
        Ok(Ok(results)) => {
            if telling == Telling::Several {
                end(store, call, open, Ending::Returned(&results))?;
            } else if open == 1 {
                tell(store, 0, call, Some(CallOutcome::Returned), Some(&results))?;
            }
            Ok(results)
        }
        Ok(Err(error)) => {
            end(store, call, open, Ending::Failed(error))?;
            unreachable!("a call that failed ends with an error")
        }
        // As in Wasmtime, where a panic passes the hook by.
        Err(panic) if telling == Telling::Events => resume_unwind(panic),
        Err(panic) => end_with_panic(store, call, open, panic),
    }
}

/// Tells hooks of a call, first to last. Returns how many: all of them. If one fails, those before it are told
/// that the call is over.
#[inline(never)]
fn begin<T: 'static>(
    store: &mut StoreInner<T>,
    call: Call,
    params: &dyn CallValues,
) -> Result<usize> {
    let mut open = 0;
    let told = catch_unwind(AssertUnwindSafe(|| -> Result<()> {
        while let Some(place) = store.hook.selection.hook(call.set, open) {
            tell(store, place, call, None, Some(params))?;
            open += 1;
        }
        Ok(())
    }));
    match told {
        Ok(Ok(())) => {}
        Ok(Err(error)) => end(store, call, open, Ending::Failed(error))?,
        Err(panic) => end_with_panic(store, call, open, panic),
    }
    Ok(open)
}

/// Tells the hooks that know of a call that it is over, last to first.
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
    // Hooks are consistent between any two events: one that panics does not count as running any more. The
    // panic of the last to be told concerns no other.
    let told = if open <= 1 {
        tell_ending(store, call, &mut open, &mut ending);
        Ok(())
    } else {
        catch_unwind(AssertUnwindSafe(|| tell_ending(store, call, &mut open, &mut ending)))
    };
    match (told, ending) {
        (Ok(()), Ending::Failed(error)) => Err(error),
        (Ok(()), _) => Ok(()),
        (Err(panic), _) => end_with_panic(store, call, open, panic),
    }
}

/// Tells the hooks that know of a call that it has panicked, and goes on so, with the last panic.
#[cold]
#[inline(never)]
fn end_with_panic<T: 'static>(
    store: &mut StoreInner<T>,
    call: Call,
    mut open: usize,
    mut panic: Box<dyn Any + Send>,
) -> ! {
    loop {
        let told = catch_unwind(AssertUnwindSafe(|| {
            tell_ending(store, call, &mut open, &mut Ending::Panicked);
        }));
        match told {
            Ok(()) => resume_unwind(panic),
            Err(another) => panic = another,
        }
    }
}

fn tell_ending<T: 'static>(
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
        let told = tell(store, place, call, Some(outcome), results);
        if let Err(error) = told
            && !matches!(ending, Ending::Panicked)
        {
            *ending = Ending::Failed(error);
        }
    }
}

/// Tells the only hook of an event, if it is that of [`Store::call_hook`](crate::Store::call_hook).
#[inline(always)]
fn tell_event<T: 'static>(store: &mut StoreInner<T>, event: CallHook) -> Result<()> {
    let [entry] = &mut *store.hook.hooks else { return Ok(()) };
    let Hook::Event(hook) = &mut entry.hook else { return Ok(()) };
    if entry.is_running {
        return Ok(());
    }
    entry.is_running = true;
    let hook = &raw mut **hook;
    let running = Running { store, place: 0, depth: 0 };
    // SAFETY: as in `tell`.
    unsafe { (*hook)(StoreContextMut(&mut *running.store), event) }
}

/// A hook that runs; when it is done, however that is, it can be told again.
struct Running<'a, T: 'static> {
    store: &'a mut StoreInner<T>,
    place: usize,
    /// How many of the calls that it knows of are not over then.
    depth: usize,
}

impl<T: 'static> Drop for Running<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(entry) = self.store.hook.hooks.get_mut(self.place) {
            entry.is_running = false;
            entry.depth = self.depth;
        }
    }
}

/// Tells one hook of an event: of the end of a call if there is an outcome. A hook that is running is not told
/// what it does itself.
#[inline(always)]
fn tell<T: 'static>(
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
    // A call that the hook does not let begin is not one.
    let mut running = Running { store, place, depth: depth - 1 };
    // SAFETY: hooks are set and removed only through the store as itself, which is borrowed here, so that the list
    // stays as it is; and this one is used by nobody else while it is marked as running.
    let result = match unsafe { &mut *hook } {
        // As in Wasmtime, where a panic passes it by.
        Hook::Event(_) if matches!(outcome, Some(CallOutcome::Panicked)) => Ok(()),
        Hook::Event(hook) => hook(StoreContextMut(&mut *running.store), event),
        Hook::Context(hook) => {
            let store = StoreContextMut(&mut *running.store);
            // SAFETY: the callee is that of a call of this store, which lasts as long as this function, and the
            // values are of its type.
            hook(unsafe { CallHookContext::new(store, call.callee, event, depth, outcome, values) })
        }
    };
    if is_call && result.is_ok() {
        running.depth = depth;
    }
    result
}
