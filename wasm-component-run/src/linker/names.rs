//! Names with versions, of which compatible ones stand for each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasm_component::{Version, track};
use wasm_store::{Result, bail};
use wasm_types::Escaped;

/// Things by name.
#[derive(Debug)]
pub(crate) struct Names<D> {
    exact: BTreeMap<Arc<str>, D>,
    /// The name of the highest version of each track.
    tracks: BTreeMap<Box<str>, (Version, Arc<str>)>,
}

impl<D> Names<D> {
    /// What has the name, or the highest version that can stand for it.
    pub(crate) fn get(&self, name: &str) -> Option<&D> {
        if let Some(found) = self.exact.get(name) {
            return Some(found);
        }
        self.exact.get(self.compatible(name)?)
    }

    /// The name of what has the name, or of the highest version that can stand for it.
    pub(crate) fn resolve(&self, name: &str) -> Option<&Arc<str>> {
        match self.exact.get_key_value(name) {
            Some((exact, _)) => Some(exact),
            None => self.compatible(name),
        }
    }

    fn compatible(&self, name: &str) -> Option<&Arc<str>> {
        Some(&self.tracks.get(track(name)?.0)?.1)
    }

    /// What has exactly the name.
    pub(crate) fn get_exact_mut(&mut self, name: &str) -> Option<&mut D> {
        self.exact.get_mut(name)
    }

    /// Gives a thing a name.
    ///
    /// # Errors
    ///
    /// If the name stands for something and may not be defined anew.
    pub(crate) fn insert(&mut self, name: &str, thing: D, allow_shadowing: bool) -> Result<()> {
        if !allow_shadowing && self.exact.contains_key(name) {
            bail!("map entry `{}` defined twice", Escaped::new(name));
        }
        let shared: Arc<str> = name.into();
        self.exact.insert(Arc::clone(&shared), thing);
        if let Some((key, version)) = track(name) {
            let best = self.tracks.entry(key.into()).or_insert((version, Arc::clone(&shared)));
            if best.0 <= version {
                *best = (version, shared);
            }
        }
        Ok(())
    }

    /// All names.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.exact.keys().map(|name| &**name).collect()
    }
}

impl<D> Default for Names<D> {
    fn default() -> Self {
        Self { exact: BTreeMap::new(), tracks: BTreeMap::new() }
    }
}

impl<D: Clone> Clone for Names<D> {
    fn clone(&self) -> Self {
        Self { exact: self.exact.clone(), tracks: self.tracks.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_versions_stand_for_each_other() -> Result<()> {
        let mut names = Names::default();
        for name in ["a:b/c@0.2.3", "a:b/c@0.2.10", "a:b/c@0.2.9", "a:b/c@1.0.0", "plain"] {
            names.insert(name, name, false)?;
        }
        assert_eq!(names.get("a:b/c@0.2.3"), Some(&"a:b/c@0.2.3"));
        assert_eq!(names.get("a:b/c@0.2.0"), Some(&"a:b/c@0.2.10"));
        assert_eq!(names.get("a:b/c@0.2.99"), Some(&"a:b/c@0.2.10"));
        assert_eq!(names.get("a:b/c@1.7.0"), Some(&"a:b/c@1.0.0"));
        assert_eq!(names.get("a:b/c@0.3.0"), None);
        assert_eq!(names.get("plain"), Some(&"plain"));
        assert_eq!(names.resolve("a:b/c@0.2.0").map(|name| &**name), Some("a:b/c@0.2.10"));
        assert!(names.insert("plain", "again", false).is_err());
        names.insert("plain", "again", true)
    }
}
