//! What the code of a module has counted.

use wasm_types::profile::Profile;
use wasm_types::{FuncIndex, TextItemKind};

use super::Module;
use crate::error::Result;

impl Module {
    /// How often the code of the module ran in all of its instances up to now; `None` if it was not
    /// compiled to count that ([`Config::gather_profile`](crate::Config::gather_profile)).
    ///
    /// Code may run meanwhile, on other threads. What traps, throws, exits or goes back to an
    /// earlier state was counted all the same.
    ///
    /// ```no_run
    /// use wasm_store::{Config, Engine, Instance, Module, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let engine = Engine::new(Config::new().gather_profile(true))?;
    /// let module = Module::from_file(&engine, "app.wasm")?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// // … call functions …
    /// let profile = module.profile()?.expect("the engine gathers profiles");
    /// let engine = Engine::new(Config::new().profile(profile))?;
    /// let faster = Module::from_file(&engine, "app.wasm")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the artifact is damaged where it says what is counted.
    pub fn profile(&self) -> Result<Option<Profile>> {
        let artifact = self.artifact();
        let Some(map) = artifact.counters()? else { return Ok(None) };
        let mut profile = Profile::new();
        let module = profile.modules.entry(map.code).or_default();
        if let Some(counters) = &self.vm()?.counters {
            let thunks: Vec<(u32, FuncIndex)> = artifact
                .text_items()?
                .filter_map(|item| {
                    let item = item.ok()?;
                    match item.kind {
                        TextItemKind::ImportThunk(func) => Some((item.offset, func)),
                        TextItemKind::Table(_) => None,
                    }
                })
                .collect();
            let imported = artifact.counts().imported_functions;
            *module = counters.read(&map, |address| {
                let offset = self.loaded().text_offset(usize::try_from(address).ok()?)?;
                match artifact.function_at(offset) {
                    Some(defined) => Some(FuncIndex::new(imported + defined.as_u32())),
                    None => thunks.iter().find(|(at, _)| *at == offset).map(|(_, func)| *func),
                }
            });
        }
        Ok(Some(profile))
    }
}
