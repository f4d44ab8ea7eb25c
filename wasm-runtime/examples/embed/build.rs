//! Compiles the module that the program embeds.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use wasm_runtime::{Config, Engine};

const SOURCE: &str = "src/add.wat";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    // The machine that the program is for, of whose instruction set extensions nothing is known:
    // not the one that builds it.
    let mut config = Config::new();
    config.target(&env::var("TARGET")?)?;
    let artifact = Engine::new(&config)?.precompile_module(&fs::read(SOURCE)?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("add.cwasm"), artifact)?;
    Ok(())
}
