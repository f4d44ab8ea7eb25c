//! The modules and instances that a script has made so far, by their names in the script.

use std::collections::{HashMap, HashSet};

use wast::token::Id;

use super::sources::Sources;
use crate::{Error, Instance, Linker, Module, Result, SharedMemory};

/// An instance or module of the script, or a placeholder for one that was refused because of a
/// missing proposal.
#[derive(Clone, Debug)]
pub(super) enum Slot<T> {
    Present(T),
    Missing,
}

/// Everything that later directives can refer to.
pub(super) struct Modules {
    pub(super) linker: Linker<()>,
    instances: Named<Instance>,
    definitions: Named<Module>,
    sources: Sources,
    /// Import names of missing instances.
    missing: HashSet<String>,
    /// The shared memories of instances of other threads, by the names of those.
    shared: HashMap<String, Slot<Vec<(String, SharedMemory)>>>,
}

impl Modules {
    pub(super) fn new(linker: Linker<()>) -> Self {
        let instances = Named::new("instance");
        let definitions = Named::new("module definition");
        let (missing, shared) = (HashSet::new(), HashMap::new());
        let sources = Sources::default();
        Self { linker, instances, definitions, sources, missing, shared }
    }

    /// Keeps the bytes of a module.
    pub(super) fn add_wasm(&mut self, module: &Module, wasm: &[u8]) {
        self.sources.add(module, wasm);
    }

    /// The bytes of a module.
    pub(super) fn wasm(&self, module: &Module) -> Option<&[u8]> {
        self.sources.find(module)
    }

    pub(super) fn add_instance(&mut self, id: Option<Id<'_>>, instance: Slot<Instance>) {
        self.instances.add(id, Some(instance));
    }

    /// Clears the current instance, after a directive that should have made one has failed.
    pub(super) fn forget_current(&mut self) {
        self.instances.current = None;
    }

    pub(super) fn instance(&self, id: Option<Id<'_>>) -> Result<Slot<Instance>> {
        self.instances.find(id)
    }

    /// Keeps the shared memories of an instance of another thread.
    pub(super) fn add_shared(&mut self, id: Id<'_>, memories: Slot<Vec<(String, SharedMemory)>>) {
        self.shared.insert(id.name().to_owned(), memories);
    }

    /// The shared memories of the instance of another thread that has this name here.
    pub(super) fn shared(&self, id: Option<Id<'_>>) -> Option<Slot<Vec<(String, SharedMemory)>>> {
        self.shared.get(id?.name()).cloned()
    }

    pub(super) fn add_definition(&mut self, id: Option<Id<'_>>, module: Slot<Module>) {
        self.definitions.add(id, Some(module));
    }

    pub(super) fn definition(&self, id: Option<Id<'_>>) -> Result<Slot<Module>> {
        self.definitions.find(id)
    }

    /// Records that what is imported from this name is missing.
    pub(super) fn register_missing(&mut self, name: &str) {
        self.missing.insert(name.to_owned());
    }

    /// Records that what is imported from this name exists.
    pub(super) fn register_present(&mut self, name: &str) {
        self.missing.remove(name);
    }

    /// Whether an import of the module comes from an instance that is missing.
    pub(super) fn needs_missing(&self, module: &Module) -> bool {
        module.imports().any(|import| self.missing.contains(import.module()))
    }
}

/// Things with names. The latest one can be referred to without a name.
pub(super) struct Named<T> {
    what: &'static str,
    current: Option<Slot<T>>,
    by_name: HashMap<String, Slot<T>>,
}

impl<T: Clone> Named<T> {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, current: None, by_name: HashMap::new() }
    }

    pub(super) fn add(&mut self, id: Option<Id<'_>>, item: Option<Slot<T>>) {
        if let (Some(id), Some(item)) = (id, &item) {
            self.by_name.insert(id.name().to_owned(), item.clone());
        }
        self.current = item;
    }

    pub(super) fn find(&self, id: Option<Id<'_>>) -> Result<Slot<T>> {
        let what = self.what;
        match id {
            Some(id) => self
                .by_name
                .get(id.name())
                .cloned()
                .ok_or_else(|| Error::msg(format!("there is no {what} named `${}`", id.name()))),
            None => self
                .current
                .clone()
                .ok_or_else(|| Error::msg(format!("there is no {what} before this directive"))),
        }
    }
}
