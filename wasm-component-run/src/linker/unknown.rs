//! Definitions for what has none.

use wasm_component::Item;
use wasm_store::{Result, bail};
use wasm_types::Escaped;

use super::matching::desc;
use super::{Linker, LinkerInstance};
use crate::component::Component;
use crate::resource::ResourceType;

impl<T: 'static> Linker<T> {
    /// Defines every function that a component imports and that has no name here as one that fails
    /// when it is called, and every resource as one of the host that nothing destroys.
    ///
    /// # Errors
    ///
    /// If a core module is imported, for which there is no such thing.
    pub fn define_unknown_imports_as_traps(&mut self, component: &Component) -> Result<()> {
        let plan = component.plan()?;
        for import in plan.imports()?.iter() {
            let import = import?;
            define(&mut self.root(), import.name, import.item, None)?;
        }
        Ok(())
    }
}

fn define<T: 'static>(
    linker: &mut LinkerInstance<'_, T>,
    name: &str,
    item: Item<'_>,
    parent: Option<&str>,
) -> Result<()> {
    match item {
        Item::Instance(items) => {
            // What is defined for a compatible version stays what it is.
            let mut instance = linker.compatible_instance(name)?;
            for item in items.iter() {
                let item = item?;
                define(&mut instance, item.name, item.item, Some(name))?;
            }
            Ok(())
        }
        _ if linker.is_defined(name) => Ok(()),
        Item::ImportedFunc { .. } => {
            let name_ = match parent {
                Some(parent) => format!("{}#{}", Escaped::new(parent), Escaped::new(name)),
                None => Escaped::new(name).to_string(),
            };
            linker.func_new(name, move |_, _, _, _| {
                bail!("unknown import: `{name_}` has not been defined")
            })
        }
        Item::Resource(_) => linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(())),
        Item::Type(_) => Ok(()),
        other => bail!("unable to define {} imports as traps", desc(other)),
    }
}
