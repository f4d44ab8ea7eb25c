//! Writes the module that the check `differential` makes from an input, to look into what it found:
//!
//! ```console
//! $ cargo run --no-default-features --features checks --example module -- 598 > found.wasm
//! $ cargo run --no-default-features --features checks --example module -- artifacts/differential/crash-… > found.wasm
//! ```
//!
//! A number is the seed of an input of the smoke run.

use std::error::Error;
use std::io::Write as _;

use wasm_runtime_fuzz::{differential, smoke};

fn main() -> Result<(), Box<dyn Error>> {
    let what = std::env::args().nth(1).ok_or("which input: a seed or a file")?;
    let data = match what.parse() {
        Ok(seed) => smoke::input(seed),
        Err(_) => std::fs::read(&what)?,
    };
    let wasm = differential::module(&data).ok_or("no module can be made of this input")?;
    std::io::stdout().write_all(&wasm)?;
    Ok(())
}
