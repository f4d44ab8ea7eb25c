//! Components: what they import and export, and what their artifacts have in them.

use std::fmt::Write as _;

use wasm_artifact::ComponentArtifact;
use wasm_component::Plan;
use wasm_runtime::error::Context;
use wasm_runtime::{Result, bail};

use super::Inspect;
use crate::input::Input;

/// The report on a component, compiled or not.
pub(super) fn report(inspect: &Inspect, input: &Input) -> Result<String> {
    if let Some(name) = &inspect.table {
        bail!("--table {name} is for artifacts of modules, and {} is a component", inspect.file);
    }
    match input {
        Input::Wasm(wasm) => of_wasm(wasm, inspect.all).with_context(|| inspect.file.to_string()),
        Input::Artifact(_) => {
            let bytes = input.bytes(&inspect.file)?;
            let artifact = ComponentArtifact::parse(&bytes)
                .with_context(|| format!("{} is damaged", inspect.file))?;
            let report = wasm_artifact::inspect_component(&artifact);
            let mut text = if inspect.all { report.all() } else { report }.to_string();
            text.push('\n');
            show(&mut text, artifact.plan(), inspect.all)?;
            Ok(text)
        }
    }
}

/// Appends the imports and exports.
fn show(text: &mut String, plan: &[u8], all: bool) -> Result<()> {
    let plan = Plan::parse(plan)?.show();
    let written = if all { write!(text, "{plan:#}") } else { write!(text, "{plan}") };
    // A string takes what it is given.
    written.ok();
    Ok(())
}

#[cfg(feature = "jit")]
fn of_wasm(wasm: &[u8], all: bool) -> Result<String> {
    // Whatever may be used, so that anything can be looked at.
    let features = wasm_runtime::WasmFeatures::all();
    let translation = wasm_component_translate::translate(wasm, features)?;
    let mut text = format!("WebAssembly component, {} bytes\n\n", wasm.len());
    show(&mut text, &translation.plan, all)?;
    Ok(text)
}

#[cfg(not(feature = "jit"))]
fn of_wasm(_: &[u8], _: bool) -> Result<String> {
    bail!(
        "this is a WebAssembly component, and this program was built to read artifacts only: its \
         feature `jit` is off"
    )
}
