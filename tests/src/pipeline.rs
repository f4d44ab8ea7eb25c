//! The two pipelines from the bytes of a module to one that runs.

#![allow(unsafe_code)]

use std::fmt;

use wasm_runtime::{Config, Engine, Module, Result};

/// A pipeline from the bytes of a module to a [`Module`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pipeline {
    /// Compiled on the spot.
    OnTheSpot,
    /// Compiled into an artifact by one engine and loaded from there by another.
    ThroughArtifact,
}

impl Pipeline {
    /// Both pipelines.
    pub const ALL: [Pipeline; 2] = [Pipeline::OnTheSpot, Pipeline::ThroughArtifact];

    /// A function that makes modules for engines with this configuration.
    ///
    /// # Errors
    ///
    /// If no engine can be made with the configuration.
    pub fn loader(
        self,
        config: &Config,
    ) -> Result<impl FnMut(&Engine, &[u8]) -> Result<Module> + use<>> {
        // Only bytes pass from the engine that compiles to the one that runs.
        let compiling = Engine::new(config)?;
        Ok(move |engine: &Engine, wasm: &[u8]| match self {
            Pipeline::OnTheSpot => Module::from_binary(engine, wasm),
            Pipeline::ThroughArtifact => {
                let artifact = compiling.precompile_module(wasm)?;
                // SAFETY: the bytes were made in the line above by this version of the compiler.
                unsafe { Module::deserialize(engine, artifact) }
            }
        })
    }

    /// Makes a module. An artifact goes through a file.
    ///
    /// # Errors
    ///
    /// If the module is refused.
    pub fn module(self, engine: &Engine, wasm: &[u8]) -> Result<Module> {
        match self {
            Pipeline::OnTheSpot => Module::new(engine, wasm),
            Pipeline::ThroughArtifact => {
                let artifact = Module::new(engine, wasm)?.serialize()?;
                let file = tempfile::NamedTempFile::new()?;
                std::fs::write(file.path(), artifact)?;
                // SAFETY: the file was written in the line above by this version of the compiler,
                // and nobody else knows its name. Removing it does not unmap it.
                unsafe { Module::deserialize_file(engine, file.path()) }
            }
        }
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pipeline::OnTheSpot => "jit",
            Pipeline::ThroughArtifact => "aot",
        })
    }
}
