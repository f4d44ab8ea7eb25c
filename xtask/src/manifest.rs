//! The few facts that the checks read from the manifests.

use std::fs;

use crate::shell::Shell;

/// The crates of the project that are published, from the lowest layer up.
pub(crate) const CRATES: &[&str] = &[
    "wasm-types",
    "wasm-translate",
    "wasm-artifact",
    "wasm-hooks",
    "wasm-dwarf",
    "wasm-rewrite",
    "wasm-component",
    "wasm-component-translate",
    "wasm-component-macro",
    "wasm-loader",
    "wasm-cache",
    "wasm-store",
    "wasm-component-run",
    "wasm-wasi",
    "wasm-runtime",
    "wasm-c-api",
];

/// A feature of a crate, as its manifest describes it.
#[derive(PartialEq, Debug)]
pub(crate) struct Feature {
    pub(crate) name: String,
    /// The comment above it, as one line.
    pub(crate) about: String,
    /// Whether it is on unless `--no-default-features` is given.
    pub(crate) default: bool,
    /// What it enables, as it is written.
    pub(crate) enables: String,
}

/// The features of a crate, without `default`.
///
/// In this project's manifests each feature is on a line of its own under `[features]`, below a
/// comment that says what it adds. This function understands nothing else.
pub(crate) fn features(shell: &Shell, name: &str) -> Result<Vec<Feature>, String> {
    let path = shell.root().join(name).join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(parse_features(&text))
}

fn parse_features(manifest: &str) -> Vec<Feature> {
    let lines = manifest
        .lines()
        .skip_while(|line| line.trim_end() != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let mut default = String::new();
    let mut about = Vec::new();
    let mut found = Vec::new();
    for line in lines {
        if let Some(comment) = line.strip_prefix('#') {
            about.push(comment.trim());
        } else if line.starts_with(|first: char| first.is_ascii_alphanumeric())
            && let Some((name, enables)) = line.split_once('=')
        {
            let (name, enables) = (name.trim().to_owned(), enables.trim().to_owned());
            let about = std::mem::take(&mut about).join(" ");
            if name == "default" {
                default = enables;
            } else {
                found.push(Feature { name, about, default: false, enables });
            }
        } else {
            about.clear();
        }
    }
    for feature in &mut found {
        feature.default = default.contains(&format!("\"{}\"", feature.name));
    }
    found
}

/// The names of the packages in the tree of what `selection` (options of Cargo) builds, sorted,
/// without repetition.
pub(crate) fn tree(shell: &Shell, selection: &str) -> Result<Vec<String>, String> {
    // What macros are made with runs in the compiler, and is in no program.
    let line = format!(
        "cargo tree --edges normal,no-proc-macro --prefix none --format '{{p}}' {selection}"
    );
    let output = shell.output(&line)?;
    // A line is a name, a version, and perhaps a path and a star.
    let mut packages: Vec<String> = output
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect();
    packages.sort();
    packages.dedup();
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::{Feature, parse_features};

    #[test]
    fn features_are_found() {
        let manifest = "[package]\nname = \"x\"\n\n[features]\n# On at first.\n\
            default = [\"jit\"]\n# Compiles,\n# and runs.\njit = [\"dep:a\"]\naot-only = []\n\n\
            [dependencies]\na = \"1\"\n";
        let feature = |name: &str, about: &str, default, enables: &str| Feature {
            name: name.into(),
            about: about.into(),
            default,
            enables: enables.into(),
        };
        assert_eq!(
            parse_features(manifest),
            [
                feature("jit", "Compiles, and runs.", true, "[\"dep:a\"]"),
                feature("aot-only", "", false, "[]"),
            ]
        );
        assert!(parse_features("[package]\nname = \"x\"\n").is_empty());
    }
}
