//! The two-level map of names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::items::Definition;

/// Items by namespace and name, in the order of the names.
#[derive(Clone, Default)]
pub(super) struct Names {
    modules: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Definition>>,
}

impl Names {
    pub(super) fn get(&self, module: &str, name: &str) -> Option<&Definition> {
        self.modules.get(module)?.get(name)
    }

    pub(super) fn insert(&mut self, module: &str, name: &str, item: Definition) {
        // Looked up first, so that a known namespace is not copied.
        let names = match self.modules.get_mut(module) {
            Some(names) => names,
            None => self.modules.entry(module.into()).or_default(),
        };
        names.insert(name.into(), item);
    }

    pub(super) fn of_module(&self, module: &str) -> impl Iterator<Item = (&Arc<str>, &Definition)> {
        self.modules.get(module).into_iter().flatten()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str, &Definition)> {
        self.modules.iter().flat_map(|(module, names)| {
            names.iter().map(move |(name, item)| (&**module, &**name, item))
        })
    }
}
