//! `wasm-runtime inspect`: says what is in a module or an artifact.

#[cfg(feature = "jit")]
mod module;
#[cfg(feature = "jit")]
mod sections;

use std::process::ExitCode;

use clap::Args;
use wasm_artifact::{Artifact, Report};
use wasm_runtime::error::Context;
use wasm_runtime::{Result, bail};

use crate::input::{self, Input, Source};
use crate::output;

const LONG: &str = "\
Say what is in a module or an artifact.

Of a module: its sections with their sizes, imports and exports with their types, memories, tables, globals,
segments. Of an artifact, besides: who made it and who sealed it, the target, the instruction set extensions
and the proposals that it uses, the settings it was compiled with, and where its bytes go; and, if asked for,
what is in its tables.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime inspect program.wasm
  wasm-runtime compile program.wasm && wasm-runtime inspect program.cwasm
  wasm-runtime inspect --all program.cwasm
  wasm-runtime inspect --table traps program.cwasm";

/// Say what is in a module or an artifact.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// Shows every table of an artifact, too, but for plain bytes.
    #[arg(long, conflicts_with = "table")]
    all: bool,

    /// Shows one table of an artifact only, with its bytes where it has nothing else. The summary lists
    /// the tables as sections.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// The module or artifact; `-` for standard input.
    file: Source,
}

impl Inspect {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let input = input::open(&self.file)?;
        let report = match &input {
            Input::Artifact(_) => {
                let bytes = input.bytes(&self.file)?;
                let artifact =
                    Artifact::parse(&bytes).with_context(|| format!("{} is damaged", self.file))?;
                self.artifact(&artifact)?
            }
            Input::Wasm(_) if self.all || self.table.is_some() => bail!(
                "{} is a module, and --all and --table are for artifacts, which `wasm-runtime compile` \
                 makes of modules",
                self.file
            ),
            Input::Wasm(bytes) => module(bytes).with_context(|| self.file.to_string())?,
        };
        output::text(&report)?;
        Ok(ExitCode::SUCCESS)
    }

    fn artifact(&self, artifact: &Artifact<'_>) -> Result<String> {
        let report = wasm_artifact::inspect(artifact);
        let report = match &self.table {
            None if self.all => report.all(),
            None => report,
            Some(name) => match report.table(name) {
                Some(report) => report,
                None => {
                    let known: Vec<_> = Report::table_names().collect();
                    bail!("artifacts have no table `{name}`; they can have: {}", known.join(", "))
                }
            },
        };
        Ok(report.to_string())
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
