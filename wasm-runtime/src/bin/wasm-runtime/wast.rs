//! `wasm-runtime wast`: runs scripts of the specification's test suite.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::wast::Runner;
use wasm_runtime::{Engine, Result};

use crate::exit;

const LONG: &str = "\
Run scripts of the specification's test suite.

A script holds modules and assertions about them. Each is run to its end; every assertion that does not hold
is reported with its place. The module `spectest` is there to import from.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime wast i32.wast
  wasm-runtime wast tests/*.wast

The exit code is 0 if all assertions of all scripts hold, else 1.";

/// Run scripts of the specification's test suite.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Wast {
    /// The scripts.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Wast {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let mut failed = 0;
        for file in &self.files {
            let name = file.display().to_string();
            let script =
                std::fs::read_to_string(file).with_context(|| format!("can't read `{name}`"))?;
            let summary = match Runner::new(&Engine::default())?.run_to_end(&name, &script) {
                Ok(summary) => summary,
                Err(error) => {
                    exit::tell(format_args!("{error}"));
                    println!("{name}: not a script");
                    failed += 1;
                    continue;
                }
            };
            let failures = summary.failures().iter();
            failures.for_each(|failure| exit::tell(format_args!("{failure}")));
            println!("{name}: {} passed, {} failed", summary.passed(), summary.failures().len());
            failed += summary.failures().len();
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
