//! The programs, and their workloads.

use std::path::{Path, PathBuf};

use crate::report::Row;

/// A program and a workload that takes some tenths of a second.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    origin: Origin,
    pub(crate) entry: Entry,
}

/// Where a program is from.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    /// A program of the tests, which is committed.
    Tests,
    /// By others, made by `fetch.sh`.
    Fetched,
    /// The same, but chosen for what this project does well.
    Chosen,
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
        Self { name, origin: Origin::Tests, entry: Entry::Start(arguments) }
    }

    const fn fetched(name: &'static str, entry: Entry) -> Self {
        Self { name, origin: Origin::Fetched, entry }
    }

    const fn command(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self::fetched(name, Entry::Start(arguments))
    }

    /// A row for measurements of it. Means are made of what others wrote.
    pub(crate) fn row(&self) -> Row {
        Row { is_apart: self.origin != Origin::Fetched, ..Row::new(self.name) }
    }

    pub(crate) fn path(&self) -> PathBuf {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = match self.origin {
            Origin::Tests => bench.join("../tests/programs"),
            Origin::Fetched | Origin::Chosen => bench.join("programs"),
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
    // From npm, as they are published.
    Program::fetched("quickjs", Entry::JavaScript(include_str!("../workloads/quickjs.js"))),
    Program::fetched("sourcemap", Entry::Calls(include_str!("../workloads/sourcemap.calls"))),
    Program::fetched("blake3", Entry::Calls(include_str!("../workloads/blake3.calls"))),
    Program::fetched("as-sha256", Entry::Calls(include_str!("../workloads/as-sha256.calls"))),
    Program::fetched("bcrypt", Entry::Calls(include_str!("../workloads/bcrypt.calls"))),
    Program::fetched("meshopt", Entry::Calls(include_str!("../workloads/meshopt.calls"))),
    // C.
    Program::command("lua", &["4"]),
    Program::command("sqlite", &["8000"]),
    Program::command("bzip2", &["600"]),
    Program::command("zlib", &["1024"]),
    Program::command("zstd", &["512"]),
    Program::command("lz4", &["2048"]),
    Program::command("xz", &["256"]),
    Program::command("zopfli", &["32"]),
    Program::command("cmark", &["512"]),
    Program::command("expat", &["512"]),
    Program::command("jansson", &["2000"]),
    Program::command("pcre2", &["256"]),
    Program::command("png", &["300"]),
    Program::command("webp", &["400"]),
    Program::command("stb", &["800"]),
    Program::command("mbedtls", &["1024"]),
    Program::command("tommath", &["3072"]),
    Program::command("flac", &["100"]),
    Program::command("kissfft", &["40"]),
    // C++.
    Program::command("snappy", &["1024"]),
    Program::command("double-conversion", &["50000"]),
    Program::command("pugixml", &["512"]),
    Program::command("rapidjson", &["5000"]),
    Program::command("minisat", &["150"]),
    Program::command("box2d", &["15"]),
    // Rust.
    Program::command("rust-regex", &["50"]),
    Program::command("rust-json", &["20"]),
    Program::command("rust-markdown", &["1500"]),
    Program::command("rust-collections", &["100"]),
    Program::command("rhai", &["200"]),
    Program::command("ed25519", &["200"]),
    // Go.
    Program::command("go-json", &["100"]),
    Program::command("go-regexp", &["100"]),
    Program::command("go-flate", &["500"]),
    // Zig.
    Program::fetched("zig-std", Entry::Calls(include_str!("../workloads/zig-std.calls"))),
    Program::fetched("ruby", Entry::None),
    Program {
        name: "secp256k1",
        origin: Origin::Chosen,
        entry: Entry::Calls(include_str!("../workloads/secp256k1.calls")),
    },
    Program::own("virtual", &["3000"]),
    Program::own("json", &["60"]),
    Program::own("hashing", &["25"]),
    Program::own("sha256", &["24576"]),
    Program::own("wide", &["1500000"]),
    Program::own("nbody", &["1500000"]),
    Program::own("mandelbrot", &["800"]),
    Program::own("vectors", &["800"]),
    Program::own("tailcalls", &["15000000"]),
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
