//! Makes a test of something that a fuzzer has found: of an input, or of the module that was made
//! from it.
//!
//! ```console
//! $ cargo run --no-default-features --features checks --example keep -- \
//!       differential artifacts/differential/crash-… shifts-by-vectors
//! ```
//!
//! The arguments are the target, the file (or the seed of an input of the smoke run), and a name
//! that says what was wrong. From then on `tests/found.rs` runs the test.

use std::error::Error;
use std::fs;
use std::path::Path;

use wasm_runtime_fuzz::targets::{TARGETS, check_of};
use wasm_runtime_fuzz::{differential, smoke};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [target, what, name] = args.as_slice() else {
        return Err("usage: keep TARGET FILE-OR-SEED NAME".into());
    };
    if check_of(target).is_none() {
        return Err(format!("there is no target `{target}`: {}", TARGETS.join(", ")).into());
    }
    let data = match what.parse() {
        Ok(seed) => smoke::input(seed),
        Err(_) => fs::read(what).map_err(|error| format!("{what}: {error}"))?,
    };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found").join(target);
    fs::create_dir_all(&directory)?;
    let mut kept = vec![(directory.join(name).with_extension("input"), data.clone())];
    // Another version of wasm-smith makes another module from the same input.
    if target == "differential"
        && let Some(wasm) = differential::module(&data)
    {
        kept.push((directory.join(name).with_extension("wasm"), wasm));
    }
    for (path, bytes) in kept {
        if fs::exists(&path)? {
            return Err(format!("{} is there already: take another name", path.display()).into());
        }
        fs::write(&path, bytes)?;
        println!("{}", path.display());
    }
    println!(
        "`cargo test --no-default-features --features checks --test found` has to fail now, and to \
         pass when it is mended"
    );
    Ok(())
}
