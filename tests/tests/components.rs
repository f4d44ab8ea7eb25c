//! Scripts with components, each file a test of its own: those of this project
//! (`tests/components`), one for each rule, and the component model's own, where their folder is:
//! `COMPONENT_SUITE`, or `../shared/component-tests` beside the project. Each runs with components
//! that were compiled on the spot, and with such that went through an artifact.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use wasm_runtime::component::Component;
use wasm_runtime::wast::Runner;
use wasm_runtime::{Config, Engine, Result, WasmFeatures};

/// Folders of the suite that need what is not there.
const LEFT_OUT: &[(&str, &str)] = &[("async", "asynchronous functions of WASI 0.3")];

/// Directives of the suite, by file and lines, that need what is not there. One that does not fail
/// any more fails the test, so that the list can't grow stale.
const KNOWN: &[(&str, &[usize], &str)] = &[
    ("binary/binary.wast", &[974], "`cancellable` of WASI 0.3, which was taken out of it since"),
    ("validation/kebab.wast", &[4], "wasmparser 0.263 takes `a1` and `a-1` for one name"),
    ("values/variants.wast", &[83, 183, 184, 185, 186], "`async` functions of WASI 0.3"),
];

fn main() {
    let arguments = Arguments::from_args();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = Vec::new();
    add(&mut trials, "own", &project.join("components"));
    let suite = std::env::var_os("COMPONENT_SUITE")
        .map_or_else(|| project.join("../../shared/component-tests"), PathBuf::from);
    if suite.is_dir() {
        for folder in entries(&suite) {
            let name = name_of(&folder);
            if !folder.is_dir() || LEFT_OUT.iter().any(|(left_out, _)| *left_out == name) {
                continue;
            }
            add(&mut trials, &format!("suite/{name}"), &folder);
        }
    } else {
        eprintln!(
            "skipped: the component model's own scripts, which are not at {}; `COMPONENT_SUITE` says \
             where they are",
            suite.display()
        );
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// What is in a folder, sorted.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn add(trials: &mut Vec<Trial>, name: &str, folder: &Path) {
    for file in entries(folder) {
        if file.extension().is_none_or(|extension| extension != "wast") {
            continue;
        }
        for through_artifact in [false, true] {
            let way = if through_artifact { "artifact" } else { "jit" };
            let (name, file) = (format!("{way}/{name}/{}", name_of(&file)), file.clone());
            trials.push(Trial::test(name, move || run(&file, through_artifact)));
        }
    }
}

fn load(engine: &Engine, wasm: &[u8]) -> Result<Component> {
    let artifact = Component::from_binary(engine, wasm)?.serialize()?;
    // SAFETY: made just now by this project's compiler.
    unsafe { Component::deserialize(engine, artifact) }
}

fn run(file: &Path, through_artifact: bool) -> Result<(), Failed> {
    const SHOWN: usize = 10;
    let mut config = Config::new();
    config.wasm_features(WasmFeatures::SUPPORTED, true);
    let mut runner = Runner::new(&Engine::new(&config)?)?;
    if through_artifact {
        runner.load_components_with(load);
    }
    let text = std::fs::read_to_string(file)?;
    let summary = runner.run_to_end(&name_of(file), &text)?;
    let known: Vec<_> = KNOWN.iter().filter(|(known, ..)| file.ends_with(known)).collect();
    for (_, lines, reason) in &known {
        for line in *lines {
            if !summary.failures().iter().any(|failure| failure.line() == *line) {
                return Err(format!("line {line} is listed ({reason}), but holds").into());
            }
        }
    }
    let is_known = |line| known.iter().any(|(_, lines, _)| lines.contains(&line));
    let failures: Vec<_> =
        summary.failures().iter().filter(|failure| !is_known(failure.line())).collect();
    if failures.is_empty() && summary.passed() > 0 {
        return Ok(());
    }
    let mut text = format!("{} failed, {} passed\n", failures.len(), summary.passed());
    for failure in failures.iter().take(SHOWN) {
        let _ = writeln!(text, "  {failure}");
    }
    Err(text.into())
}
