//! Linkers: names for what components import, and instances made by looking them up.

mod definition;
mod functions;
mod import;
mod instance;
mod making;
mod matching;
mod names;
mod pre;
mod unknown;

use std::fmt;

use wasm_store::{AsContextMut, Engine, Result, ensure};

use definition::Definition;
pub use instance::LinkerInstance;
use matching::Matching;
use names::Names;
pub use pre::InstancePre;

use crate::component::Component;
use crate::instance::Instance;
use crate::types;

/// Names for what components import: functions of the host, core modules, types of resources, and
/// instances with these. One linker serves many stores of its engine.
///
/// A name with a version also stands for compatible ones: what is defined as `wasi:io/poll@0.2.12`
/// is imported as `wasi:io/poll@0.2.0`, too.
pub struct Linker<T: 'static> {
    engine: Engine,
    names: Names<Definition<T>>,
    allow_shadowing: bool,
}

impl<T: 'static> Linker<T> {
    /// A linker with no names.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker { engine: engine.clone(), names: Names::default(), allow_shadowing: false }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name may be defined anew. If not, that is an error.
    ///
    /// Default: no.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.allow_shadowing = allow;
        self
    }

    /// What components import themselves, not in an instance.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance::new(&self.engine, &mut self.names, self.allow_shadowing)
    }

    /// What components import in the instance of that name, which is made if there is none.
    ///
    /// # Errors
    ///
    /// If the name stands for something else.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        self.root().into_instance(name)
    }

    /// What a component imports and exports, with the types of the resources that this linker
    /// defines in place of those that it imports.
    ///
    /// # Errors
    ///
    /// If an import has no definition, or one of another type.
    pub fn substituted_component_type(&self, component: &Component) -> Result<types::Component> {
        let matching = Matching::new(&self.names, component)?;
        Ok(types::Component::new(component, Some(matching.resources())))
    }

    /// Looks up and checks what a component imports, to instantiate it many times.
    ///
    /// # Errors
    ///
    /// If an import has no definition, or one of another type: the error says which, with its path,
    /// and what was expected. If the component is of another engine.
    pub fn instantiate_pre(&self, component: &Component) -> Result<InstancePre<T>> {
        ensure!(
            Engine::same(&self.engine, component.engine()),
            "cross-`Engine` instantiation is not currently supported"
        );
        let matching = Matching::new(&self.names, component)?;
        let imports = matching.imports()?;
        InstancePre::new(component, imports, matching.resources())
    }

    /// Instantiates a component.
    ///
    /// # Errors
    ///
    /// As for [`instantiate_pre`](Self::instantiate_pre) and [`InstancePre::instantiate`].
    pub fn instantiate(
        &self,
        store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance> {
        self.instantiate_pre(component)?.instantiate(store)
    }

    /// Instantiates a component, and waits for what its start functions wait for.
    ///
    /// # Errors
    ///
    /// As for [`instantiate`](Self::instantiate).
    #[cfg(feature = "async")]
    pub async fn instantiate_async(
        &self,
        store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance>
    where
        T: Send,
    {
        self.instantiate_pre(component)?.instantiate_async(store).await
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            names: self.names.clone(),
            allow_shadowing: self.allow_shadowing,
        }
    }
}

impl<T: 'static> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linker").field("names", &self.names.keys()).finish_non_exhaustive()
    }
}
