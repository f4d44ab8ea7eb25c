//! Loads an artifact and prints where it was loaded, or why it cannot run here.
//!
//! `cargo run --example load FILE`

use std::error::Error;
use std::process::ExitCode;

use wasm_loader::{Loaded, registry};
use wasm_types::EntityIndex;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        println!("Say which artifact to load: cargo run --example load FILE");
        return ExitCode::SUCCESS;
    };
    match load(path.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn load(path: &std::path::Path) -> Result<(), Box<dyn Error>> {
    // SAFETY: nothing in the artifact is called here. The user who names a file to this example is
    // expected not to change it meanwhile.
    let loaded = unsafe { Loaded::from_file(path) }?;
    let artifact = loaded.artifact();
    println!("{} bytes of code at {:#x}", artifact.text().len(), loaded.text().start);
    let imported = artifact.counts().imported_functions;
    for export in artifact.exports() {
        let export = export?;
        let EntityIndex::Func(func) = export.index else { continue };
        let Some(defined) = func.as_u32().checked_sub(imported) else { continue };
        let entry = loaded.function_ptr(wasm_types::DefinedFuncIndex::new(defined))?;
        println!("  {:?} at {entry:p}", export.name);
        assert!(registry::is_code(entry.addr()));
    }
    Ok(())
}
