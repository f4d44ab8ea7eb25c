//! Which proposals modules may use: the option of commands that compile.

use clap::Args;
use wasm_runtime::{Config, Error, WasmFeatures};

/// Proposals that are allowed or refused.
#[derive(Args, Clone, Default)]
pub(crate) struct Proposals {
    /// Allows proposals of WebAssembly or, with `=n`, refuses them: `-W wide-arithmetic,simd=n`.
    /// `all-proposals` stands for all that this version translates; `shared-memory` allows memories
    /// that threads share. Can be given several times; what comes later takes precedence.
    #[arg(
        short = 'W',
        long = "wasm",
        value_name = "PROPOSAL[=y|n],...",
        value_delimiter = ',',
        value_parser = proposal
    )]
    proposals: Vec<(Setting, bool)>,
}

/// What is allowed or refused.
#[derive(Clone, Copy)]
enum Setting {
    Proposals(WasmFeatures),
    /// Shared memories are there, and not only translated.
    SharedMemory,
}

impl Proposals {
    /// Sets what was given.
    pub(crate) fn apply(&self, config: &mut Config) {
        for (setting, allow) in &self.proposals {
            match setting {
                Setting::Proposals(proposals) => config.wasm_features(*proposals, *allow),
                Setting::SharedMemory => config.shared_memory(*allow),
            };
        }
    }
}

/// Adds what to do on the command line to the error of a module that uses what is not allowed.
pub(crate) fn explain(error: Error) -> Error {
    let text = format!("{error:#}");
    if text.contains("Config::shared_memory") {
        return error.context("shared memories are allowed with `-W shared-memory`");
    }
    if !(text.contains(" proposal ") && text.contains("switched off")) {
        return error;
    }
    error.context("proposals are allowed with `-W PROPOSAL`")
}

/// `wide-arithmetic`, `wide-arithmetic=y` or `wide-arithmetic=n`.
fn proposal(argument: &str) -> Result<(Setting, bool), String> {
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
        return Ok((Setting::Proposals(WasmFeatures::SUPPORTED), allow));
    }
    if name == "shared-memory" {
        return Ok((Setting::SharedMemory, allow));
    }
    let found = WasmFeatures::SUPPORTED.iter_names().find(|(flag, _)| name_of(flag) == name);
    match found {
        Some((_, proposal)) => Ok((Setting::Proposals(proposal), allow)),
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
