//! The little that the checks want to know of the manifests.

use std::fs;

use crate::shell::Shell;

/// The crates of the project that are published, from the lowest layer up.
pub(crate) const CRATES: &[&str] = &[
    "wasm-types",
    "wasm-translate",
    "wasm-artifact",
    "wasm-hooks",
    "wasm-rewrite",
    "wasm-loader",
    "wasm-cache",
    "wasm-store",
    "wasm-wasi",
    "wasm-runtime",
];

/// The names of a crate's features, `default` left out.
///
/// A manifest of this project has each feature at the start of a line under `[features]`, which is
/// all that this understands.
pub(crate) fn features(shell: &Shell, name: &str) -> Result<Vec<String>, String> {
    let path = shell.root().join(name).join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(parse_features(&text))
}

fn parse_features(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| line.trim_end() != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
        .filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()))
        .filter(|name| name != "default")
        .collect()
}

/// The packages in the tree of what `selection` (options of Cargo) builds, by name, sorted, each once.
pub(crate) fn tree(shell: &Shell, selection: &str) -> Result<Vec<String>, String> {
    let line = format!("cargo tree --edges normal --prefix none --format '{{p}}' {selection}");
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
    use super::parse_features;

    #[test]
    fn features_are_found() {
        let manifest = "[package]\nname = \"x\"\n\n[features]\n# On by default.\ndefault = [\"jit\"]\n\
            jit = [\n  \"dep:a\",\n]\naot-only = []\n\n[dependencies]\na = \"1\"\n";
        assert_eq!(parse_features(manifest), ["jit", "aot-only"]);
        assert!(parse_features("[package]\nname = \"x\"\n").is_empty());
    }
}
