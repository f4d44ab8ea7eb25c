//! Call hooks: a function of the host that is told of every change between host and Wasm.
//!
//! A store with no hook pays nothing for calls out of Wasm: each host function has two sets of shims,
//! and which of them an import is bound to says whether there is a hook. Setting a hook binds what is
//! bound already anew.

use std::ptr::NonNull;

use wasm_hooks::CallHook;

use crate::error::Result;
use crate::func::HostFunc;
use crate::store::{Store, StoreContextMut, StoreInner, StoreOpaque};
use crate::vm::HostDef;

type Hook<T> = dyn FnMut(StoreContextMut<'_, T>, CallHook) -> Result<()> + Send + Sync;

/// Where a store keeps its hook.
pub(crate) struct HookSlot<T: 'static>(Option<Box<Hook<T>>>);

impl<T: 'static> Default for HookSlot<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// The shims that a host function has for stores with a hook.
pub(crate) struct HookedShims(HostDef);

impl HookedShims {
    pub(crate) fn new(make: impl FnOnce() -> HostDef) -> Self {
        Self(make())
    }

    /// The definition to bind in a store with a hook.
    pub(crate) fn hooked(&self) -> &HostDef {
        &self.0
    }

    /// The definition to bind in a store.
    pub(crate) fn choose(&self, plain: &HostDef, store: &StoreOpaque) -> NonNull<HostDef> {
        NonNull::from(if store.hooked { &self.0 } else { plain })
    }
}

impl<T: 'static> Store<T> {
    /// Sets the function that is told of every change between host and Wasm: before and after each
    /// call into Wasm, and before and after each host function that Wasm calls.
    ///
    /// An error that it returns ends the call that it was told of. Calls that fail are told of as over
    /// too; if the hook then returns an error of its own, that one is what the caller gets.
    ///
    /// Setting a hook again replaces the one there was.
    pub fn call_hook(
        &mut self,
        hook: impl FnMut(StoreContextMut<'_, T>, CallHook) -> Result<()> + Send + Sync + 'static,
    ) {
        let inner = self.inner_mut();
        if !inner.hooked {
            inner.hooked = true;
            HostFunc::rebind(inner);
        }
        inner.hook.0 = Some(Box::new(hook));
    }
}

/// Tells the hook. It is away from its place while it runs, so that calls it makes itself are not
/// told of.
fn tell<T: 'static>(store: &mut StoreInner<T>, event: CallHook) -> Result<()> {
    let Some(mut hook) = store.hook.0.take() else { return Ok(()) };
    let result = hook(StoreContextMut(store), event);
    store.hook.0 = Some(hook);
    result
}

/// Runs a call between two events.
fn between<T: 'static, R>(
    store: &mut StoreInner<T>,
    events: (CallHook, CallHook),
    call: impl FnOnce(&mut StoreInner<T>) -> Result<R>,
) -> Result<R> {
    tell(store, events.0)?;
    let result = call(store);
    tell(store, events.1)?;
    result
}

/// Runs a call from the host into Wasm.
#[inline(always)]
pub(crate) fn enter_wasm<T: 'static, R>(
    store: &mut StoreInner<T>,
    call: impl FnOnce(&mut StoreInner<T>) -> Result<R>,
) -> Result<R> {
    if !store.hooked {
        return call(store);
    }
    between(store, (CallHook::CallingWasm, CallHook::ReturningFromWasm), call)
}

/// Runs a host function that Wasm called.
#[inline(always)]
pub(crate) fn host_call<T: 'static, R, const HOOKED: bool>(
    store: &mut StoreInner<T>,
    call: impl FnOnce(&mut StoreInner<T>) -> Result<R>,
) -> Result<R> {
    if !HOOKED {
        return call(store);
    }
    between(store, (CallHook::CallingHost, CallHook::ReturningFromHost), call)
}

#[cfg(test)]
mod tests {
    use CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};

    use super::*;
    use crate::{Engine, Func, Linker};

    fn log(store: &mut Store<Vec<CallHook>>) {
        store.call_hook(|mut store, event| {
            store.data_mut().push(event);
            Ok(())
        });
    }

    #[test]
    fn calls_are_told_of_whenever_the_hook_is_set() {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "late", || 1).unwrap();
        let mut store = Store::new(&engine, Vec::new());
        let early = Func::wrap(&mut store, || 2);
        log(&mut store);
        let late = linker.get(&mut store, "", "late").unwrap().into_func().unwrap();
        for func in [early, late] {
            func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap();
            let events = std::mem::take(store.data_mut());
            assert_eq!(events, [CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm]);
        }
    }

    #[test]
    fn an_error_of_the_hook_ends_the_call() {
        let mut store = Store::new(&Engine::default(), Vec::new());
        let func = Func::wrap(&mut store, || ());
        store.call_hook(|mut store, event| {
            store.data_mut().push(event);
            if event == CallingHost { Err(crate::Error::msg("not now")) } else { Ok(()) }
        });
        let error = func.call(&mut store, &[], &mut []).unwrap_err();
        assert_eq!(error.to_string(), "not now");
        assert_eq!(*store.data(), [CallingWasm, CallingHost, ReturningFromWasm]);
    }
}
