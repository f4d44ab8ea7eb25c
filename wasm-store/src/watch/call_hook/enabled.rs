//! Call hooks: functions of the host that are notified of calls between host and Wasm.
//!
//! A store with no hook pays nothing for calls out of Wasm. Each host function has two sets of
//! shims: one notifies hooks, the other does not. An import is bound to the former only if a hook
//! observes it. Setting or removing a hook binds again what is bound already.
//!
//! This file holds the state in a store and the functions that set hooks. `stack` notifies them,
//! `select` queries their filters and binds imports, `context` is the hooks' argument,
//! `asynchronous` is about the hook that may wait.

#[cfg(feature = "async")]
mod asynchronous;
mod context;
mod select;
mod stack;
#[cfg(feature = "async")]
mod waiting;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

#[cfg(feature = "async")]
pub use asynchronous::CallHookHandler;
#[cfg(feature = "async")]
pub(crate) use asynchronous::{Around, waits};
pub use context::{CallHookContext, CallOutcome};
use select::Selection;
pub(crate) use select::bind_new;
#[cfg(feature = "async")]
pub(crate) use stack::{Open, close};
pub(crate) use stack::{enter_wasm, host_call};
#[cfg(feature = "async")]
pub(crate) use waiting::{abandon, open_host, open_wasm};
use wasm_hooks::{CallDirection, CallFilter, CallHook};

use crate::error::Result;
use crate::items::Instance;
use crate::store::{Store, StoreContextMut, StoreId, StoreOpaque};
use crate::vm::HostDef;

type EventHook<T> = dyn FnMut(StoreContextMut<'_, T>, CallHook) -> Result<()> + Send + Sync;
type ContextHook<T> = dyn FnMut(CallHookContext<'_, T>) -> Result<()> + Send + Sync;

/// A hook, by the argument that it gets.
enum Hook<T: 'static> {
    /// The one of [`Store::call_hook`].
    Event(Box<EventHook<T>>),
    /// One of [`Store::add_call_hook`].
    Context(Box<ContextHook<T>>),
}

/// A hook of a store.
struct Entry<T: 'static> {
    number: u64,
    filter: CallFilter,
    hook: Hook<T>,
    /// Whether it runs. It is not notified of the calls that it makes itself.
    is_running: bool,
    /// How many of the calls that it has observed are not over.
    depth: usize,
}

/// A hook of a store that [`Store::add_call_hook`] has set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CallHookId {
    store: StoreId,
    number: u64,
}

/// Where a store keeps its hooks.
pub(crate) struct HookSlot<T: 'static> {
    /// In the order in which they were set.
    hooks: Vec<Entry<T>>,
    /// How many were ever set.
    numbers: u64,
    /// The number of the hook that [`Store::call_hook`] has set.
    single: Option<u64>,
    /// The hook that may wait.
    #[cfg(feature = "async")]
    waiting: Option<asynchronous::Waiting<T>>,
    selection: Selection,
}

impl<T: 'static> Default for HookSlot<T> {
    fn default() -> Self {
        Self {
            hooks: Vec::new(),
            numbers: 0,
            single: None,
            #[cfg(feature = "async")]
            waiting: None,
            selection: Selection::default(),
        }
    }
}

/// Which calls of a store hooks observe: this is checked where calls begin and functions are bound.
pub(crate) struct Watched {
    /// The store, as long as no hook observes calls to Wasm.
    plain: Option<StoreId>,
    /// Whether hooks observe some of the calls to the host.
    to_host: bool,
    /// Whether hooks observe all calls to the host.
    all_to_host: bool,
    /// Whether there is a hook that may wait, which observes all calls.
    #[cfg(feature = "async")]
    waits: bool,
    /// How the other hooks are notified.
    dispatch: Dispatch,
}

/// How hooks are notified of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Dispatch {
    /// The only hook is that of [`Store::call_hook`], which observes every call and queries
    /// nothing.
    Events,
    /// The only hook is one of [`Store::add_call_hook`]: every call that is observed, it observes.
    One,
    /// There is more than one hook, or none.
    Several,
}

impl Watched {
    /// For a store without hooks.
    pub(crate) fn new(store: StoreId) -> Self {
        let plain = Some(store);
        Self {
            plain,
            to_host: false,
            all_to_host: false,
            #[cfg(feature = "async")]
            waits: false,
            dispatch: Dispatch::Several,
        }
    }

    /// Whether a function is of this store, and no hook observes calls to it.
    #[inline(always)]
    pub(crate) fn calls_are_plain(&self, _store: &StoreOpaque, func: StoreId) -> bool {
        self.plain == Some(func)
    }
}

/// Which hooks calls of a host function notify, by the definition that they are bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binding {
    /// None.
    Plain,
    /// Those that observe it.
    Hooked,
    /// The one that may wait, and those that observe it.
    #[cfg(feature = "async")]
    Waiting,
}

impl Watched {
    /// How calls of host functions are bound of which all hooks observe all or none.
    fn binding(&self, is_hooked: bool) -> Binding {
        #[cfg(feature = "async")]
        if self.waits {
            return Binding::Waiting;
        }
        if is_hooked { Binding::Hooked } else { Binding::Plain }
    }
}

/// The shims of a host function that notify hooks.
#[derive(Clone, Copy)]
pub(crate) struct HookedShims {
    hooked: HostDef,
    #[cfg(feature = "async")]
    waiting: HostDef,
}

impl HookedShims {
    /// For stores with data of type `T`.
    #[cfg_attr(
        not(feature = "async"),
        allow(
            clippy::extra_unused_type_parameters,
            reason = "only a hook that waits is called with it"
        )
    )]
    pub(crate) fn new<T: 'static>(make: impl FnOnce() -> HostDef) -> Self {
        let hooked = make();
        Self {
            hooked,
            #[cfg(feature = "async")]
            waiting: HostDef { start: Some(asynchronous::start::<T>), registers: None, ..hooked },
        }
    }

    /// Sets the shims' data.
    pub(crate) fn set_data(&mut self, data: *const ()) {
        self.hooked.data = data;
        #[cfg(feature = "async")]
        {
            self.waiting.data = data;
        }
    }

    /// The definition for calls that are bound so.
    pub(crate) fn definition(&self, plain: &HostDef, binding: Binding) -> NonNull<HostDef> {
        NonNull::from(match binding {
            Binding::Plain => plain,
            Binding::Hooked => &self.hooked,
            #[cfg(feature = "async")]
            Binding::Waiting => &self.waiting,
        })
    }

    /// The definition that imports are bound to in a store. Where filters decide, [`bind_new`]
    /// queries them afterwards, when the names are known.
    pub(crate) fn for_import(&self, plain: &HostDef, store: &StoreOpaque) -> NonNull<HostDef> {
        self.definition(plain, store.watched.binding(store.watched.all_to_host))
    }

    /// The definition that references are made to in a store.
    pub(crate) fn for_reference(&self, plain: &HostDef, store: &StoreOpaque) -> NonNull<HostDef> {
        self.definition(plain, store.watched.binding(store.watched.to_host))
    }
}

impl<T: 'static> Store<T> {
    /// Sets the function that is notified of every change between host and Wasm: before and after
    /// each call into Wasm, and before and after each host function that Wasm calls.
    ///
    /// An error that it returns ends the call that it was notified of. It is also notified of the
    /// end of calls that fail; if it then returns an error of its own, the caller gets that one. It
    /// is not notified of the end of a call that it prevented, or of one that ends in a panic.
    ///
    /// Setting the hook again replaces the previous one, at its place in the order with the hooks
    /// of [`Store::add_call_hook`], which can query more. The hook is not notified of calls that it
    /// makes itself.
    ///
    /// Hooks are set while no Wasm runs: a function that Wasm has called has a borrow of the store,
    /// but not the [`Store`] itself.
    ///
    /// ```
    /// use wasm_store::{CallHook, Engine, Func, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), 0);
    /// let func = Func::wrap(&mut store, || ());
    /// store.call_hook(|mut store, event| {
    ///     *store.data_mut() += u32::from(event == CallHook::CallingHost);
    ///     Ok(())
    /// });
    /// func.call(&mut store, &[], &mut [])?;
    /// assert!(store.unset_call_hook());
    /// func.call(&mut store, &[], &mut [])?;
    /// assert_eq!(*store.data(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_hook(
        &mut self,
        hook: impl FnMut(StoreContextMut<'_, T>, CallHook) -> Result<()> + Send + Sync + 'static,
    ) {
        self.unset_waiting_hook();
        let hook = Hook::Event(Box::new(hook));
        let slot = &mut self.inner_mut().hook;
        let single = slot.single;
        match slot.hooks.iter_mut().find(|entry| Some(entry.number) == single) {
            // Which calls it observes stays the same, and so does everything that is bound.
            Some(entry) => entry.hook = hook,
            None => {
                let number = self.push_hook(CallFilter::all(), hook);
                self.inner_mut().hook.single = Some(number);
            }
        }
    }

    /// Removes the function that [`Store::call_hook`] has set, or that of `Store::call_hook_async`.
    /// Returns false if there was none.
    pub fn unset_call_hook(&mut self) -> bool {
        if self.unset_waiting_hook() {
            return true;
        }
        match self.inner_mut().hook.single.take() {
            Some(number) => self.remove_hook(number),
            None => false,
        }
    }

    /// Adds a function that is notified of calls between host and Wasm, as [`Store::call_hook`] is,
    /// and that can query what is called, with what, and how it ended: see [`CallHookContext`].
    ///
    /// It is only notified of calls that the filter lets through. The filter is queried once for
    /// each function, when an import of it is bound, and not for each call. For a host function
    /// that Wasm calls through a reference, it is queried with the names of the imports that are
    /// bound to that reference, and without names if there are none. Other imports stay bound to
    /// the code that they have without hooks. No hook is notified of calls from Wasm to Wasm, also
    /// not between instances.
    ///
    /// Of several hooks, those that were set first are notified first of calls, and last of
    /// returns. A hook that was notified of a call is also notified of its end, whether the call
    /// returned, failed or panicked:
    ///
    /// * An error of a hook at a call ends the call before it begins. Hooks after it are not
    ///   notified. Hooks before it are notified that the call is over and has failed. The hook
    ///   itself is not.
    /// * An error of a hook at a return replaces what the call had returned. The hooks that are
    ///   notified after that observe the error.
    /// * A panic of a hook goes on as that of a host function does, after the other hooks were
    ///   notified. It replaces an error, and only another panic replaces it.
    ///
    /// A hook may call functions. It is not notified of these calls; other hooks are.
    ///
    /// Hooks are set while no Wasm runs: a function that Wasm has called has a borrow of the store,
    /// but not the [`Store`] itself.
    ///
    /// ```
    /// use wasm_store::{CallFilter, CallHook, Engine, Func, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), Vec::new());
    /// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    /// let id = store.add_call_hook(CallFilter::to_host(), |mut call| {
    ///     let line = match call.event() {
    ///         CallHook::CallingHost => format!("{:?}", call.args()),
    ///         _ => format!("{:?}", call.results()),
    ///     };
    ///     call.data_mut().push(line);
    ///     Ok(())
    /// });
    /// add.typed::<(i32, i32), i32>(&store)?.call(&mut store, (40, 2))?;
    /// assert_eq!(*store.data(), ["Some([I32(40), I32(2)])", "Some([I32(42)])"]);
    /// assert!(store.remove_call_hook(id));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A host function can't set hooks, since it has no [`Store`]:
    ///
    /// ```compile_fail
    /// use wasm_store::{CallFilter, Caller};
    ///
    /// fn host_function(mut caller: Caller<'_, ()>) {
    ///     caller.add_call_hook(CallFilter::all(), |_| Ok(()));
    /// }
    /// ```
    pub fn add_call_hook(
        &mut self,
        filter: CallFilter,
        hook: impl FnMut(CallHookContext<'_, T>) -> Result<()> + Send + Sync + 'static,
    ) -> CallHookId {
        let number = self.push_hook(filter, Hook::Context(Box::new(hook)));
        CallHookId { store: self.inner().id(), number }
    }

    /// Removes a hook that [`Store::add_call_hook`] has set. Returns false if it was removed
    /// before.
    ///
    /// # Panics
    ///
    /// If the hook is of another store.
    pub fn remove_call_hook(&mut self, hook: CallHookId) -> bool {
        hook.store.assert_is(self.inner().id());
        self.remove_hook(hook.number)
    }

    /// The addresses of the code that an instance calls for those of its imports that are bound to
    /// host functions. Tests use them to find out which imports notify hooks.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    #[doc(hidden)]
    pub fn import_shims(&self, instance: Instance) -> Vec<usize> {
        let inner = self.inner();
        let vm = inner.instances[instance.number_in(inner)].vm;
        inner.vm.host_imports_of(vm).map(|import| import.shim()).collect()
    }

    /// Removes the hook that may wait. Returns false if there was none.
    fn unset_waiting_hook(&mut self) -> bool {
        #[cfg(feature = "async")]
        if let Some(removed) = self.inner_mut().hook.waiting.take() {
            self.hooks_changed();
            // As in `remove_hook`.
            drop(removed);
            return true;
        }
        false
    }

    fn push_hook(&mut self, filter: CallFilter, hook: Hook<T>) -> u64 {
        let inner = self.inner_mut();
        let number = inner.hook.numbers;
        inner.hook.numbers += 1;
        inner.hook.hooks.push(Entry { number, filter, hook, is_running: false, depth: 0 });
        // A filter may panic when it is queried; then the hook is not set.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.hooks_changed())) {
            self.remove_hook(number);
            resume_unwind(panic);
        }
        number
    }

    fn remove_hook(&mut self, number: u64) -> bool {
        let hooks = &mut self.inner_mut().hook.hooks;
        let Some(place) = hooks.iter().position(|entry| entry.number == number) else {
            return false;
        };
        let removed = hooks.remove(place);
        self.hooks_changed();
        // Dropping what the hook has captured may run any code, so it is dropped when everything is
        // consistent.
        drop(removed);
        true
    }

    fn hooks_changed(&mut self) {
        let inner = self.inner_mut();
        let hooks = &inner.hook.hooks;
        #[cfg(feature = "async")]
        let waits = inner.hook.waiting.is_some();
        #[cfg(not(feature = "async"))]
        let waits = false;
        let watches =
            |direction| waits || hooks.iter().any(|entry| !entry.filter.selects_none(direction));
        inner.watched = Watched {
            plain: (!watches(CallDirection::ToWasm)).then_some(inner.id()),
            to_host: watches(CallDirection::ToHost),
            all_to_host: hooks.iter().any(|entry| entry.filter.selects_all(CallDirection::ToHost)),
            #[cfg(feature = "async")]
            waits,
            dispatch: match &**hooks {
                [Entry { hook: Hook::Event(_), .. }] => Dispatch::Events,
                [Entry { hook: Hook::Context(_), .. }] => Dispatch::One,
                _ => Dispatch::Several,
            },
        };
        select::bind_all(inner);
    }
}

#[cfg(test)]
mod tests;
