//! Instances of components.

pub(crate) mod data;

use wasm_store::{AsContextMut, Module, StoreContext, StoreContextMut};

use crate::component::{Component, ComponentExportIndex, ExportItem, ExportLookup};
use crate::func::Func;
use crate::instance::data::InstanceData;
use crate::resource::ResourceType;
use crate::state::{ComponentState, Linked, state, wrong_store};
use crate::types::ComponentItem;

/// An instance of a component in a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance {
    /// The number in the store.
    pub(crate) root: usize,
    /// What tells it from all other instances.
    pub(crate) id: u64,
}

impl Instance {
    /// What is known of it.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub(crate) fn data<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
    ) -> std::sync::Arc<InstanceData> {
        match state(store).root(self.root, self.id) {
            Some(data) => std::sync::Arc::clone(data),
            None => wrong_store(),
        }
    }

    /// What is known of it, and what it was made of.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub(crate) fn parts<'a, T: 'static>(
        &self,
        store: StoreContext<'a, T>,
    ) -> (&'a InstanceData, Option<Linked>) {
        let state = store.attachment_ref::<ComponentState>();
        let found = state.and_then(|state| {
            Some((&**state.root(self.root, self.id)?, state.linked(self.root).cloned()))
        });
        found.unwrap_or_else(|| wrong_store())
    }

    /// An exported function, by its name or index. `None` if there is none, or the export is
    /// something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_func(&self, mut store: impl AsContextMut, name: impl ExportLookup) -> Option<Func> {
        let mut store = store.as_context_mut();
        let data = self.data(&mut store);
        let component = data.component();
        let index = name.lookup(component)?;
        let ExportItem::Func(number) = component.exports().ok()?.item(component, &index)? else {
            return None;
        };
        let number = *number;
        data.prepare_func(&mut store, number).ok()?;
        Some(Func::new(self.root, self.id, number))
    }

    /// An exported core module, by its name or index. `None` if there is none, or the export is
    /// something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_module(
        &self,
        mut store: impl AsContextMut,
        name: impl ExportLookup,
    ) -> Option<Module> {
        let data = self.data(&mut store.as_context_mut());
        let component = data.component();
        let index = name.lookup(component)?;
        match component.exports().ok()?.item(component, &index)? {
            ExportItem::Module(module, _) => component.bundle().module(module.index()).cloned(),
            ExportItem::ImportedModule(import, _) => data.imported_module(*import).cloned(),
            _ => None,
        }
    }

    /// The type of an exported resource, by its name or index. `None` if there is none, or the
    /// export is something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_resource(
        &self,
        mut store: impl AsContextMut,
        name: impl ExportLookup,
    ) -> Option<ResourceType> {
        let data = self.data(&mut store.as_context_mut());
        let component = data.component();
        let index = name.lookup(component)?;
        match component.exports().ok()?.item(component, &index)? {
            ExportItem::Resource(resource) => data.resource_type(*resource).ok(),
            _ => None,
        }
    }

    /// An export of the instance, or of an instance that it exports: what it is, and its index.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_export(
        &self,
        mut store: impl AsContextMut,
        instance: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<(ComponentItem, ComponentExportIndex)> {
        let data = self.data(&mut store.as_context_mut());
        data.component().get_export(instance, name)
    }

    /// The index of an export: see [`get_export`](Self::get_export).
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_export_index(
        &self,
        mut store: impl AsContextMut,
        instance: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<ComponentExportIndex> {
        let data = self.data(&mut store.as_context_mut());
        data.component().get_export_index(instance, name)
    }

    /// The component.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn component(&self, mut store: impl AsContextMut) -> Component {
        self.data(&mut store.as_context_mut()).component().clone()
    }
}
