//! Writes inputs for fuzzers to start with into `corpus/TARGET`, and a dictionary into `wasm.dict`:
//!
//! ```console
//! $ cargo run --no-default-features --features checks --example seeds
//! ```
//!
//! Targets that take binaries get the modules of this repository, as they are or compiled. All
//! targets get some inputs of the smoke run. Files that exist already stay.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_runtime::Engine;
use wasm_runtime_fuzz::smoke;
use wasm_runtime_fuzz::targets::TARGETS;

/// Where modules are, below the root of the repository.
const MODULES: &[&str] = &[
    "fuzz/src",
    "tests/programs",
    "tests/reactors",
    "wasm-runtime/examples",
    "wasm-translate/tests",
];

/// How many inputs of the smoke run each target gets.
const SMOKE_INPUTS: u64 = 64;

/// How large an input may be, in bytes. Fuzzers cut off what is longer.
const MOST_BYTES: usize = 64 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for directory in MODULES {
        modules(&fuzz.join("..").join(directory), &mut files)?;
    }
    files.sort();
    let engine = Engine::default();
    let mut written = 0;
    for file in &files {
        // Some texts are wrong on purpose, for tests of errors.
        let Ok(wasm) = wat::parse_file(file) else { continue };
        let name = name(file);
        written += write(fuzz, "validate", &name, &wasm)?;
        written += write(fuzz, "translate", &name, &wasm)?;
        if let Ok(artifact) = engine.precompile_module(&wasm) {
            written += write(fuzz, "artifact_read", &name, &artifact)?;
        }
    }
    for target in TARGETS {
        for seed in 0..SMOKE_INPUTS {
            written += write(fuzz, target, &format!("smoke-{seed}"), &smoke::input(seed))?;
        }
    }
    fs::write(fuzz.join("wasm.dict"), dictionary())?;
    println!("{written} inputs in {}, and wasm.dict", fuzz.join("corpus").display());
    Ok(())
}

/// All modules below a directory, as binaries or texts.
fn modules(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            modules(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "wasm" || ending == "wat") {
            files.push(path);
        }
    }
    Ok(())
}

/// The name of an input that is made from a file: the end of its path.
fn name(file: &Path) -> String {
    let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy()).collect();
    parts[parts.len().saturating_sub(3)..].join("-")
}

/// Writes an input if it is not too large. Returns how many were written.
fn write(fuzz: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<usize, Box<dyn Error>> {
    if bytes.len() > MOST_BYTES {
        return Ok(0);
    }
    let directory = fuzz.join("corpus").join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)?;
    Ok(1)
}

/// Words that a fuzzer would need a long time to find by itself, in the format of libFuzzer and
/// AFL.
fn dictionary() -> String {
    let mut dictionary = String::from("# Made by `cargo xtask fuzz-seeds`.\n");
    let mut word = |name: String, bytes: &[u8]| {
        let bytes: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        writeln!(dictionary, "{name}=\"{bytes}\"").expect("text can be written to a string");
    };
    word("module".into(), b"\0asm\x01\0\0\0");
    word("component".into(), b"\0asm\x0d\0\x01\0");
    word("elf".into(), b"\x7fELF\x02\x01\x01");
    word("padding_of_artifacts".into(), b"wasm-rt");
    word("custom_section_name".into(), b"\x04name");
    // A section with one entry. A fuzzer can still change its size.
    for id in 1..=13 {
        word(format!("section_{id}"), &[id, 4, 1]);
    }
    for (name, ty) in [
        ("i32", 0x7f),
        ("i64", 0x7e),
        ("f32", 0x7d),
        ("f64", 0x7c),
        ("v128", 0x7b),
        ("funcref", 0x70),
        ("externref", 0x6f),
    ] {
        word(format!("type_{name}"), &[ty]);
        word(format!("function_of_{name}"), &[0x60, 1, ty, 1, ty]);
        word(format!("constant_end_{name}"), &[ty, 0x0b]);
    }
    // Numbers at the limits of their encoding.
    word("u32_greatest".into(), &[0xff, 0xff, 0xff, 0xff, 0x0f]);
    word("u32_too_long".into(), &[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]);
    word("i32_least".into(), &[0x80, 0x80, 0x80, 0x80, 0x78]);
    word("u64_greatest".into(), &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    // Operators with a prefix: conversions, bulk operators for memories and tables, vectors,
    // relaxed vectors.
    for operator in 0..=17 {
        word(format!("bulk_{operator}"), &[0xfc, operator]);
    }
    for operator in (0..=255).step_by(3).chain(256..=275) {
        let low = (operator & 0x7f) as u8 | if operator > 0x7f { 0x80 } else { 0 };
        let bytes = [0xfd, low, (operator >> 7) as u8];
        word(format!("vector_{operator}"), &bytes[..if operator > 0x7f { 3 } else { 2 }]);
    }
    dictionary
}
