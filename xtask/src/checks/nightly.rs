//! Checks that need parts of nightly Rust. They are skipped where those are not installed.

use crate::check::Outcome;
use crate::shell::Shell;

/// Tests of code that neither contains nor runs machine code: all tests of the vocabulary, of
/// reading and writing artifacts, and of the guest's memory as WASI sees it. Some have inputs that
/// are too large for Miri.
const MIRI: &[&str] = &[
    "cargo +nightly miri test --package wasm-types --lib",
    "cargo +nightly miri test --package wasm-artifact --features write,inspect --lib --test round_trip --test images",
    "cargo +nightly miri test --package wasm-wasi --no-default-features --lib memory",
];

/// Runs these tests in the interpreter that detects undefined behaviour.
pub(crate) fn miri(shell: &Shell) -> Result<Outcome, String> {
    if shell.output("cargo +nightly miri --version").is_err() {
        let why = "nightly Rust with Miri is not installed: `rustup component add miri --toolchain nightly`";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    for line in MIRI {
        // The tests read the clock and make temporary files.
        shell
            .run(&format!("MIRIFLAGS=-Zmiri-disable-isolation {line} --target-dir target/miri"))?;
    }
    Ok(Outcome::Passed)
}

/// What AddressSanitizer must leave to the store: traps use faults and signal stacks, and if the
/// allocator can't allocate, that is an error of the store.
const ASAN_OPTIONS: &str = "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:use_sigaltstack=0:\
     allow_user_segv_handler=1:detect_stack_use_after_return=0:detect_leaks=0:\
     allocator_may_return_null=1";

/// The tests of the store that need a compiler, and its own tests.
const ASAN: &[&str] = &[
    "--package wasm-store --lib",
    "--package wasm-runtime --test store --test state --test reuse",
];

/// The tests of what threads share, without those that run Wasm: ThreadSanitizer knows neither its
/// stacks nor its accesses.
const TSAN: &str = "--package wasm-store --lib -- parking shared_memory interruption";

/// Whether the sources of nightly's standard library are installed; `None` without nightly.
fn library_sources(shell: &Shell) -> Option<bool> {
    let sysroot = shell.output("rustc +nightly --print sysroot").ok()?;
    let library = format!("{}/lib/rustlib/src/rust/library/Cargo.lock", sysroot.trim());
    Some(std::fs::exists(library).unwrap_or(false))
}

/// Runs tests under ThreadSanitizer, which has to see the standard library's locks, too.
pub(crate) fn tsan(shell: &Shell) -> Result<Outcome, String> {
    if library_sources(shell) != Some(true) {
        let why = "nightly Rust with the sources of its library is not installed: `rustup component \
                   add rust-src --toolchain nightly`";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let host = shell.output("rustc +nightly --print host-tuple")?;
    shell.run(&format!(
        "RUSTFLAGS=-Zsanitizer=thread cargo +nightly test -Zbuild-std --target {} \
         --target-dir target/tsan {TSAN}",
        host.trim()
    ))?;
    Ok(Outcome::Passed)
}

/// Runs the store's tests under AddressSanitizer.
pub(crate) fn asan(shell: &Shell) -> Result<Outcome, String> {
    let Some(has_sources) = library_sources(shell) else {
        let why = "nightly Rust is not installed: `rustup toolchain install nightly`";
        return Ok(Outcome::Skipped(why.to_owned()));
    };
    // If its sources are installed, the standard library is checked as well.
    let build_std = if has_sources { "-Zbuild-std" } else { "" };
    let host = shell.output("rustc +nightly --print host-tuple")?;
    for tests in ASAN {
        shell.run(&format!(
            "RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS={ASAN_OPTIONS} cargo +nightly test {build_std} \
             {tests} --target {} --target-dir target/asan",
            host.trim()
        ))?;
    }
    Ok(Outcome::Passed)
}
