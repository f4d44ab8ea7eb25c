//! Every sensible combination of features builds, without warnings.

use crate::manifest::{self, CRATES};
use crate::shell::Shell;

/// Combinations beyond none, each alone, and all: those that people use.
const PAIRS: &[(&str, &str)] = &[
    ("wasm-runtime", "aot-only,wasi"),
    ("wasm-runtime", "aot-only,wasi,cli"),
    ("wasm-runtime", "aot-only,call-hook"),
    ("wasm-runtime", "aot-only,function-hook"),
    ("wasm-runtime", "aot-only,observe"),
    ("wasm-runtime", "aot-only,sign"),
    ("wasm-runtime", "jit,wasi"),
    ("wasm-runtime", "jit,wat"),
    ("wasm-runtime", "jit,parallel,wasi"),
    ("wasm-runtime", "jit,wasi,cli"),
    ("wasm-runtime", "jit,cache"),
    ("wasm-runtime", "cli,rewrite"),
];

/// Checks each combination of each crate's features. Targets other than libraries and programs are
/// left to the check `clippy`.
pub(crate) fn combinations(shell: &Shell) -> Result<(), String> {
    let mut combinations = Vec::new();
    for name in CRATES {
        let features = manifest::features(shell, name)?;
        let features: Vec<String> = features.into_iter().map(|feature| feature.name).collect();
        let mut lists = vec![String::new()];
        lists.extend(features.iter().cloned());
        lists.extend(PAIRS.iter().filter(|(of, _)| of == name).map(|(_, list)| (*list).to_owned()));
        if features.len() > 1 {
            lists.push(features.join(","));
        }
        combinations.extend(lists.into_iter().map(|list| (*name, list)));
    }
    let lines: Vec<String> = combinations.iter().map(|(name, list)| check(name, list)).collect();
    let failed = shell.run_in_pairs("features", &lines)?;
    let failed: Vec<String> = failed
        .into_iter()
        .map(|place| &combinations[place])
        .map(|(name, list)| format!("{name} with `{list}`"))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("these do not build: {}", failed.join(", ")))
    }
}

/// The command that checks a combination.
fn check(name: &str, list: &str) -> String {
    format!(
        "cargo clippy --quiet --no-deps --package {name} --no-default-features --features \
         '{list}' -- --deny warnings"
    )
}
