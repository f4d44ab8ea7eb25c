//! The programs, and their workloads.

use std::path::{Path, PathBuf};

/// A program and a workload that takes some tenths of a second.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    place: Folder,
    pub(crate) entry: Entry,
}

enum Folder {
    /// A program of the tests, which is committed.
    Tests,
    /// Made by `fetch.sh`.
    Fetched,
}

/// How a program is run.
pub(crate) enum Entry {
    /// `_start` with these arguments.
    Start(&'static [&'static str]),
    /// The JavaScript engine evaluates this script.
    JavaScript(&'static str),
    /// Functions are called as this text says: see `calls.rs`.
    Calls(&'static str),
    /// The program is only compiled and loaded.
    None,
}

impl Program {
    const fn own(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self { name, place: Folder::Tests, entry: Entry::Start(arguments) }
    }

    const fn fetched(name: &'static str, entry: Entry) -> Self {
        Self { name, place: Folder::Fetched, entry }
    }

    pub(crate) fn path(&self) -> PathBuf {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = match self.place {
            Folder::Tests => bench.join("../tests/programs"),
            Folder::Fetched => bench.join("programs"),
        };
        folder.join(format!("{}.wasm", self.name))
    }

    /// The module. `None`, with a message, if it was not fetched.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        match std::fs::read(self.path()) {
            Ok(wasm) => Some(wasm),
            Err(error) => {
                eprintln!("left out: {}: {error} (run fetch.sh)", self.path().display());
                None
            }
        }
    }
}

pub(crate) const PROGRAMS: &[Program] = &[
    Program::fetched("quickjs", Entry::JavaScript(include_str!("../workloads/quickjs.js"))),
    Program::fetched("lua", Entry::Start(&["4"])),
    Program::fetched("sqlite", Entry::Start(&["8000"])),
    Program::fetched("bzip2", Entry::Start(&["600"])),
    Program::fetched("zlib", Entry::Start(&["1024"])),
    Program::fetched("sourcemap", Entry::Calls(include_str!("../workloads/sourcemap.calls"))),
    Program::fetched("secp256k1", Entry::Calls(include_str!("../workloads/secp256k1.calls"))),
    Program::fetched("blake3", Entry::Calls(include_str!("../workloads/blake3.calls"))),
    Program::own("virtual", &["3000"]),
    Program::own("json", &["60"]),
    Program::own("hashing", &["25"]),
    Program::own("sha256", &["24576"]),
    Program::own("wide", &["1500000"]),
    Program::own("nbody", &["1500000"]),
    Program::own("mandelbrot", &["800"]),
    Program::own("vectors", &["800"]),
    Program::own("tailcalls", &["15000000"]),
    Program::fetched("ruby", Entry::None),
];

/// Programs in Kotlin, which keep their data in a garbage-collected heap.
pub(crate) const OBJECT_PROGRAMS: &[Program] = &[
    Program::own("kotlin-machines", &["100000"]),
    Program::own("kotlin-trees", &["16"]),
    Program::own("kotlin-collections", &[]),
    Program::own("kotlin-exceptions", &[]),
];

/// The programs that exist, with their modules.
pub(crate) fn modules() -> impl Iterator<Item = (&'static Program, Vec<u8>)> {
    PROGRAMS.iter().filter_map(|program| Some((program, program.read()?)))
}
