//! What an artifact asks of the engine that runs it, beside what it asks of the machine.

use wasm_artifact::Artifact;
use wasm_types::{Tunables, WasmFeatures};

/// What an artifact asks of the engine that runs it, beside what it asks of the machine.
///
/// The loader knows no engine and compares none of this. It is in an [`Error`](crate::Error) that
/// refuses an artifact, so that whoever knows the engine can add what does not fit that, and all
/// reasons are told at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Requirements {
    /// What the code was compiled to rely on.
    pub tunables: Tunables,
    /// The proposals that the module uses.
    pub proposals: WasmFeatures,
}

impl Requirements {
    /// What an artifact asks for.
    pub fn of(artifact: &Artifact<'_>) -> Self {
        Self { tunables: artifact.tunables(), proposals: artifact.features() }
    }
}
