//! The two-level map of names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::items::Definition;

/// Items by namespace and name, in the order of the names.
#[derive(Clone, Default)]
pub(super) struct Names {
    modules: BTreeMap<Arc<str>, Namespace>,
}

/// Items by name.
type Namespace = BTreeMap<Arc<str>, Definition>;

/// A search for one name after the other, most of which are in the same namespace as the one
/// before.
pub(super) struct Search<'a> {
    names: &'a Names,
    /// The namespace that was found last.
    last: Option<(&'a str, &'a Namespace)>,
}

impl<'a> Search<'a> {
    pub(super) fn get(&mut self, module: &str, name: &str) -> Option<&'a Definition> {
        let namespace = match self.last {
            Some((last, namespace)) if last == module => namespace,
            _ => {
                let (found, namespace) = self.names.modules.get_key_value(module)?;
                self.last = Some((found, namespace));
                namespace
            }
        };
        namespace.get(name)
    }
}

impl Names {
    pub(super) fn get(&self, module: &str, name: &str) -> Option<&Definition> {
        self.modules.get(module)?.get(name)
    }

    /// Begins a search for many names.
    pub(super) fn search(&self) -> Search<'_> {
        Search { names: self, last: None }
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
