//! Execution: modules do here what they do in Wasmi.
//!
//! A module made by wasm-smith is instantiated and each function that it exports is called once,
//! with arguments that depend only on its type; in a new instance where the one before may have come
//! to its end. What is compared: results, traps, what the host was called with, and then all globals,
//! memories and tables.

mod ours;
mod outcome;
mod peer;
mod plan;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arbitrary::Result;
use wasm_types::{Module, WasmFeatures};

use crate::generate;
use outcome::Outcome;
use plan::Plan;

/// How many calls and loop iterations a module may make. Less than the depth of recursion that
/// either side has room for in all but extreme cases.
const FUEL: u32 = 1000;

/// Runs a module that is made from the bytes, on both sides.
///
/// # Panics
///
/// If there is a difference.
pub fn check(data: &[u8]) {
    let _ = generated(data);
}

/// The module that [`check`] makes of the bytes, if they are enough for one.
pub fn module(data: &[u8]) -> Option<Vec<u8>> {
    generate::runnable(&mut generate::split(data).1, FUEL).ok()
}

fn generated(data: &[u8]) -> Result<()> {
    let (mut how, mut what) = generate::split(data);
    let settings = ours::Settings::arbitrary(&mut how)?;
    let wasm = generate::runnable(&mut what, FUEL)?;
    check_binary(&wasm, &settings);
    Ok(())
}

/// Runs a module on both sides, with default settings.
///
/// # Panics
///
/// If there is a difference, or if the module is not valid.
pub fn check_module(wasm: &[u8]) {
    check_binary(wasm, &ours::Settings::default());
}

fn check_binary(wasm: &[u8], settings: &ours::Settings) {
    let module = Module::parse(wasm, WasmFeatures::SUPPORTED)
        .unwrap_or_else(|error| panic!("generated modules are valid: {error}"));
    let Some(plan) = Plan::new(module, wasm) else { return };
    // Wasmi's translation panics on a few modules, by an assertion of its own.
    let Ok(peer) = catch_unwind(AssertUnwindSafe(|| peer::run(wasm, &plan))) else { return };
    let ours = ours::run(wasm, &plan, settings);
    for (ours, peer) in ours.iter().zip(&peer) {
        // How deep a stack is differs, and what else there is room for.
        if peer.gave_up() || ours.gave_up() {
            return;
        }
        compare(ours, peer, settings);
    }
    assert_eq!(ours.len(), peer.len());
}

fn compare(ours: &Outcome, peer: &Outcome, settings: &ours::Settings) {
    assert_eq!(ours.instantiated, peer.instantiated, "instantiation differs ({settings:?})");
    for (ours, peer) in ours.calls.iter().zip(&peer.calls) {
        assert_eq!(ours, peer, "calls differ: ours first, Wasmi's second ({settings:?})");
    }
    assert_eq!(ours, peer, "state differs: ours first, Wasmi's second ({settings:?})");
}
