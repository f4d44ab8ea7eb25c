//! Whole processes: a program without a compiler starts, loads an artifact, calls a function, and
//! ends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::alternate::alternate;
use crate::generated;
use crate::load::Files;
use crate::ours::runtime as ours;
use crate::report::Row;

pub(crate) fn run(rounds: usize) -> Vec<Row> {
    let runners = (build("ours"), build("theirs"));
    let a = ours::Runtime::new(true);
    // The runner lacks the features that components require.
    let mut config = wasmtime::Config::new();
    config.concurrency_support(false).wasm_component_model(false);
    let b = wasmtime::Engine::new(&config).expect("default settings");
    [("10 functions", 10), ("1,000 functions", 1_000), ("30,000 functions", 30_000)]
        .map(|(name, count)| {
            let wasm = generated::functions(count);
            let theirs = b.precompile_module(&wasm).expect("a valid module");
            let files = Files::new(name, &a.artifact(&wasm), &theirs);
            let measure = |runner: &Path, file: &Path| {
                let mut command = Command::new(runner);
                command.arg(file).args(["f0", "0"]);
                let start = Instant::now();
                let output = command.output().expect("the runner starts");
                let time = start.elapsed().as_secs_f64();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.stdout, b"0\n", "{}: {errors}", runner.display());
                time
            };
            alternate(
                name,
                rounds,
                || measure(&runners.0, &files.ours),
                || measure(&runners.1, &files.theirs),
            )
        })
        .into()
}

/// Builds one of the two programs, which have features of their own. Returns the path of a copy, as
/// installed programs are: what a linker has written lies in small pieces in the system's cache of
/// files, which costs more faults when it is mapped.
fn build(name: &str) -> PathBuf {
    // The settings in `runners/.cargo` apply to builds that are started in this folder.
    let runners = Path::new(env!("CARGO_MANIFEST_DIR")).join("runners");
    let folder = runners.join(name);
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .current_dir(&runners)
        .status()
        .expect("cargo starts");
    assert!(status.success(), "the runner does not build");
    let built = folder.join("target/x86_64-unknown-linux-gnu/release");
    let (built, copy) = (built.join(format!("runner-{name}")), folder.join("target/installed"));
    std::fs::copy(built, &copy).expect("there is room");
    copy
}
