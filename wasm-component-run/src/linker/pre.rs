//! Components whose imports were looked up and checked.

use std::fmt;
use std::sync::Arc;

use wasm_store::{AsContextMut, Engine, Module, Result, StoreContextMut, ensure};

use super::HostDrop;
use crate::builtins;
use crate::component::Component;
use crate::func::HostFunc;
use crate::instance::{Instance, Making};
use crate::resource::ResourceType;

/// A component whose imports were looked up and checked, to be instantiated many times: see
/// [`Linker::instantiate_pre`](crate::Linker::instantiate_pre).
pub struct InstancePre<T: 'static> {
    component: Component,
    imports: Arc<[Import<T>]>,
    /// Whether something among the imports may wait.
    waits: bool,
}

/// What an import gets.
pub(crate) enum Import<T: 'static> {
    Func(Arc<dyn HostFunc<T>>),
    Module(Module),
    Resource(ImportResource<T>),
}

/// A type of resources that is imported.
pub(crate) struct ImportResource<T: 'static> {
    pub(crate) ty: ResourceType,
    pub(crate) destructor: Arc<dyn HostDrop<T>>,
}

impl<T: 'static> Import<T> {
    fn waits(&self) -> bool {
        match self {
            Import::Func(func) => func.waits(),
            Import::Module(_) => false,
            Import::Resource(resource) => resource.destructor.waits(),
        }
    }
}

impl<T: 'static> InstancePre<T> {
    pub(super) fn new(component: &Component, imports: Vec<Import<T>>) -> Result<Self> {
        // Whatever is wrong with the plan is found out here.
        component.program()?;
        let waits = imports.iter().any(Import::waits);
        Ok(Self { component: component.clone(), imports: imports.into(), waits })
    }

    /// The component.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.component.engine()
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
    /// function traps. If something that is imported may wait.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let mut store = store.as_context_mut();
        self.check(&store)?;
        ensure!(
            !self.waits,
            "a host function that the component imports may wait: `instantiate_async` makes an \
             instance"
        );
        let drops = builtins::drop_at_once::<T>;
        let mut making = Making::new(&mut store, &self.component, &self.imports, drops)?;
        match making.run(&mut store) {
            Ok(()) => Ok(making.finish()),
            Err(error) => {
                making.fail(&mut store);
                Err(error)
            }
        }
    }

    /// Makes an instance as [`instantiate`](Self::instantiate) does, and waits for what start
    /// functions wait for.
    ///
    /// # Errors
    ///
    /// As for [`instantiate`](Self::instantiate).
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
        let drops = if self.waits { builtins::drop_waiting::<T> } else { builtins::drop_at_once };
        let mut making = Making::new(&mut store, &self.component, &self.imports, drops)?;
        match making.run_async(&mut store).await {
            Ok(()) => Ok(making.finish()),
            Err(error) => {
                making.fail(&mut store);
                Err(error)
            }
        }
    }
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        Self {
            component: self.component.clone(),
            imports: Arc::clone(&self.imports),
            waits: self.waits,
        }
    }
}

impl<T: 'static> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("component", &self.component).finish_non_exhaustive()
    }
}
