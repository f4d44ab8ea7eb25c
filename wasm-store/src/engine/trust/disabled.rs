//! No artifact is trusted.

use std::fs::File;
use std::sync::Arc;

use wasm_loader::Loaded;

use crate::engine::Engine;
use crate::error::Result;

/// The placeholder for a trust policy.
#[derive(Clone, Default, Debug)]
pub(crate) struct Trust {}

impl Trust {
    /// Loads the artifact in a file.
    pub(crate) fn load(&self, _engine: &Engine, _file: File) -> Result<Arc<Loaded>> {
        self.refuse()
    }

    /// Loads the artifact of a component in a file.
    #[cfg(feature = "component")]
    pub(crate) fn load_component(
        &self,
        _engine: &Engine,
        _file: File,
    ) -> Result<Arc<wasm_loader::LoadedComponent>> {
        self.refuse()
    }

    fn refuse<L>(&self) -> Result<L> {
        crate::bail!(
            "the file is compiled code, which nobody can check, so that somebody must be trusted: set a \
             policy with `Config::trust` (feature `sign`, which this program is built without), or \
             answer for the file by loading it with the unsafe function `Module::deserialize_file` \
             or `Module::from_trusted_file`"
        )
    }
}
