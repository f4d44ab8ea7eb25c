//! Which proposals modules may use: the option of commands that compile.

use clap::Args;
use wasm_runtime::{Config, Error, WasmFeatures};

/// Proposals that are allowed or refused.
#[derive(Args, Clone, Default)]
pub(crate) struct Proposals {
    /// Allows proposals of WebAssembly or, with `=n`, refuses them: `-W wide-arithmetic,simd=n`.
    /// `all-proposals` stands for all that this version translates. Can be given several times;
    /// what comes later takes precedence.
    #[arg(
        short = 'W',
        long = "wasm",
        value_name = "PROPOSAL[=y|n],...",
        value_delimiter = ',',
        value_parser = proposal
    )]
    proposals: Vec<(WasmFeatures, bool)>,
}

impl Proposals {
    /// Sets what was given.
    pub(crate) fn apply(&self, config: &mut Config) {
        for (proposal, allow) in &self.proposals {
            config.wasm_features(*proposal, *allow);
        }
    }
}

/// Adds what to do on the command line to the error of a module that uses what is not allowed.
pub(crate) fn explain(error: Error) -> Error {
    let text = format!("{error:#}");
    if !(text.contains(" proposal ") && text.contains("switched off")) {
        return error;
    }
    error.context("proposals are allowed with `-W PROPOSAL`")
}

/// `wide-arithmetic`, `wide-arithmetic=y` or `wide-arithmetic=n`.
fn proposal(argument: &str) -> Result<(WasmFeatures, bool), String> {
    let (name, allow) = match argument.split_once('=') {
        None | Some((_, "")) => (argument.trim_end_matches('='), true),
        Some((name, "y" | "yes" | "true")) => (name, true),
        Some((name, "n" | "no" | "false")) => (name, false),
        Some((name, value)) => {
            return Err(format!(
                "`{value}` says neither yes nor no: write `{name}`, `{name}=y` or `{name}=n`"
            ));
        }
    };
    if name == "all-proposals" {
        return Ok((WasmFeatures::SUPPORTED, allow));
    }
    let found = WasmFeatures::SUPPORTED.iter_names().find(|(flag, _)| name_of(flag) == name);
    match found {
        Some((_, proposal)) => Ok((proposal, allow)),
        None => {
            let known = WasmFeatures::SUPPORTED.iter_names().map(|(flag, _)| name_of(flag));
            let known: Vec<String> = known.collect();
            Err(format!(
                "this version translates no proposal `{name}`; those that it does are: {}",
                known.join(", ")
            ))
        }
    }
}

/// A flag's name as it stands on the command line: `WIDE_ARITHMETIC` as `wide-arithmetic`.
fn name_of(flag: &str) -> String {
    flag.to_ascii_lowercase().replace('_', "-")
}
