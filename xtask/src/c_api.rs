//! The C API: building and installing the library, and what its tests need from elsewhere.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::check::Outcome;
use crate::linker::{self, Linking, Unwinding};
use crate::shell::Shell;

/// Wasmtime's Python package, whose own tests are run with this library in place of its own.
const PYTHON_PACKAGE: &str = "wasmtime==48.0.0";

/// The crate with Wasmtime's headers, which tests compare these with.
const HEADERS: &str = "wasmtime-c-api-impl";
const HEADERS_VERSION: &str = "48.0.8";

/// A path in single quotes, for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// How big the library without a compiler may be, in bytes.
const MOST_BYTES: u64 = 750_000;

/// Builds the library that only runs artifacts. Returns where it is, and how many bytes it may
/// have.
///
/// A panic ends the program: what C calls can't panic, so it would be a fault of the library. Then
/// no code needs tables and clean-up for unwinding, which were a third of it.
fn build_without_compiler(shell: &Shell) -> Result<(PathBuf, u64), String> {
    let Linking { flags, more } = linker::linking(shell, Unwinding::Never)?;
    shell.run(&format!(
        "RUSTFLAGS=\"$RUSTFLAGS -C force-unwind-tables=no\" cargo rustc --quiet --package wasm-c-api \
         --lib --profile small --config 'profile.small.panic=\"abort\"' --no-default-features \
         --crate-type cdylib -- {flags}"
    ))?;
    Ok((shell.target_dir().join("small/libwasm_c_api.so"), MOST_BYTES + more))
}

/// Checks the library without a compiler: its size, that it has all functions, and that a program
/// in C runs an artifact with it, which exports `add`.
pub(crate) fn without_compiler(shell: &Shell, artifact: &str) -> Result<(), String> {
    let (library, most) = build_without_compiler(shell)?;
    let about = |error| format!("{}: {error}", library.display());
    let size = fs::metadata(&library).map_err(about)?.len();
    println!("      libwasm_runtime_aot.so: {size} bytes, stripped");
    if size > most {
        return Err(format!(
            "the library without a compiler has {size} bytes, more than {most}: {}",
            library.display()
        ));
    }
    let source = shell.root().join("wasm-c-api");
    let symbols = source.join("symbols.txt");
    let bytes = fs::read(&library).map_err(about)?;
    let all = fs::read_to_string(&symbols).map_err(|error| error.to_string())?;
    // The names of dynamic symbols stand one behind the other, each between zeros.
    let names: HashSet<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let missing: Vec<&str> = all.lines().filter(|name| !names.contains(name.as_bytes())).collect();
    if !missing.is_empty() {
        return Err(format!("the library without a compiler lacks {}", missing.join(", ")));
    }
    let program = shell.target_dir().join("xtask/ahead");
    let sum = shell.output(&format!(
        "cc -std=gnu11 -I {} {} {} -o {program} && {program} {artifact}",
        quoted(&source.join("include")),
        quoted(&source.join("tests/c/ahead.c")),
        quoted(&library),
        program = quoted(&program),
    ))?;
    if sum.trim() != "42" {
        return Err(format!("the program in C says that 40 + 2 is {:?}", sum.trim()));
    }
    Ok(())
}

/// Builds the libraries, and installs them with their headers, a CMake package and files for
/// pkg-config.
pub(crate) fn install(shell: &Shell, prefix: &str) -> Result<(), String> {
    let about = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let prefix = std::path::absolute(prefix).map_err(|error| about(Path::new(prefix), error))?;
    shell.run(
        "cargo rustc --package wasm-c-api --lib --release --crate-type cdylib --crate-type staticlib",
    )?;
    let (library, built) = (prefix.join("lib"), shell.target_dir().join("release"));
    let package = library.join("cmake/wasm-runtime");
    for directory in [&package, &library.join("pkgconfig"), &prefix.join("include")] {
        fs::create_dir_all(directory).map_err(|error| about(directory, error))?;
    }
    for ending in ["so", "a"] {
        let from = built.join(format!("libwasm_c_api.{ending}"));
        let to = library.join(format!("libwasm_runtime.{ending}"));
        fs::copy(&from, to).map_err(|error| about(&from, error))?;
    }
    let (small, _) = build_without_compiler(shell)?;
    fs::copy(&small, library.join("libwasm_runtime_aot.so"))
        .map_err(|error| about(&small, error))?;
    let source = shell.root().join("wasm-c-api");
    shell.run(&format!(
        "cp -r {}/. {}",
        quoted(&source.join("include")),
        quoted(&prefix.join("include"))
    ))?;
    let version = env!("CARGO_PKG_VERSION");
    for (template, to) in [
        ("wasm-runtime-config.cmake", package.join("wasm-runtime-config.cmake")),
        ("wasm-runtime-config-version.cmake", package.join("wasm-runtime-config-version.cmake")),
        ("wasm_runtime.pc", library.join("pkgconfig/wasm_runtime.pc")),
        ("wasm_runtime_aot.pc", library.join("pkgconfig/wasm_runtime_aot.pc")),
    ] {
        let from = source.join("install").join(template);
        let text = fs::read_to_string(&from).map_err(|error| about(&from, error))?;
        let text =
            text.replace("@PREFIX@", &prefix.display().to_string()).replace("@VERSION@", version);
        fs::write(&to, text).map_err(|error| about(&to, error))?;
    }
    println!("installed into {}", prefix.display());
    Ok(())
}

/// Has Cargo fetch Wasmtime's headers into its registry, where tests look for them.
pub(crate) fn headers(shell: &Shell) -> Result<(), String> {
    let directory = shell.target_dir().join("c-api-headers");
    let about = |error: std::io::Error| format!("{}: {error}", directory.display());
    fs::create_dir_all(directory.join("src")).map_err(about)?;
    fs::write(directory.join("src/lib.rs"), "").map_err(about)?;
    let manifest = format!(
        "[package]\nname = \"headers\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{HEADERS} = \"={HEADERS_VERSION}\"\n"
    );
    fs::write(directory.join("Cargo.toml"), manifest).map_err(about)?;
    shell.run(&format!(
        "cargo fetch --quiet --manifest-path {}",
        quoted(&directory.join("Cargo.toml"))
    ))
}

/// Runs the tests of Wasmtime's Python package, with this library in place of its own.
pub(crate) fn python(shell: &Shell) -> Result<Outcome, String> {
    let directory = shell.target_dir().join("c-api-python");
    let about = |error: std::io::Error| format!("{}: {error}", directory.display());
    fs::create_dir_all(&directory).map_err(about)?;
    let at = quoted(&directory);
    if shell.output("python3 --version").is_err() {
        return Ok(Outcome::Skipped("there is no python3".to_owned()));
    }
    let prepared = shell.run(&format!(
        "cd {at} && python3 -m venv venv && venv/bin/pip --quiet install pytest {PYTHON_PACKAGE} && \
         venv/bin/pip --quiet download --no-deps --no-binary :all: {PYTHON_PACKAGE}"
    ));
    if let Err(error) = prepared {
        let reason = format!("PyPI is not reached, or has no {PYTHON_PACKAGE}: {error}");
        return Ok(Outcome::Skipped(reason));
    }
    shell.run("cargo build --package wasm-c-api")?;
    let library: PathBuf = shell.target_dir().join("debug/libwasm_c_api.so");
    shell.run(&format!(
        "cd {at} && rm -rf run && mkdir run && tar -xf wasmtime-48.0.0.tar.gz -C run \
         --strip-components 1 && rm -rf run/wasmtime run/pytest.ini && \
         cp -r venv/lib/python3*/site-packages/wasmtime run/ && \
         cp {} run/wasmtime/linux-x86_64/_libwasmtime.so",
        quoted(&library)
    ))?;
    // Its texts of components are in an older syntax, and `wasi:http` is not there.
    shell.run(&format!(
        "cd {at}/run && PYTHONPATH=. WAST_STRICT_COMPONENT_INDICES=0 ../venv/bin/python -m pytest -q \
         tests --deselect tests/component/test_linker.py::TestLinker::test_add_wasi_http"
    ))?;
    Ok(Outcome::Passed)
}
