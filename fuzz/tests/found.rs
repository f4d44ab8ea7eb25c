//! What fuzzers have found is checked again: `found/TARGET/NAME.input` is the input of a target,
//! and `NAME.wasm` or `NAME.wat` beside it is a module for the target `differential`.

#![cfg(feature = "differential")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use wasm_runtime_fuzz::differential;
use wasm_runtime_fuzz::targets::check_of;

#[test]
fn what_was_found_stays_mended() {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
    let mut checked = 0;
    let mut failed = Vec::new();
    for target in fs::read_dir(found).unwrap().map(|entry| entry.unwrap().path()) {
        let name = target.file_name().unwrap().to_str().unwrap();
        let Some(check) = check_of(name) else { continue };
        for file in fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().path()) {
            let run = || match file.extension().and_then(|ending| ending.to_str()) {
                Some("input") => check(&fs::read(&file).unwrap()),
                Some("wasm" | "wat") => {
                    differential::check_module(&wat::parse_file(&file).unwrap())
                }
                _ => panic!("neither an input nor a module"),
            };
            checked += 1;
            // If the process ends here, the last file that was named is the cause.
            eprintln!("{}", file.display());
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                failed.push(file);
            }
        }
    }
    assert!(checked > 0, "nothing was found to check");
    assert!(failed.is_empty(), "found before, and there again: {failed:?}");
}
