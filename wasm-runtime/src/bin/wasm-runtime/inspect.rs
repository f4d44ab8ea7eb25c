//! `wasm-runtime inspect`: says what is in a module or an artifact.

#[cfg(feature = "jit")]
mod module;
#[cfg(feature = "jit")]
mod sections;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use wasm_artifact::Artifact;
use wasm_runtime::Result;
use wasm_runtime::error::Context;

use crate::input::{self, Input};

const LONG: &str = "\
Say what is in a module or an artifact.

Of a module: its sections with their sizes, imports and exports with their types, memories, tables, globals,
segments. Of an artifact, besides: who made it, the target, the instruction set extensions it needs, the
settings it was compiled with, the sizes of code and tables.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime inspect program.wasm
  wasm-runtime compile program.wasm && wasm-runtime inspect program.cwasm";

/// Say what is in a module or an artifact.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// The module or artifact.
    file: PathBuf,
}

impl Inspect {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let report = match input::open(&self.file)? {
            Input::Artifact => {
                let bytes = std::fs::read(&self.file)?;
                let artifact = Artifact::parse(&bytes)
                    .with_context(|| format!("`{}` is damaged", self.file.display()))?;
                wasm_artifact::inspect(&artifact).to_string()
            }
            Input::Wasm(bytes) => {
                module(&bytes).with_context(|| format!("`{}`", self.file.display()))?
            }
        };
        std::io::stdout().write_all(report.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(feature = "jit")]
fn module(bytes: &[u8]) -> Result<String> {
    self::module::report(bytes)
}

#[cfg(not(feature = "jit"))]
fn module(_: &[u8]) -> Result<String> {
    wasm_runtime::bail!(
        "this is a WebAssembly module, and this program was built to read artifacts only: its feature \
         `jit` is off"
    )
}
