//! Checks that use programs outside of Rust. They are skipped where those are not installed.

use std::fs;

use crate::check::Outcome;
use crate::manifest::CRATES;
use crate::shell::Shell;

/// Checks licences, sources and known vulnerabilities of dependencies, as `deny.toml` says.
pub(crate) fn deny(shell: &Shell) -> Result<Outcome, String> {
    if shell.output("cargo deny --version").is_err() {
        return Ok(missing("cargo-deny", "cargo install --locked cargo-deny"));
    }
    // Licences are in the packages, also in those for other systems, which nothing else downloads.
    if shell.output("cargo fetch --locked").is_err() {
        return Ok(Outcome::Skipped("dependencies for other systems can't be fetched".to_owned()));
    }
    shell.run("cargo deny --offline check licenses bans sources")?;
    // The list of advisories is fetched. If that fails, the project is not to blame.
    if shell.output("cargo deny fetch db").is_err() {
        println!(
            "      the list of advisories can't be fetched: dependencies not compared with it"
        );
        return Ok(Outcome::Passed);
    }
    shell.run("cargo deny --offline check advisories")?;
    Ok(Outcome::Passed)
}

/// Checks spelling, as `_typos.toml` says.
pub(crate) fn spelling(shell: &Shell) -> Result<Outcome, String> {
    if shell.output("typos --version").is_err() {
        return Ok(missing("typos", "cargo install --locked typos-cli"));
    }
    shell.run("typos")?;
    Ok(Outcome::Passed)
}

/// Compares the public API of each crate with its last release.
pub(crate) fn semver(shell: &Shell) -> Result<Outcome, String> {
    let mut released = Vec::new();
    for name in CRATES {
        // PUBLISHING.md says how releases are tagged.
        let tags = shell.output(&format!("git tag --list '{name}-v*' --sort=-v:refname"))?;
        released.extend(tags.lines().next().map(|newest| (name, newest.to_owned())));
    }
    if released.is_empty() {
        return Ok(Outcome::Skipped("nothing has been released yet".to_owned()));
    }
    if shell.output("cargo semver-checks --version").is_err() {
        return Ok(missing("cargo-semver-checks", "cargo install --locked cargo-semver-checks"));
    }
    for (name, tag) in released {
        shell.run(&format!("cargo semver-checks --package {name} --baseline-rev {tag}"))?;
    }
    Ok(Outcome::Passed)
}

/// Checks with the oldest compiler that the manifests promise.
pub(crate) fn oldest(shell: &Shell) -> Result<Outcome, String> {
    let path = shell.root().join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let oldest = text
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
        .ok_or("Cargo.toml has no line `rust-version = \"…\"`")?;
    for manifest in ["fuzz/Cargo.toml", "bench/Cargo.toml"] {
        let text = fs::read_to_string(shell.root().join(manifest)).unwrap_or_default();
        if !text.contains(&format!("rust-version = \"{oldest}\"")) {
            return Err(format!("{manifest} has another `rust-version` than Cargo.toml: {oldest}"));
        }
    }
    let present = shell.output("rustc --version")?;
    if present.starts_with(&format!("rustc {oldest}.")) {
        println!("      {oldest} is what all checks run with here");
        return Ok(Outcome::Passed);
    }
    // rustup would install it without a question.
    if shell.output(&format!("rustup run {oldest} cargo --version")).is_err() {
        let why = format!("not installed: `rustup toolchain install {oldest} --profile minimal`");
        return Ok(Outcome::Skipped(why));
    }
    shell.run(&format!(
        "cargo +{oldest} check --quiet --workspace --all-features --target-dir target/oldest"
    ))?;
    Ok(Outcome::Passed)
}

fn missing(program: &str, install: &str) -> Outcome {
    Outcome::Skipped(format!("{program} is not installed: `{install}`"))
}
