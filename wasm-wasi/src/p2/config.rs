//! `wasi:config/store`: values that the host gives a program by name. A draft (0.2.0-rc.1), in a
//! linker only if it is put there.

use super::bindings::config::store;
use super::runtime::{HasData, Linker, Result};
use std::collections::BTreeMap;

/// The values, by name.
#[derive(Clone, Debug, Default)]
pub struct WasiConfigVariables(BTreeMap<String, String>);

impl WasiConfigVariables {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets a value; an earlier one of that name is replaced.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.0.insert(key.into(), value.into());
        self
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for WasiConfigVariables {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(variables.map(|(key, value)| (key.into(), value.into())).collect())
    }
}

/// What the functions work on: made of the values in a store's data.
#[derive(Clone, Copy, Debug)]
pub struct WasiConfig<'a> {
    variables: &'a WasiConfigVariables,
}

impl<'a> WasiConfig<'a> {
    /// Takes the values from here.
    #[must_use]
    pub const fn new(variables: &'a WasiConfigVariables) -> Self {
        Self { variables }
    }
}

impl<'a> From<&'a WasiConfigVariables> for WasiConfig<'a> {
    fn from(variables: &'a WasiConfigVariables) -> Self {
        Self::new(variables)
    }
}

impl store::Host for WasiConfig<'_> {
    fn get(&mut self, key: String) -> Result<std::result::Result<Option<String>, store::Error>> {
        Ok(Ok(self.variables.0.get(&key).cloned()))
    }

    fn get_all(&mut self) -> Result<std::result::Result<Vec<(String, String)>, store::Error>> {
        let all = self.variables.0.iter();
        Ok(Ok(all.map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
}

struct HasConfig;

impl HasData for HasConfig {
    type Data<'a> = WasiConfig<'a>;
}

/// Defines `wasi:config/store` in a linker. The function finds the values in a store's data.
///
/// # Errors
///
/// If it is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> WasiConfig<'_>,
) -> Result<()> {
    store::add_to_linker::<T, HasConfig>(linker, get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_found() {
        let mut variables: WasiConfigVariables = [("a", "1"), ("b", "2")].into_iter().collect();
        variables.insert("a", "3");
        let mut config = WasiConfig::from(&variables);
        let get = |config: &mut WasiConfig<'_>, key: &str| {
            store::Host::get(config, key.to_owned()).unwrap().unwrap()
        };
        assert_eq!(get(&mut config, "a").as_deref(), Some("3"));
        assert_eq!(get(&mut config, "c"), None);
        let all = store::Host::get_all(&mut config).unwrap().unwrap();
        assert_eq!(all, [("a", "3"), ("b", "2")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
