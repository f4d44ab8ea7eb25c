//! Compiles a module and reports how long each step took.
//!
//! ```text
//! cargo run --release -p wasm-translate --features parallel --example compile -- FILE [TARGET] [THREADS]
//! ```

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use wasm_translate::{Settings, compile_module_timed};
use wasm_types::{Module, WasmFeatures};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("usage: compile FILE [TARGET] [THREADS]")?;
    let target = args.next().unwrap_or_else(|| "x86_64-unknown-linux-gnu".into());
    let mut settings = Settings::for_target(&target)?;
    if let Some(threads) = args.next() {
        settings.threads(threads.parse()?);
    }
    if std::io::stderr().is_terminal() {
        settings.progress(Arc::new(|done, total| {
            if done % 100 == 0 || done == total {
                let _ = write!(std::io::stderr(), "\r{done} of {total} functions ");
            }
        }));
    }
    let wasm = std::fs::read(file)?;
    let start = Instant::now();
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default())?;
    let parsing = start.elapsed();
    let (compiled, timings) = compile_module_timed(&parsed, &wasm, &settings)?;
    println!("functions     {}", compiled.functions.len());
    println!("Wasm          {} bytes", wasm.len());
    println!("machine code  {} bytes", compiled.text.len());
    println!("traps         {}", compiled.traps.len());
    println!("address map   {}", compiled.address_map.len());
    println!("declarations  {parsing:?}");
    println!("analysis      {:?}", timings.analysis);
    println!("translation   {:?}", timings.translation);
    println!("optimisation  {:?}", timings.optimization);
    println!("codegen       {:?}", timings.codegen);
    println!("linking       {:?}", timings.linking);
    println!("in all        {:?}", start.elapsed());
    Ok(())
}
