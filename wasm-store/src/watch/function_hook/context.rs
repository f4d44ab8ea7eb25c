//! The argument of a function hook: a function, what happened to it, and the store.

#![allow(unsafe_code)]

use std::borrow::Cow;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use wasm_hooks::{FunctionEvent, NamePattern};

use crate::engine::Engine;
use crate::engine::{display_name, exported_as};
use crate::error::Error;
use crate::items::{Instance, Module, Val};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreOpaque};
use crate::types::{Canonical, FuncType};
use crate::vm::{FuncTypeRecord, FunctionMoment};

/// The argument of a function hook: what happened to which function, and the store.
pub struct FunctionHookContext<'a, T: 'static> {
    pub(super) store: StoreContextMut<'a, T>,
    pub(super) event: FunctionEvent,
    pub(super) moment: FunctionMoment,
    pub(super) ty: NonNull<FuncTypeRecord>,
    pub(super) depth: usize,
    pub(super) failure: Option<&'a Error>,
}

impl<T: 'static> FunctionHookContext<'_, T> {
    /// The event.
    pub fn event(&self) -> FunctionEvent {
        self.event
    }

    /// The index of the function in its module.
    pub fn function_index(&self) -> u32 {
        self.moment.func.as_u32()
    }

    /// The name of the function, if the module has a name section with it. It may be mangled, as
    /// the function's compiler has written it.
    pub fn function_name(&self) -> Option<&str> {
        self.module().artifact().name(self.moment.func)
    }

    /// A name for the function: its name in the name section, else the first name that it is
    /// exported by, else `func[N]`, where `N` is its index. A name is demangled with the feature
    /// `demangle`.
    pub fn display_name(&self) -> Cow<'_, str> {
        display_name(self.module().artifact(), self.moment.func)
    }

    /// Whether the function matches one of some patterns, by any of its names, as in
    /// [`Config::function_hooks`](crate::Config::function_hooks): see
    /// [`NamePattern::matches_function`]. This is for hooks that need only some of the functions
    /// that notify them. It searches the exports of the module, so a hook that needs the answer
    /// often should keep it.
    /// often keeps the answers.
    pub fn matches(&self, patterns: &[NamePattern]) -> bool {
        let (artifact, func) = (self.module().artifact(), self.moment.func);
        let names = artifact.name(func).into_iter().chain(exported_as(artifact, func));
        NamePattern::matches_function(patterns, func.as_u32(), names)
    }

    /// The module that defines the function.
    pub fn module(&self) -> &Module {
        // SAFETY: an instance lives as long as its store, which is borrowed.
        let loaded = &unsafe { self.moment.instance.as_ref() }.module().loaded;
        let module =
            self.store.0.modules.iter().find(|module| Arc::ptr_eq(module.loaded(), loaded));
        module.expect("a store knows the modules of all its instances")
    }

    /// The instance that the function belongs to; `None` if it failed half-way.
    pub fn instance(&self) -> Option<Instance> {
        // SAFETY: as above.
        let number = unsafe { self.moment.instance.as_ref() }.user_data();
        Instance::from_user_data(self.store.0, number)
    }

    /// The type of the function.
    pub fn ty(&self) -> FuncType {
        let engine = self.store.0.engine();
        match engine.types().get(self.record().id()) {
            Some(Canonical::Func(record)) => FuncType::from_record(engine, record),
            _ => unreachable!("the type of a function is registered"),
        }
    }

    /// The arguments of a function that is entered; `None` for one that is left. They are read when
    /// this is called.
    pub fn args(&self) -> Option<Vec<Val>> {
        match self.event {
            FunctionEvent::Entered => self.read(self.record().ty.params()),
            _ => None,
        }
    }

    /// The results of a function that returns; `None` for one that is entered, or is left in
    /// another way. They are read when this is called.
    pub fn results(&self) -> Option<Vec<Val>> {
        match self.event {
            FunctionEvent::Returned => self.read(self.record().ty.results()),
            _ => None,
        }
    }

    fn read(&self, types: &[wasm_types::ValType]) -> Option<Vec<Val>> {
        let values = self.moment.values?.as_ptr();
        let store: &StoreOpaque = self.store.0;
        let value = |(place, ty): (usize, &wasm_types::ValType)| {
            // SAFETY: compiled code wrote all values, each of its type, to where the moment says,
            // and waits. The store collects nothing now.
            unsafe { Val::from_fixed(store, *values.add(place), *ty) }
        };
        Some(types.iter().enumerate().map(value).collect())
    }

    /// How many of the functions that this hook was notified of have not been left, this one
    /// included: 1 for the outermost. It is the same at the entry and at the exit.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Why the function is left, if it is [`FunctionEvent::Unwound`] because of an error and not of
    /// a panic.
    pub fn failure(&self) -> Option<&Error> {
        self.failure
    }

    /// The store's data.
    pub fn data(&self) -> &T {
        self.store.0.data()
    }

    /// The store's data, to be changed.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.0.data_mut()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.store.0.engine()
    }

    fn record(&self) -> &FuncTypeRecord {
        // SAFETY: the engine keeps the types of a store's modules.
        unsafe { self.ty.as_ref() }
    }
}

impl<T: 'static> AsContext for FunctionHookContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for FunctionHookContext<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<T: 'static> fmt::Debug for FunctionHookContext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionHookContext")
            .field("event", &self.event)
            .field("function", &self.display_name())
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}
