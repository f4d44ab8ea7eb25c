//! What an artifact requires of the engine that runs it, in addition to what it requires of the
//! machine.

use wasm_artifact::Artifact;
use wasm_types::{Tunables, WasmFeatures};

/// What an artifact requires of the engine that runs it, in addition to what it requires of the
/// machine.
///
/// The loader knows no engine and compares none of this. An [`Error`](crate::Error) that refuses an
/// artifact contains it. So code that knows the engine can add what does not fit the engine, and
/// all reasons are reported at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Requirements {
    /// What the code was compiled to rely on.
    pub tunables: Tunables,
    /// The proposals that the module uses.
    pub proposals: WasmFeatures,
}

impl Requirements {
    /// The requirements of an artifact.
    pub fn of(artifact: &Artifact<'_>) -> Self {
        Self { tunables: artifact.tunables(), proposals: artifact.features() }
    }
}
