//! Loading artifacts, and their sizes.

use std::path::{Path, PathBuf};
use std::time::Instant;

use wasm_runtime::sign::{SigningKey, TrustPolicy, sign};

use crate::alternate::alternate;
use crate::generated;
use crate::ours::runtime as ours;
use crate::programs::modules;
use crate::report::Row;
use crate::theirs::runtime as theirs;

/// How many functions the generated module has.
const MANY: usize = 30_000;

/// The time until there is a module. Neither side checks who made the file.
pub(crate) fn unverified(rounds: usize) -> Vec<Row> {
    each(|name, ours, theirs| {
        let (a, b) = sides();
        let files = Files::new(name, ours, theirs);
        alternate(name, rounds, || a.load(&files.ours), || b.load(&files.theirs))
    })
}

/// The time until there is a module whose signature was verified.
pub(crate) fn verified(rounds: usize) -> Vec<Row> {
    let key = SigningKey::from_seed(&[7; 32]);
    let policy = TrustPolicy::new().key(key.public_key());
    let mut config = wasm_runtime::Config::new();
    // SAFETY: only what was just compiled is signed.
    unsafe { config.trust(policy) };
    let engine = wasm_runtime::Engine::new(&config).expect("default settings");
    each(|name, ours, theirs| {
        let mut signed = ours.to_vec();
        sign(&mut signed, &key).expect("an artifact");
        let files = Files::new(name, &signed, theirs);
        let (_, b) = sides();
        let load = || {
            let start = Instant::now();
            let module = wasm_runtime::Module::from_file(&engine, &files.ours);
            let time = start.elapsed().as_secs_f64();
            drop(module.expect("it is signed with the right key"));
            time
        };
        alternate(name, rounds, load, || b.load(&files.theirs))
    })
}

/// The sizes of artifacts, in bytes.
pub(crate) fn size(_: usize) -> Vec<Row> {
    each(|name, ours, theirs| {
        let mut row = Row::new(name);
        row.ours.push(ours.len() as f64);
        row.theirs.push(theirs.len() as f64);
        row
    })
}

fn sides() -> (ours::Runtime, theirs::Runtime) {
    (ours::Runtime::new(true), theirs::Runtime::new(true))
}

/// Measures something with the artifacts of each program, and with those of a large module.
fn each(mut measure: impl FnMut(&str, &[u8], &[u8]) -> Row) -> Vec<Row> {
    let (a, b) = sides();
    let mut rows = Vec::new();
    for (program, wasm) in modules() {
        rows.push(measure(program.name, &a.artifact(&wasm), &b.artifact(&wasm)));
    }
    let wasm = generated::functions(MANY);
    rows.push(measure("30,000 functions", &a.artifact(&wasm), &b.artifact(&wasm)));
    rows
}

/// The artifacts of both sides as temporary files.
pub(crate) struct Files {
    pub(crate) ours: PathBuf,
    pub(crate) theirs: PathBuf,
}

impl Files {
    pub(crate) fn new(name: &str, ours: &[u8], theirs: &[u8]) -> Self {
        let write = |side: &str, artifact: &[u8]| {
            let name = name.replace([' ', ','], "-");
            let process = std::process::id();
            let file = std::env::temp_dir().join(format!("wasm-bench-{process}-{name}-{side}"));
            std::fs::write(&file, artifact).expect("a folder for temporary files");
            file
        };
        Self { ours: write("ours", ours), theirs: write("theirs", theirs) }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let remove = |file: &Path| {
            let _ = std::fs::remove_file(file);
        };
        remove(&self.ours);
        remove(&self.theirs);
    }
}
