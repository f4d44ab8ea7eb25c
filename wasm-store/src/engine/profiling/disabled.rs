//! Nothing is announced.

use std::sync::Arc;

use wasm_loader::Loaded;

use crate::error::Result;

/// The placeholder for the engine's settings.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Profiling {}

impl Profiling {
    /// Whether the debugging information of modules is of use.
    pub(in crate::engine) fn wants_debug_sections(self) -> bool {
        false
    }

    /// Announces a module that was loaded.
    pub(crate) fn announce(self, _loaded: &Arc<Loaded>) -> Result<Registration> {
        Ok(Registration)
    }
}

/// The placeholder for what is kept for as long as a module lives.
pub(crate) struct Registration;
