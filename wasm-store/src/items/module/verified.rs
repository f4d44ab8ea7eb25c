//! Loading what the engine's trust policy accepts.

use std::fs::File;
use std::path::Path;

use super::Module;
use crate::engine::Engine;
use crate::error::{Context, Result};

impl Module {
    /// Loads a module from the bytes of an artifact, if the engine's trust policy accepts it.
    ///
    /// The copy that is run is the one that was verified: the bytes may change afterwards.
    ///
    /// # Errors
    ///
    /// If the engine has no policy ([`Config::trust`](crate::Config::trust)) or the policy does not
    /// accept the bytes. The [`chain`](crate::Error::chain) of the error then has a
    /// [`VerifyError`](crate::sign::VerifyError). As for [`Module::deserialize`].
    pub fn deserialize_verified(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let loaded = engine.config().trust.load_bytes(engine, bytes.as_ref())?;
        Module::from_loaded(engine, loaded)
    }

    /// Loads a module from the file of an artifact, if the engine's trust policy accepts it.
    ///
    /// The file is read, not mapped, and the copy that was read is verified and run. Whoever may
    /// write the file can't change the module, neither during the call nor afterwards.
    ///
    /// # Errors
    ///
    /// If the file can't be read or changes its size meanwhile, and as for
    /// [`Module::deserialize_verified`].
    pub fn deserialize_file_verified(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let file = File::open(path)
            .with_context(|| format!("failed to read input file: {}", path.display()))?;
        let loaded = engine.config().trust.load(engine, file);
        let module = loaded.and_then(|loaded| Module::from_loaded(engine, loaded));
        module.with_context(|| format!("failed to load: {}", path.display()))
    }
}
