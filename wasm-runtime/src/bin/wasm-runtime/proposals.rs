//! Which proposals modules may use: the option of commands that compile.

use clap::Args;
use wasm_runtime::{Config, Error, WasmFeatures};

/// Proposals that are allowed or refused.
#[derive(Args, Clone, Default)]
pub(crate) struct Proposals {
    /// Allows proposals of WebAssembly or, with `=n`, refuses them: `-W wide-arithmetic,simd=n`.
    /// `all-proposals` stands for all that this version translates; `shared-memory` allows memories
    /// that threads share, `nan-canonicalization` makes all NaNs the same, and
    /// `relaxed-simd-deterministic` relaxed vectors on every machine. `-W help` lists what else is
    /// set under Wasmtime's names. Can be given several times; what comes later takes precedence.
    #[arg(
        short = 'W',
        long = "wasm",
        value_name = "PROPOSAL[=y|n],...",
        value_delimiter = ',',
        value_parser = proposal
    )]
    proposals: Vec<(Setting, bool)>,
}

const ALL: &str = "all-proposals";
const SHARED_MEMORY: &str = "shared-memory";
const CANONICAL_NANS: &str = "nan-canonicalization";
const DETERMINISTIC_VECTORS: &str = "relaxed-simd-deterministic";

/// What is allowed or refused.
#[derive(Clone, Copy)]
enum Setting {
    Proposals(WasmFeatures),
    /// Shared memories are there, and not only translated.
    SharedMemory,
    /// All NaNs that operators make are the same.
    CanonicalNans,
    /// Relaxed vectors are the same on every machine.
    DeterministicVectors,
}

impl Proposals {
    /// Sets what was given.
    pub(crate) fn apply(&self, config: &mut Config) {
        for (setting, allow) in &self.proposals {
            match setting {
                Setting::Proposals(proposals) => config.wasm_features(*proposals, *allow),
                Setting::SharedMemory => config.shared_memory(*allow),
                Setting::CanonicalNans => config.cranelift_nan_canonicalization(*allow),
                Setting::DeterministicVectors => config.relaxed_simd_deterministic(*allow),
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
    if name == ALL {
        return Ok((Setting::Proposals(WasmFeatures::SUPPORTED), allow));
    }
    match name {
        SHARED_MEMORY => return Ok((Setting::SharedMemory, allow)),
        CANONICAL_NANS => return Ok((Setting::CanonicalNans, allow)),
        DETERMINISTIC_VECTORS => return Ok((Setting::DeterministicVectors, allow)),
        _ => {}
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

/// What the option takes.
pub(crate) fn names() -> Vec<String> {
    let more = [ALL, SHARED_MEMORY, CANONICAL_NANS, DETERMINISTIC_VECTORS].map(str::to_owned);
    WasmFeatures::SUPPORTED.iter_names().map(|(flag, _)| name_of(flag)).chain(more).collect()
}

/// A flag's name as it stands on the command line: `WIDE_ARITHMETIC` as `wide-arithmetic`.
fn name_of(flag: &str) -> String {
    flag.to_ascii_lowercase().replace('_', "-")
}
