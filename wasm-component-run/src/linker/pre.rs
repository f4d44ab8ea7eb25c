//! Components whose imports were looked up and checked.

use std::fmt;
use std::sync::{Arc, OnceLock};

use wasm_store::{
    AsContext, AsContextMut, Engine, Module, Result, StoreContext, StoreContextMut, ensure,
};

use super::functions::Functions;
use super::import::Import;
use super::making::Begun;
use crate::builtins;
use crate::component::Component;
use crate::instance::Instance;
use crate::state::state;
use crate::trap::contained;
use crate::types::{InstanceType, ResourceTypes};
#[cfg(feature = "async")]
use crate::unfinished::Waiting;

/// A component whose imports were looked up and checked, to be instantiated many times: see
/// [`Linker::instantiate_pre`](crate::Linker::instantiate_pre).
pub struct InstancePre<T: 'static> {
    component: Component,
    linked: Arc<Linked<T>>,
}

/// What was found for a component's imports.
struct Linked<T: 'static> {
    imports: Box<[Import<T>]>,
    /// The types of the resources that are imported.
    resources: ResourceTypes,
    /// The core modules that are imported, by import; none if there is none.
    modules: Arc<[Option<Module>]>,
    /// Whether something among the imports may wait.
    waits: bool,
    /// The core functions that instances get, made for the first one.
    functions: OnceLock<Functions<T>>,
}

impl<T: 'static> InstancePre<T> {
    pub(super) fn new(
        component: &Component,
        imports: Vec<Import<T>>,
        resources: ResourceTypes,
    ) -> Result<Self> {
        // Whatever is wrong with the plan is found out here.
        component.program()?;
        let waits = imports.iter().any(Import::waits);
        let modules = if imports.iter().any(|import| matches!(import, Import::Module(_))) {
            let modules = imports.iter().map(|import| match import {
                Import::Module(module) => Some(module.clone()),
                _ => None,
            });
            modules.collect()
        } else {
            Arc::default()
        };
        let imports = imports.into();
        let functions = OnceLock::new();
        let linked = Linked { imports, resources, modules, waits, functions };
        Ok(Self { component: component.clone(), linked: Arc::new(linked) })
    }

    /// What an instance was made of.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub(crate) fn of_instance(instance: &Instance, store: StoreContext<'_, T>) -> Self {
        let (data, linked) = instance.parts(store);
        let linked = linked.and_then(|linked| linked.downcast().ok());
        Self {
            component: data.component().clone(),
            linked: linked.expect("instances of a store are made of what is for its data's type"),
        }
    }

    /// The types of the component, with those of the resources that it imports: what types of
    /// functions that it exports are compared with before there is an instance.
    pub fn instance_type(&self) -> InstanceType<'_> {
        InstanceType::with_resources(&self.component, &self.linked.resources)
    }

    /// The component.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.component.engine()
    }

    /// The core functions that instances get.
    fn functions(&self, drops: builtins::Drops<T>) -> Result<&Functions<T>> {
        let Linked { functions, imports, .. } = &*self.linked;
        if let Some(functions) = functions.get() {
            return Ok(functions);
        }
        // Two threads may both make them; then one result is dropped.
        let made = Functions::new(&self.component, imports, drops)?;
        Ok(functions.get_or_init(|| made))
    }

    /// Begins an instance. `drops` is the same each time: what may wait is only made by what waits.
    fn begin(
        &self,
        store: &mut StoreContextMut<'_, T>,
        drops: builtins::Drops<T>,
    ) -> Result<Begun<'_, T>> {
        Begun::new(store, &self.component, self.functions(drops)?, &self.linked.modules)
    }

    /// Has the store remember what an instance was made of.
    fn made(&self, store: &mut StoreContextMut<'_, T>, instance: Instance) -> Instance {
        state(store).set_linked(instance.root, Arc::clone(&self.linked) as _);
        store.count_component_instance();
        instance
    }

    fn check<U: 'static>(&self, store: &StoreContextMut<'_, U>) -> Result<()> {
        ensure!(
            Engine::same(self.engine(), store.engine()),
            "cross-`Engine` instantiation is not currently supported"
        );
        Ok(())
    }

    /// Makes an instance: instances of the component's core modules, whose start functions are
    /// called.
    ///
    /// # Errors
    ///
    /// If the store is of another engine, or its limits do not allow the instances, or a start
    /// function traps. If something that is imported may wait, or something of the store may.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let mut store = store.as_context_mut();
        self.check(&store)?;
        ensure!(
            !self.linked.waits,
            "a host function that the component imports may wait: `instantiate_async` makes an \
             instance"
        );
        store.check_calls_at_once()?;
        let begun = self.begin(&mut store, builtins::drop_at_once::<T>)?;
        let made = begun.making().and_then(|mut making| making.run(&mut store));
        match made {
            Ok(()) => Ok(self.made(&mut store, begun.instance())),
            Err(error) => {
                begun.fail(&mut store);
                Err(contained(&mut store, error))
            }
        }
    }

    /// Makes an instance as [`instantiate`](Self::instantiate) does, and waits for what start
    /// functions wait for. If the future is dropped before it is ready, there is no instance.
    ///
    /// # Errors
    ///
    /// As for [`instantiate`](Self::instantiate), but what may wait is waited for.
    #[cfg(feature = "async")]
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let mut store = store.as_context_mut();
        self.check(&store)?;
        let drops =
            if self.linked.waits { builtins::drop_waiting::<T> } else { builtins::drop_at_once };
        let begun = self.begin(&mut store, drops)?;
        let mut waiting = Waiting::new(store.as_context_mut(), begun.unfinished());
        let made = match begun.making() {
            Ok(mut making) => making.run_async(&mut waiting.store).await,
            Err(error) => Err(error),
        };
        waiting.end();
        match made {
            Ok(()) => Ok(self.made(&mut store, begun.instance())),
            Err(error) => {
                begun.fail(&mut store);
                Err(contained(&mut store, error))
            }
        }
    }
}

impl Instance {
    /// What the instance was made of: others can be made of it.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn instance_pre<T: 'static>(&self, store: impl AsContext<Data = T>) -> InstancePre<T> {
        InstancePre::of_instance(self, store.as_context())
    }
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        Self { component: self.component.clone(), linked: Arc::clone(&self.linked) }
    }
}

impl<T: 'static> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("component", &self.component).finish_non_exhaustive()
    }
}
