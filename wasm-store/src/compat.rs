//! Whether an engine provides for what an artifact was compiled to rely on.
//!
//! The loader compares an artifact with the machine, and knows no engine. What does not fit the engine
//! goes to the same list, so that one error tells everything that is in the way.

use std::sync::Arc;

use wasm_artifact::Artifact;
use wasm_loader::{Demands, Loaded, Mismatch};
use wasm_types::{Internals, Tunables, WasmFeatures};

use crate::engine::Engine;
use crate::error::Result;
use crate::function_hook;

/// From this size on, the code of a 32-bit memory has no bounds checks.
const WHOLE: u64 = 4 << 30;

/// The result of loading an artifact, where an error tells also what does not fit the engine.
pub(crate) fn complete(
    engine: &Engine,
    result: Result<Arc<Loaded>, wasm_loader::Error>,
) -> Result<Arc<Loaded>, wasm_loader::Error> {
    result.map_err(|error| {
        let more = error.demands().map(|demands| mismatches(engine, demands));
        error.and(more.unwrap_or_default())
    })
}

/// Checks that the engine provides for what an artifact asks for.
pub(crate) fn check(engine: &Engine, artifact: &Artifact<'_>) -> Result<(), wasm_loader::Error> {
    let demands = Demands::of(artifact);
    let mut mismatches = mismatches(engine, &demands);
    mismatches.extend(function_hook::check(&engine.config().request, artifact));
    if mismatches.is_empty() {
        Ok(())
    } else {
        Err(wasm_loader::Error::refusal(mismatches, demands))
    }
}

fn mismatches(engine: &Engine, demands: &Demands) -> Vec<Mismatch> {
    let request = &engine.config().request;
    let mut mismatches = Vec::new();
    check_tunables(&demands.tunables, &request.tunables, &mut mismatches);
    check_determinism(demands, &request.tunables, &mut mismatches);
    check_internals(demands.tunables.internals, request.tunables.internals, &mut mismatches);
    check_interruption(&demands.tunables, &request.tunables, &mut mismatches);
    check_fuel(&demands.tunables, &request.tunables, &mut mismatches);
    check_proposals(demands.proposals, request.features, &mut mismatches);
    mismatches
}

/// Settings that only say how the code was made, such as the optimisation level, are not compared.
fn check_tunables(code: &Tunables, engine: &Tunables, mismatches: &mut Vec<Mismatch>) {
    let mut add = |what: &'static str, artifact: String, engine: u64, setting: String| {
        mismatches.push(Mismatch::with_engine(
            what,
            artifact,
            format!("{engine} bytes"),
            format!(
                "set up the engine with `{setting}`, or compile the module with the engine's settings"
            ),
        ));
    };
    if code.memory_reservation >= WHOLE && engine.memory_reservation < WHOLE {
        add(
            "reservation of memories",
            format!(
                "code without bounds checks, for memories of {} bytes",
                code.memory_reservation
            ),
            engine.memory_reservation,
            format!("Config::memory_reservation({})", code.memory_reservation),
        );
    }
    if code.memory_guard_size > engine.memory_guard_size {
        add(
            "guard after memories",
            format!("code that relies on {} bytes", code.memory_guard_size),
            engine.memory_guard_size,
            format!("Config::memory_guard_size({})", code.memory_guard_size),
        );
    }
    if code.stack_guard_size > engine.stack_guard_size {
        add(
            "guard below stacks",
            format!("code that relies on {} bytes", code.stack_guard_size),
            engine.stack_guard_size.into(),
            format!("Config::tunables_mut().stack_guard_size = {}", code.stack_guard_size),
        );
    }
}

/// An engine that promises the same results on every machine keeps the promise for artifacts, too.
fn check_determinism(demands: &Demands, engine: &Tunables, mismatches: &mut Vec<Mismatch>) {
    if demands.proposals.contains(WasmFeatures::RELAXED_SIMD)
        && engine.relaxed_simd_deterministic
        && !demands.tunables.relaxed_simd_deterministic
    {
        mismatches.push(Mismatch::with_engine(
            "relaxed vector instructions",
            "results that depend on the machine",
            "results promised that do not",
            "compile the module with `Config::relaxed_simd_deterministic(true)`, or set up the engine \
             without it",
        ));
    }
}

/// An engine whose host wants to write to what modules do not export needs code that expects it.
fn check_internals(code: Internals, engine: Internals, mismatches: &mut Vec<Mismatch>) {
    if engine == Internals::Writable && code != Internals::Writable {
        mismatches.push(Mismatch::with_engine(
            "writes to internals",
            format!("code that expects none ({code:?})"),
            "the promise that the host may write",
            "compile the module with `Config::internals(Internals::Writable)`, or set up the engine with \
             `Internals::Readable`",
        ));
    }
}

/// An engine that promises to end code that runs too long needs code that can be ended.
fn check_interruption(code: &Tunables, engine: &Tunables, mismatches: &mut Vec<Mismatch>) {
    if engine.interruption && !code.interruption {
        mismatches.push(Mismatch::with_engine(
            "interruption",
            "code that can't be interrupted",
            "the promise that it can",
            "compile the module with `Config::interruption(true)`, or set up the engine with neither that nor \
             `Config::epoch_interruption(true)`",
        ));
    } else if engine.interruption_callbacks && !code.interruption_callbacks {
        mismatches.push(Mismatch::with_engine(
            "callbacks at interruptions",
            "code that can only be ended where it is interrupted",
            "the promise that it can go on",
            "compile the module with `Config::epoch_interruption(true)`, or set up the engine with \
             `Config::interruption(true)`",
        ));
    }
}

/// An engine that counts fuel needs code that does, at the same costs.
fn check_fuel(code: &Tunables, engine: &Tunables, mismatches: &mut Vec<Mismatch>) {
    match (code.fuel_costs, engine.fuel_costs) {
        (None, Some(_)) => mismatches.push(Mismatch::with_engine(
            "fuel",
            "code that counts none",
            "fuel that is counted",
            "compile the module with `Config::consume_fuel(true)`, or set up the engine without it",
        )),
        (Some(code), Some(engine)) if code != engine => mismatches.push(Mismatch::with_engine(
            "costs of operators in fuel",
            format!("code that counts with the costs {code:#018x}"),
            format!("the costs {engine:#018x}"),
            "compile the module with what is given to `Config::operator_cost` for the engine",
        )),
        _ => {}
    }
}

fn check_proposals(used: WasmFeatures, allowed: WasmFeatures, mismatches: &mut Vec<Mismatch>) {
    for (name, flag) in used.difference(allowed).iter_names() {
        let words = name.to_lowercase();
        let setter = match flag {
            // WebAssembly has had these for longer than any engine lets one choose.
            WasmFeatures::MUTABLE_GLOBAL
            | WasmFeatures::SATURATING_FLOAT_TO_INT
            | WasmFeatures::SIGN_EXTENSION => {
                format!("Config::wasm_features(WasmFeatures::{name}, true)")
            }
            _ => format!("Config::wasm_{words}(true)"),
        };
        mismatches.push(Mismatch::with_engine(
            format!("WebAssembly proposal {}", words.replace('_', "-")),
            "a module that uses it",
            "it switched off",
            format!("allow it with `{setter}`, or compile a module that does without it"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_in_the_list() {
        let mut code = Tunables::new();
        code.memory_guard_size = 1 << 30;
        code.stack_guard_size = 1 << 20;
        let mut engine = Tunables::new();
        engine.memory_reservation = 1 << 20;
        engine.opt_level = wasm_types::OptLevel::None;
        let mut list = Vec::new();
        check_tunables(&code, &engine, &mut list);
        check_proposals(WasmFeatures::all(), WasmFeatures::WASM1, &mut list);
        let about: Vec<_> = list.iter().map(|mismatch| &*mismatch.what).collect();
        assert_eq!(
            about[..3],
            ["reservation of memories", "guard after memories", "guard below stacks"]
        );
        assert!(about.contains(&"WebAssembly proposal tail-call"));
        assert_eq!(
            list.len() as u32,
            3 + WasmFeatures::all().difference(WasmFeatures::WASM1).bits().count_ones()
        );

        list.clear();
        check_tunables(&Tunables::new(), &Tunables::new(), &mut list);
        // Code with checks runs where none are needed.
        check_tunables(&engine, &Tunables::new(), &mut list);
        check_proposals(WasmFeatures::SIMD, WasmFeatures::SUPPORTED, &mut list);
        for (code, engine) in [
            (Internals::Sealed, Internals::Readable),
            (Internals::Readable, Internals::Sealed),
            (Internals::Writable, Internals::Writable),
        ] {
            check_internals(code, engine, &mut list);
        }
        let mut interruptible = Tunables::new();
        interruptible.interruption = true;
        check_interruption(&interruptible, &Tunables::new(), &mut list);
        check_interruption(&interruptible, &interruptible, &mut list);
        let mut with_callbacks = interruptible;
        with_callbacks.interruption_callbacks = true;
        check_interruption(&with_callbacks, &interruptible, &mut list);
        assert_eq!(list, []);
        check_interruption(&Tunables::new(), &interruptible, &mut list);
        let text = list.remove(0).to_string();
        assert!(text.contains("`Config::interruption(true)`"), "{text}");
        check_interruption(&interruptible, &with_callbacks, &mut list);
        let text = list.remove(0).to_string();
        assert!(
            text.contains("compile the module with `Config::epoch_interruption(true)`"),
            "{text}"
        );
        check_internals(Internals::Readable, Internals::Writable, &mut list);
        assert!(list[0].to_string().contains("`Config::internals(Internals::Writable)`"));
    }

    #[test]
    fn code_counts_fuel_as_the_engine_does() {
        let with = |costs: Option<u64>| {
            let mut tunables = Tunables::new();
            tunables.fuel_costs = costs;
            tunables
        };
        let about = |code, engine| {
            let mut list = Vec::new();
            check_fuel(&with(code), &with(engine), &mut list);
            list.first().map(|mismatch| mismatch.what.to_string())
        };
        assert_eq!(about(None, Some(1)).as_deref(), Some("fuel"));
        assert_eq!(about(Some(2), Some(1)).as_deref(), Some("costs of operators in fuel"));
        for (code, engine) in [(None, None), (Some(1), None), (Some(1), Some(1))] {
            assert_eq!(about(code, engine), None);
        }
    }

    /// What the message says to call exists.
    #[test]
    fn the_named_settings_exist() {
        let mut config = crate::Config::new();
        config.wasm_multi_value(true).wasm_custom_page_sizes(true).wasm_memory64(true);
        config.wasm_features(WasmFeatures::MUTABLE_GLOBAL, true);
        let mut list = Vec::new();
        let used = WasmFeatures::MULTI_VALUE
            | WasmFeatures::CUSTOM_PAGE_SIZES
            | WasmFeatures::MEMORY64
            | WasmFeatures::MUTABLE_GLOBAL;
        check_proposals(used, WasmFeatures::empty(), &mut list);
        let all: String = list.iter().map(|mismatch| mismatch.to_string() + "\n").collect();
        for setter in [
            "`Config::wasm_multi_value(true)`",
            "`Config::wasm_custom_page_sizes(true)`",
            "`Config::wasm_memory64(true)`",
            "`Config::wasm_features(WasmFeatures::MUTABLE_GLOBAL, true)`",
        ] {
            assert!(all.contains(setter), "{setter}: {all}");
        }
    }
}
