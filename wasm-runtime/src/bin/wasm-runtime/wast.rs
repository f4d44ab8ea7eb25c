//! `wasm-runtime wast`: runs scripts of the specification's test suite.

use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::wast::Runner;
use wasm_runtime::{Config, Engine, Result};

use crate::proposals::Proposals;
use crate::source::Source;
use crate::{exit, input, output};

const LONG: &str = "\
Run scripts of the specification's test suite.

A script holds modules and assertions about them. Each script is run to its end, and every assertion
that fails is reported with its position. Modules can import from the module `spectest`, and from
modules before them by their names in the script. Threads of scripts (`thread`, `wait`) share
memories, for which `-W shared-memory` is needed.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime wast i32.wast
  wasm-runtime wast tests/*.wast
  wasm-runtime wast -W wide-arithmetic wide-arithmetic.wast
  wasm-runtime wast -W shared-memory --artifact threads.wast

The exit code is 0 if all assertions of all scripts hold, else 1.";

/// Run scripts of the specification's test suite.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Wast {
    #[command(flatten)]
    proposals: Proposals,

    /// Takes each module through an artifact, as `compile` and `run` do one after the other.
    #[arg(long)]
    artifact: bool,

    /// Makes all NaNs that operations produce the canonical one, on every machine.
    #[arg(long)]
    canonicalize_nans: bool,

    /// The scripts; `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<Source>,
}

impl Wast {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let mut config = Config::new();
        self.proposals.apply(&mut config);
        if self.canonicalize_nans {
            config.cranelift_nan_canonicalization(true);
        }
        let mut failed = 0;
        for file in &self.files {
            let name = file.plain();
            let script = String::from_utf8(file.read()?)
                .with_context(|| format!("can't read {file}: it is not text"))?;
            let mut runner = Runner::new(&Engine::new(&config)?)?;
            if self.artifact {
                runner.load_modules_with(input::through_artifact);
                #[cfg(feature = "component")]
                runner.load_components_with(input::component_through_artifact);
            }
            let summary = match runner.run_to_end(&name, &script) {
                Ok(summary) => summary,
                Err(error) => {
                    exit::message(format_args!("{error}"));
                    output::line(format_args!("{name}: not a script"))?;
                    failed += 1;
                    continue;
                }
            };
            let failures = summary.failures().iter();
            failures.for_each(|failure| exit::message(format_args!("{failure}")));
            let (passed, failures) = (summary.passed(), summary.failures().len());
            output::line(format_args!("{name}: {passed} passed, {failures} failed"))?;
            failed += summary.failures().len();
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
