//! A short run of each check, the same every time.
//!
//! With the environment variable `SMOKE_INPUTS` the runs are longer or shorter.

use wasm_runtime_fuzz::smoke::smoke;

fn inputs(default: u64) -> u64 {
    match std::env::var("SMOKE_INPUTS") {
        Ok(number) => number.parse().expect("SMOKE_INPUTS is a number"),
        Err(_) => default,
    }
}

#[test]
fn validate() {
    smoke("validate", inputs(2000), wasm_runtime_fuzz::validate::check);
}

#[cfg(feature = "translate")]
#[test]
fn translate() {
    smoke("translate", inputs(250), wasm_runtime_fuzz::translate::check);
}

#[cfg(feature = "artifact-read")]
#[test]
fn artifact_read() {
    smoke("artifact_read", inputs(1500), wasm_runtime_fuzz::artifact_read::check);
}

#[cfg(feature = "artifact-run")]
#[test]
fn artifact_run() {
    smoke("artifact_run", inputs(10_000), wasm_runtime_fuzz::artifact_run::check);
}

#[cfg(feature = "differential")]
#[test]
fn differential() {
    smoke("differential", inputs(250), wasm_runtime_fuzz::differential::check);
}

#[cfg(feature = "api")]
#[test]
fn api() {
    smoke("api", inputs(700), wasm_runtime_fuzz::api::check);
}

#[cfg(feature = "components")]
#[test]
fn components() {
    smoke("components", inputs(120), wasm_runtime_fuzz::components::check);
}

#[cfg(feature = "continuations")]
#[test]
fn continuations() {
    smoke("continuations", inputs(60), wasm_runtime_fuzz::continuations::check);
}

#[cfg(feature = "components")]
#[test]
fn component_lift() {
    smoke("component_lift", inputs(120), wasm_runtime_fuzz::component_lift::check);
}

#[cfg(feature = "components")]
#[test]
fn component_parse() {
    smoke("component_parse", inputs(300), wasm_runtime_fuzz::component_parse::check);
}
