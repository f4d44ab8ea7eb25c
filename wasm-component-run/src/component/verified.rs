//! Components that the engine's trust policy accepts.

use std::path::Path;

use wasm_store::{Bundle, Engine, Result};

use super::Component;

impl Component {
    /// Loads an artifact from memory if the engine's trust policy accepts it (`Config::trust`),
    /// without a promise of the caller.
    ///
    /// # Errors
    ///
    /// If the engine has no policy or the policy does not accept the bytes, and as for
    /// [`deserialize`](Self::deserialize).
    pub fn deserialize_verified(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        let bundle = Bundle::deserialize_verified(engine, bytes)?;
        Self::from_bundle(engine, bundle)
    }

    /// Loads an artifact from a file if the engine's trust policy accepts it. The file is read, not
    /// mapped, so that whoever may write it changes nothing.
    ///
    /// # Errors
    ///
    /// As for [`deserialize_verified`](Self::deserialize_verified), and if the file can't be read.
    pub fn deserialize_file_verified(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let bundle = Bundle::deserialize_file_verified(engine, path)?;
        Self::from_bundle(engine, bundle)
    }
}
