//! `wasm-runtime inspect`: shows what is in a module or an artifact.

#[cfg(feature = "component")]
mod component;
#[cfg(feature = "jit")]
mod module;
#[cfg(feature = "jit")]
mod sections;

use std::process::ExitCode;

use clap::Args;
use wasm_artifact::{Artifact, Report};
use wasm_runtime::error::Context;
use wasm_runtime::{Result, bail};

use crate::input::{self, Input, Opened};
use crate::output;
use crate::source::Source;

const LONG: &str = "\
Show what is in a module or an artifact.

For a module: its sections with their sizes, imports and exports with their types, memories, tables,
globals and segments. For an artifact, also: who made it and who sealed it, the target, the
instruction set extensions and the proposals that it uses, the settings it was compiled with, and
the sizes of its parts. With --all or --table, also the contents of its tables. For a component: its
imports and exports, much as WIT has them; with --all also its core modules and how it is put
together.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime inspect program.wasm
  wasm-runtime compile program.wasm && wasm-runtime inspect program.cwasm
  wasm-runtime inspect --all program.cwasm
  wasm-runtime inspect --table traps program.cwasm";

/// Show what is in a module or an artifact.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// Shows every table of an artifact, too, except those of plain bytes.
    #[arg(long, conflicts_with = "table")]
    all: bool,

    /// Shows only one table of an artifact, as bytes if it has no other form. The summary lists the
    /// tables as sections.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// The module or artifact; `-` for standard input.
    file: Source,
}

impl Inspect {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        #[cfg_attr(
            not(feature = "component"),
            expect(clippy::infallible_destructuring_match, reason = "there may be components")
        )]
        let input = match input::open_any(&self.file)? {
            Opened::Module(input) => input,
            #[cfg(feature = "component")]
            Opened::Component(input) => {
                output::text(&component::report(&self, &input)?)?;
                return Ok(ExitCode::SUCCESS);
            }
        };
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
