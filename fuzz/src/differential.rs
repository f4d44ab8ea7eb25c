//! Execution: modules do the same here as in Wasmi or Wasmtime.
//!
//! A module made by wasm-smith, or one that does much with objects and exceptions (`objects`), is
//! instantiated, and each function that it exports is called once.
//! The arguments depend only on its type. If a call may have used up all fuel, the next one gets a
//! new instance. The comparison covers results, traps, the arguments of host functions, and at the
//! end all globals, memories and tables. References to objects are compared by what they lead to.
//!
//! With the feature `wasmtime`, Wasmtime also runs the module if there is a trap or a difference,
//! or if Wasmi can't run it since it has references to objects or exceptions. Then Wasmtime decides
//! what is right, and traps must be where it reports them.

mod objects;
mod ours;
mod outcome;
mod peer;
mod plan;
mod value;
#[cfg(feature = "wasmtime")]
mod wasmtime;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arbitrary::{Result, Unstructured};
use wasm_types::{Module, WasmFeatures};

use crate::generate;
use crate::tally::count;
use outcome::Outcome;
use plan::Plan;

/// How many calls and loop iterations a module may make. Except in extreme cases, both sides have
/// room for a deeper recursion than this.
const FUEL: u32 = 1000;

/// Runs a module that is made from the bytes, on both sides.
///
/// # Panics
///
/// If there is a difference.
pub fn check(data: &[u8]) {
    let _ = generated(data);
}

/// The module that [`check`] makes from the bytes, if there are enough of them.
pub fn module(data: &[u8]) -> Option<Vec<u8>> {
    make(&mut generate::split(data).1).ok()
}

fn make(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 6)? {
        let text = objects::text(u)?;
        return Ok(wat::parse_str(&text).expect("what is written is right"));
    }
    generate::runnable(u, FUEL)
}

fn generated(data: &[u8]) -> Result<()> {
    let (mut how, mut what) = generate::split(data);
    let settings = ours::Settings::arbitrary(&mut how)?;
    // Most modules trap. To run each in Wasmtime would take more time than everything else.
    let compare_places = how.ratio(1, 8)?;
    let wasm = make(&mut what)?;
    check_binary(&wasm, &settings, compare_places);
    Ok(())
}

/// Runs a module on both sides, with default settings.
///
/// # Panics
///
/// If there is a difference, or if the module is not valid.
pub fn check_module(wasm: &[u8]) {
    check_binary(wasm, &ours::Settings::default(), true);
}

fn check_binary(wasm: &[u8], settings: &ours::Settings, compare_places: bool) {
    let module = Module::parse(wasm, WasmFeatures::SUPPORTED)
        .unwrap_or_else(|error| panic!("generated modules are valid: {error}"));
    let Some(plan) = Plan::new(module, wasm) else {
        count("modules that were left out");
        return;
    };
    count("modules that ran");
    let mut ours = ours::run(wasm, &plan, settings);
    let places = outcome::take_places(&mut ours);
    if plan.only_wasmtime && !cfg!(feature = "wasmtime") {
        return;
    }
    let differs = if plan.only_wasmtime || without_wasmi() {
        Some("Wasmi was not asked".to_owned())
    } else {
        // An assertion in Wasmi's translation fails for a few modules.
        let peer = catch_unwind(AssertUnwindSafe(|| peer::run(wasm, &plan)));
        count(if peer.is_ok() {
            "modules compared with Wasmi"
        } else {
            "modules that Wasmi fails on"
        });
        peer.ok().and_then(|peer| difference(&ours, &peer, "Wasmi"))
    };
    if compare_places || differs.is_some() {
        decide(wasm, &plan, &ours, &places, differs, settings);
    }
}

/// Whether Wasmtime decides about every module. This is for modules that end Wasmi.
fn without_wasmi() -> bool {
    cfg!(feature = "wasmtime") && std::env::var_os("SMOKE_WITHOUT_WASMI").is_some()
}

/// Wasmtime decides what is right, and reports where traps are.
#[cfg(feature = "wasmtime")]
fn decide(
    wasm: &[u8],
    plan: &Plan,
    ours: &[Outcome],
    places: &[outcome::TrapFrames],
    differs: Option<String>,
    settings: &ours::Settings,
) {
    if differs.is_none() && places.is_empty() {
        return;
    }
    let mut theirs = wasmtime::run(wasm, plan);
    let their_places = outcome::take_places(&mut theirs);
    if ours.iter().chain(&theirs).any(Outcome::gave_up) {
        count("modules that ran out of something");
        return;
    }
    count("modules compared with Wasmtime");
    if plan.only_wasmtime {
        count("modules compared with Wasmtime alone, for objects and exceptions");
    }
    if let Some(differs) = difference(ours, &theirs, "Wasmtime") {
        panic!("{differs} ({settings:?})");
    }
    assert_eq!(places.len(), their_places.len());
    for (ours, theirs) in places.iter().zip(&their_places) {
        assert!(
            ours == theirs || is_sunken_load(wasm, ours, theirs),
            "a trap is elsewhere: {ours:x?}, in Wasmtime {theirs:x?} ({settings:?})"
        );
    }
}

/// Whether the only difference is that Wasmtime reports the trap of a load at the operator that
/// uses the loaded value. It does so if both become one instruction.
#[cfg(feature = "wasmtime")]
fn is_sunken_load(wasm: &[u8], ours: &outcome::TrapFrames, theirs: &outcome::TrapFrames) -> bool {
    let ([(func, Some(at), _), ours @ ..], [(other, Some(later), _), theirs @ ..]) =
        (ours.as_slice(), theirs.as_slice())
    else {
        return false;
    };
    let is_load = match wasm[*at] {
        // Of elements of tables too: with mitigations it is the load that traps.
        0x25 | 0x28..=0x35 => true,
        0xfd => matches!(wasm[at + 1], 0x00..=0x0a | 0x54..=0x57 | 0x5c..=0x5d),
        _ => false,
    };
    is_load && func == other && at < later && ours == theirs
}

#[cfg(not(feature = "wasmtime"))]
fn decide(
    _wasm: &[u8],
    _plan: &Plan,
    _ours: &[Outcome],
    _places: &[outcome::TrapFrames],
    differs: Option<String>,
    settings: &ours::Settings,
) {
    if let Some(differs) = differs {
        panic!("{differs} ({settings:?})");
    }
}

/// Describes a difference between the two runs, up to where the shorter one ends.
fn difference(ours: &[Outcome], peer: &[Outcome], name: &str) -> Option<String> {
    for (ours, peer) in ours.iter().zip(peer) {
        // The depth of the stack differs, and so do other resources.
        if peer.gave_up() || ours.gave_up() {
            return None;
        }
        if ours.instantiated != peer.instantiated {
            let (ours, peer) = (&ours.instantiated, &peer.instantiated);
            return Some(format!("instantiation differs: {ours:?}, in {name} {peer:?}"));
        }
        if let Some((ours, peer)) = ours.calls.iter().zip(&peer.calls).find(|(a, b)| a != b) {
            return Some(format!("calls differ: {ours:?}, in {name} {peer:?}"));
        }
        if ours != peer {
            return Some(format!("state differs: {ours:?}, in {name} {peer:?}"));
        }
    }
    let (ours, peer) = (ours.len(), peer.len());
    (ours != peer).then(|| format!("{ours} instances are made, in {name} {peer}"))
}
