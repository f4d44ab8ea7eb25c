//! Loading components that the engine's trust policy accepts.

use std::fs::File;
use std::path::Path;

use super::Bundle;
use crate::engine::Engine;
use crate::error::{Context, Result};

impl Bundle {
    /// Loads a component from the bytes of an artifact, if the engine's trust policy accepts it:
    /// see [`Module::deserialize_verified`](crate::Module::deserialize_verified).
    ///
    /// # Errors
    ///
    /// As for that function, and as for [`Bundle::deserialize`].
    pub fn deserialize_verified(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Bundle> {
        let loaded = engine.config().trust.load_component_bytes(engine, bytes.as_ref())?;
        Bundle::from_loaded(engine, loaded)
    }

    /// Loads a component from the file of an artifact, if the engine's trust policy accepts it: see
    /// [`Module::deserialize_file_verified`](crate::Module::deserialize_file_verified).
    ///
    /// # Errors
    ///
    /// As for that function, and as for [`Bundle::deserialize`].
    pub fn deserialize_file_verified(engine: &Engine, path: impl AsRef<Path>) -> Result<Bundle> {
        let path = path.as_ref();
        let file = File::open(path)
            .with_context(|| format!("failed to read input file: {}", path.display()))?;
        let loaded = engine.config().trust.load_component(engine, file);
        let bundle = loaded.and_then(|loaded| Bundle::from_loaded(engine, loaded));
        bundle.with_context(|| format!("failed to load: {}", path.display()))
    }
}
