//! The argument of a call hook: a call, and what can be queried about it.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;

use wasm_artifact::Artifact;
use wasm_hooks::{CallDirection, CallHook};
use wasm_types::{EntityIndex, FuncIndex};

use crate::engine::Engine;
use crate::error::Error;
use crate::items::{Instance, Module, Val};
use crate::store::{AsContext, AsContextMut, Caller, StoreContext, StoreContextMut, StoreOpaque};
use crate::types::FuncType;
use crate::vm::{FuncRef, FuncTypeRecord, HostImport, HostRecord, ValRaw, VmInstance, rebind};
use crate::watch::call_hook::CallValues;

/// The callee of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee {
    /// Called by the host: a function of Wasm, or of the host itself.
    Func(NonNull<FuncRef>),
    /// Called by Wasm: a host function, by the record that its shim gets.
    Host(*const HostRecord),
}

/// How a call has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CallOutcome<'a> {
    /// It has returned.
    Returned,
    /// It has trapped, or a host function or a hook has failed.
    Failed(&'a Error),
    /// A host function or a hook has panicked.
    Panicked,
}

/// A call between the host and Wasm at its beginning or its end, for hooks of
/// [`Store::add_call_hook`](crate::Store::add_call_hook).
///
/// It is a borrow of the store. The callee, the values and the caller are only looked up when a
/// method needs them.
pub struct CallHookContext<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    callee: Callee,
    event: CallHook,
    depth: usize,
    outcome: Option<CallOutcome<'a>>,
    values: Option<&'a dyn CallValues>,
}

impl<'a, T: 'static> CallHookContext<'a, T> {
    /// # Safety
    ///
    /// The callee is that of a call of this store, which lasts as long as the context. The values
    /// are its arguments if there is no outcome, and otherwise its results.
    #[inline(always)]
    pub(super) unsafe fn new(
        store: StoreContextMut<'a, T>,
        callee: Callee,
        event: CallHook,
        depth: usize,
        outcome: Option<CallOutcome<'a>>,
        values: Option<&'a dyn CallValues>,
    ) -> Self {
        Self { store, callee, event, depth, outcome, values }
    }

    /// The event: a call or a return, to or from Wasm or the host.
    pub fn event(&self) -> CallHook {
        self.event
    }

    /// The direction of the call.
    pub fn direction(&self) -> CallDirection {
        self.event.direction()
    }

    /// How many of the calls that this hook has observed are not over, this one included: 1 for the
    /// outermost. It is the same at the beginning of a call and at its end.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// How the call has ended; `None` where it begins.
    pub fn outcome(&self) -> Option<CallOutcome<'_>> {
        self.outcome
    }

    /// The arguments where a call begins; `None` at its end.
    pub fn args(&self) -> Option<Vec<Val>> {
        if self.outcome.is_some() {
            return None;
        }
        Some(self.read(self.record().ty.params()))
    }

    /// One of the arguments where a call begins; `None` at its end, and if there are fewer
    /// arguments.
    pub fn arg(&self, number: usize) -> Option<Val> {
        self.args()?.get(number).copied()
    }

    /// The results where a call returns; `None` where it begins, and if it failed.
    pub fn results(&self) -> Option<Vec<Val>> {
        match self.outcome {
            Some(CallOutcome::Returned) => Some(self.read(self.record().ty.results())),
            _ => None,
        }
    }

    /// One of the results where a call returns; `None` where it begins, if it failed, and if there
    /// are fewer results.
    pub fn result(&self, number: usize) -> Option<Val> {
        self.results()?.get(number).copied()
    }

    /// The type of the function that is called.
    pub fn ty(&self) -> FuncType {
        let params = self.record().ty.params().iter().copied();
        let results = self.record().ty.results().iter().copied();
        let engine = self.store.engine();
        let convert = |ty| crate::types::ValType::from_canonical(engine, ty);
        FuncType::new(engine, params.map(convert), results.map(convert))
    }

    /// Whether the callee is a function of the host. Calls to Wasm with such a callee are those
    /// that the host makes to functions of its own.
    pub fn is_host_function(&self) -> bool {
        match self.callee {
            // SAFETY: the function is one of this store.
            Callee::Func(func) => unsafe { func.as_ref().is_host() },
            Callee::Host(_) => true,
        }
    }

    /// The module and name under which the called host function is imported: by its caller or, if
    /// it is called through a reference, by the first instance that imports it. `None` for Wasm
    /// functions and for functions that no instance imports.
    pub fn import(&self) -> Option<(&str, &str)> {
        let import = self.host_import()?;
        let (module, name) = import.names()?;
        // SAFETY: names are those of the artifact, which lives as long as the store.
        Some(unsafe { (&*std::ptr::from_ref(module), &*std::ptr::from_ref(name)) })
    }

    /// The module that defines the called Wasm function, or that imports the called host function.
    /// `None` for functions that no instance imports, and for those of an instance that failed
    /// half-way.
    pub fn module(&self) -> Option<&Module> {
        let number = self.home()?.user_data().checked_sub(1)?;
        Some(&self.store.0.instances.get(number)?.module)
    }

    /// The name of [`CallHookContext::module`], if it has a name section with it.
    pub fn module_name(&self) -> Option<&str> {
        self.artifact()?.module_name()
    }

    /// The index of the called function in [`CallHookContext::module`].
    pub fn function_index(&self) -> Option<u32> {
        Some(self.index()?.as_u32())
    }

    /// The name of the called function in the name section of [`CallHookContext::module`].
    pub fn function_name(&self) -> Option<&str> {
        self.artifact()?.name(self.index()?)
    }

    /// The names under which [`CallHookContext::module`] exports the called function.
    pub fn export_names(&self) -> Vec<&str> {
        match (self.artifact(), self.index()) {
            (Some(artifact), Some(index)) => exports_of(artifact, index).collect(),
            _ => Vec::new(),
        }
    }

    /// The first of [`CallHookContext::export_names`].
    pub fn export_name(&self) -> Option<&str> {
        exports_of(self.artifact()?, self.index()?).next()
    }

    /// The instance on the side of Wasm: the one whose function the host calls, or the one that
    /// calls the host. `None` if the host calls a function of its own, and for an instance that
    /// failed half-way.
    pub fn instance(&self) -> Option<Instance> {
        let instance = match self.callee {
            // SAFETY: the function is one of this store.
            Callee::Func(func) => unsafe { rebind::definer(func)? },
            // SAFETY: the record is that of this call.
            Callee::Host(record) => unsafe { (*record).caller_instance()? },
        };
        // SAFETY: an instance lives as long as its store.
        Instance::from_user_data(self.store.0, unsafe { instance.as_ref() }.user_data())
    }

    /// The caller as the called host function sees it. `None` for calls to Wasm.
    pub fn caller(&mut self) -> Option<Caller<'_, T>> {
        match self.callee {
            Callee::Func(_) => None,
            Callee::Host(record) => {
                let store = self.store.as_context_mut();
                // SAFETY: the record is that of this call, which lasts longer than the borrow.
                Some(unsafe { Caller::new(store, record) })
            }
        }
    }

    /// The store's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The store's data, to be changed.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }

    /// The engine's record of the callee's type.
    fn record(&self) -> &FuncTypeRecord {
        // SAFETY: the callee lives as long as the store, and the type as long as the engine.
        unsafe {
            match self.callee {
                Callee::Func(func) => &*(*func.as_ptr()).ty,
                Callee::Host(record) => &*(*record).ty,
            }
        }
    }

    /// Reads the values of the event.
    fn read(&self, types: &[wasm_types::ValType]) -> Vec<Val> {
        let Some(values) = self.values else { return Vec::new() };
        let mut raw = vec![ValRaw::ZERO; types.len()];
        // SAFETY: the list has room for as many values as the type has, which is how many the call
        // has.
        unsafe { values.write_to(self.store.0, raw.as_mut_ptr(), raw.len()) };
        let store: &StoreOpaque = self.store.0;
        // SAFETY: the values are of these types, from this store, which collects nothing now.
        let value = |(raw, ty): (&ValRaw, &_)| unsafe { Val::from_fixed(store, *raw, *ty) };
        raw.iter().zip(types).map(value).collect()
    }

    /// The import that stands for the callee, if it is a host function.
    fn host_import(&self) -> Option<HostImport> {
        let store: &StoreOpaque = self.store.0;
        // SAFETY: function and record are of this store.
        unsafe {
            let func = match self.callee {
                Callee::Func(func) if func.as_ref().is_host() => func,
                Callee::Func(_) => return None,
                Callee::Host(record) => match rebind::import_of(record) {
                    Some(import) => return Some(import),
                    None => rebind::reference_of(record),
                },
            };
            store.vm.imports_of_reference(func).next()
        }
    }

    /// The instance that defines or imports the callee.
    #[inline]
    fn home(&self) -> Option<&VmInstance> {
        // SAFETY: function and record are of this store, and an instance lives as long as it.
        unsafe {
            let instance = match self.callee {
                Callee::Func(func) => rebind::definer(func),
                Callee::Host(record) => rebind::importer(record),
            };
            match instance {
                Some(instance) => Some(instance.as_ref()),
                None => Some(self.host_import()?.instance().as_ref()),
            }
        }
    }

    /// The artifact of the module that defines or imports the callee.
    #[inline]
    fn artifact(&self) -> Option<&Artifact<'_>> {
        Some(self.home()?.module().loaded.artifact())
    }

    /// The index of the callee in that module.
    #[inline]
    fn index(&self) -> Option<FuncIndex> {
        // SAFETY: function and record are of this store.
        unsafe {
            match self.callee {
                Callee::Func(func) => {
                    if let Some(instance) = rebind::definer(func) {
                        return rebind::defined_index(func, instance);
                    }
                }
                Callee::Host(record) => {
                    if let Some(instance) = rebind::importer(record) {
                        return Some(rebind::import_index(record, instance));
                    }
                }
            }
        }
        Some(self.host_import()?.func())
    }
}

/// The names that a function is exported under.
pub(super) fn exports_of<'a>(
    artifact: &'a Artifact<'_>,
    func: FuncIndex,
) -> impl Iterator<Item = &'a str> {
    let exports = artifact.exports().filter_map(Result::ok);
    exports.filter(move |export| export.index == EntityIndex::Func(func)).map(|export| export.name)
}

impl<T: 'static> AsContext for CallHookContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for CallHookContext<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<T: 'static> fmt::Debug for CallHookContext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallHookContext")
            .field("event", &self.event)
            .field("depth", &self.depth)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
