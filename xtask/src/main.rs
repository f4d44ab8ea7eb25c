//! The project's checks: one table ([`table::CHECKS`]) that CI and people call the same way.
//!
//! This file holds the command line. `cargo xtask list` shows the table, `cargo xtask ci` runs all
//! of it, `cargo xtask NAME…` runs some.

#![forbid(unsafe_code)]

mod c_api;
mod check;
mod checks;
mod fuzzing;
mod linker;
mod manifest;
mod shell;
mod table;

use std::process::ExitCode;

use check::Check;
use shell::Shell;

const USAGE: &str = "\
The project's checks.

Usage:
  cargo xtask list        show each check: what it runs and why
  cargo xtask ci          run all of them
  cargo xtask NAME...     run some of them, with their output on the terminal

  cargo xtask features-docs --write
                          write the lists of features in READMEs and documentation anew
  cargo xtask component-suite FOLDER
                          run the component model's own test scripts from a folder
  cargo xtask c-api PREFIX
                          build the C library and install it, with headers, into a directory
  cargo xtask c-api-headers
                          fetch Wasmtime's headers, which tests of the C API compare with
  cargo xtask fuzz-seeds  write inputs for the fuzzers to begin with, and a dictionary
  cargo xtask fuzz-test TARGET FILE NAME
                          make a test of what a fuzzer has found: of its file, or of a seed

Examples:
  cargo xtask fmt clippy  before a commit
  cargo xtask test        what the README says to run
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        ["list"] => {
            table::CHECKS.iter().for_each(Check::describe);
            ExitCode::SUCCESS
        }
        ["ci"] => run(table::CHECKS.iter().collect(), &Shell::logging()),
        ["features-docs", "--write"] => exit(checks::features_docs::write(&Shell::inheriting())),
        ["component-suite", folder] => {
            exit(checks::components::suite(&Shell::inheriting(), folder))
        }
        ["c-api", prefix] => exit(c_api::install(&Shell::inheriting(), prefix)),
        ["c-api-headers"] => exit(c_api::headers(&Shell::inheriting())),
        ["fuzz-seeds"] => exit(fuzzing::seeds(&Shell::inheriting())),
        ["fuzz-test", target, file, name] => {
            exit(fuzzing::test(&Shell::inheriting(), target, file, name))
        }
        names => match names.iter().map(|name| find(name)).collect() {
            Ok(checks) => run(checks, &Shell::inheriting()),
            Err(unknown) => {
                let names: Vec<&str> = table::CHECKS.iter().map(|check| check.name).collect();
                eprintln!("there is no check `{unknown}`; there are: {}", names.join(", "));
                ExitCode::from(2)
            }
        },
    }
}

fn exit(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn find(name: &str) -> Result<&'static Check, &str> {
    table::CHECKS.iter().find(|check| check.name == name).ok_or(name)
}

/// Runs checks. It continues after a failure, and prints at the end how many passed.
fn run(checks: Vec<&Check>, shell: &Shell) -> ExitCode {
    let mut failed = Vec::new();
    for check in &checks {
        if !check.run(shell) {
            failed.push(check.name);
        }
    }
    if !failed.is_empty() {
        println!("failed: {} (`cargo xtask NAME` runs one again)", failed.join(", "));
    }
    println!("{} passed, {} failed", checks.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
