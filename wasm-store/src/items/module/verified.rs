//! Loading what the engine's trust policy accepts.

use std::fs::File;
use std::path::Path;

use super::Module;
use crate::engine::Engine;
use crate::error::{Context, Result};

impl Module {
    /// Loads a module from the bytes of an artifact, if the engine's trust policy accepts it.
    ///
    /// What is verified is the copy that is run: the bytes may change afterwards.
    ///
    /// # Errors
    ///
    /// If the engine has no policy ([`Config::trust`](crate::Config::trust)) or it does not accept the bytes (the error can be
    /// asked for [`VerifyError`](crate::sign::VerifyError) by way of its
    /// [`chain`](crate::Error::chain)); and as for [`Module::deserialize`].
    pub fn deserialize_verified(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let loaded = engine.config().trust.load_bytes(engine, bytes.as_ref())?;
        Module::from_loaded(engine, loaded)
    }

    /// Loads a module from the file of an artifact, if the engine's trust policy accepts it.
    ///
    /// The file is read, not mapped, and what was read is what is verified and run: whoever may write the
    /// file can change nothing about the module, neither meanwhile nor afterwards.
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
