//! Whether an engine provides what an artifact was compiled to rely on.
//!
//! The loader compares an artifact with the machine, and knows no engine. What does not fit the
//! engine is added to the loader's list, so that one error reports everything that is in the way.

#[cfg(feature = "function-hook")]
mod function_hooks;
mod hash;

use wasm_artifact::Artifact;
use wasm_loader::{Mismatch, Requirements};
use wasm_types::assumptions::Assumption;
use wasm_types::{Tunables, WasmFeatures};

use crate::engine::compiler::OWN_VERSION;
use crate::engine::{CompileRequest, Engine};
use crate::error::Result;
use crate::vm::HAS_OBJECTS;

/// The result of loading an artifact. An error also reports what does not fit the engine.
pub(crate) fn add_engine_mismatches<L>(
    engine: &Engine,
    result: Result<L, wasm_loader::Error>,
) -> Result<L, wasm_loader::Error> {
    result.map_err(|error| {
        let more = error.requirements().map(|requirements| mismatches(engine, requirements));
        error.and(more.unwrap_or_default())
    })
}

/// Checks that an artifact has the version that the program gives those of its own.
///
/// # Errors
///
/// If it has another.
pub(crate) fn check_version(engine: &Engine, artifact: &Artifact<'_>) -> Result<()> {
    if !engine.config().checks_version() {
        return Ok(());
    }
    let expected = engine.config().request.version.as_deref();
    let found = artifact.producer().strip_prefix(OWN_VERSION);
    let words = |version: Option<&str>| match version {
        Some(version) => format!("`{version}`"),
        None => "no version of its own".to_owned(),
    };
    crate::ensure!(
        found == expected,
        "Module was compiled with incompatible version: it has {}, and this engine accepts {}; compile it again, \
         or set `Config::module_version`",
        words(found),
        words(expected)
    );
    Ok(())
}

/// Checks that the engine provides what an artifact requires.
pub(crate) fn check(engine: &Engine, artifact: &Artifact<'_>) -> Result<(), wasm_loader::Error> {
    let requirements = Requirements::of(artifact);
    let mismatches = mismatches(engine, &requirements);
    #[cfg(feature = "function-hook")]
    let mismatches: Vec<_> = mismatches
        .into_iter()
        .chain(function_hooks::check(&engine.config().request, artifact))
        .collect();
    if mismatches.is_empty() {
        Ok(())
    } else {
        Err(wasm_loader::Error::refusal(mismatches, requirements))
    }
}

/// The unmet assumptions of an artifact in an engine, in words.
fn mismatches(engine: &Engine, requirements: &Requirements) -> Vec<Mismatch> {
    let CompileRequest { tunables, features, .. } = &engine.config().request;
    let mut mismatches =
        unmet((&requirements.tunables, requirements.proposals), (tunables, *features));
    if !HAS_OBJECTS {
        mismatches.extend(left_out(requirements.proposals));
    }
    mismatches
}

fn unmet(code: (&Tunables, WasmFeatures), engine: (&Tunables, WasmFeatures)) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    for assumption in Assumption::unmet(code, engine) {
        match assumption {
            Assumption::Proposals => mismatches.extend(proposals(code.1, engine.1)),
            other => mismatches.push(describe(other, code.0, engine.0)),
        }
    }
    mismatches
}

fn describe(assumption: Assumption, code: &Tunables, engine: &Tunables) -> Mismatch {
    match assumption {
        Assumption::MemoryReservation => size(
            "reservation of memories",
            format!(
                "code without bounds checks, for memories of {} bytes",
                code.memory_reservation
            ),
            engine.memory_reservation,
            format!("Config::memory_reservation({})", code.memory_reservation),
        ),
        Assumption::MemoryGuard => size(
            "guard after memories",
            format!("code that relies on {} bytes", code.memory_guard_size),
            engine.memory_guard_size,
            format!("Config::memory_guard_size({})", code.memory_guard_size),
        ),
        Assumption::StackGuard => size(
            "guard below stacks",
            format!("code that relies on {} bytes", code.stack_guard_size),
            engine.stack_guard_size.into(),
            format!("Config::tunables_mut().stack_guard_size = {}", code.stack_guard_size),
        ),
        Assumption::RelaxedSimd => Mismatch::with_engine(
            "relaxed vector instructions",
            "results that depend on the machine",
            "results promised that do not",
            "compile the module with `Config::relaxed_simd_deterministic(true)`, or set up the engine \
             without it",
        ),
        Assumption::Internals => Mismatch::with_engine(
            "writes to internals",
            format!("code that expects none ({:?})", code.internals),
            "the promise that the host may write",
            "compile the module with `Config::internals(Internals::Writable)`, or set up the engine with \
             `Internals::Readable`",
        ),
        Assumption::Interruption => Mismatch::with_engine(
            "interruption",
            "code that can't be interrupted",
            "the promise that it can",
            "compile the module with `Config::interruption(true)`, or set up the engine with neither that nor \
             `Config::epoch_interruption(true)`",
        ),
        Assumption::InterruptionCallbacks => Mismatch::with_engine(
            "callbacks at interruptions",
            "code that can only be ended where it is interrupted",
            "the promise that it can go on",
            "compile the module with `Config::epoch_interruption(true)`, or set up the engine with \
             `Config::interruption(true)`",
        ),
        Assumption::Fuel => Mismatch::with_engine(
            "fuel",
            "code that counts none",
            "fuel that is counted",
            "compile the module with `Config::consume_fuel(true)`, or set up the engine without it",
        ),
        Assumption::FuelYields => Mismatch::with_engine(
            "giving way by fuel",
            "code that ends where it has used its fuel",
            "the promise that it can give way and go on",
            "compile the module with `Config::fuel_async_yield(true)`, or set up the engine without \
             it",
        ),
        Assumption::FuelCosts => Mismatch::with_engine(
            "costs of operators in fuel",
            format!("code that counts with the costs {}", costs(code)),
            format!("the costs {}", costs(engine)),
            "compile the module with what is given to `Config::operator_cost` for the engine",
        ),
        Assumption::GuestDebug => {
            let words = ["code that can't be debugged", "code that can be debugged"];
            Mismatch::with_engine(
                "debugging",
                words[usize::from(code.guest_debug)],
                words[usize::from(engine.guest_debug)],
                "compile the module and set up the engine both with `Config::guest_debug(true)`, or \
                 both without",
            )
        }
        // An assumption that has no words yet is refused all the same.
        other => Mismatch::with_engine(
            format!("{other:?}"),
            format!("{code:?}"),
            format!("{engine:?}"),
            "compile the module with the engine's settings",
        ),
    }
}

/// A mismatch of sizes in bytes.
fn size(what: &'static str, artifact: String, engine: u64, setting: String) -> Mismatch {
    Mismatch::with_engine(
        what,
        artifact,
        format!("{engine} bytes"),
        format!(
            "set up the engine with `{setting}`, or compile the module with the engine's settings"
        ),
    )
}

fn costs(tunables: &Tunables) -> String {
    tunables.fuel_costs.map_or("none".into(), |costs| format!("{costs:#018x}"))
}

/// Each proposal that a module uses and programs without objects have left out.
fn left_out(used: WasmFeatures) -> impl Iterator<Item = Mismatch> {
    let objects = WasmFeatures::GC
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::LEGACY_EXCEPTIONS
        | WasmFeatures::STACK_SWITCHING;
    used.intersection(objects).iter_names().map(|(name, _)| {
        Mismatch::with_engine(
            proposal(&name.to_ascii_lowercase()),
            USES,
            "it left out",
            "build the program with the feature `gc` of wasm-store, or compile a module that does \
             without it",
        )
    })
}

/// What the artifact has of a proposal.
const USES: &str = "a module that uses it";

fn proposal(words: &str) -> String {
    format!("WebAssembly proposal {}", words.replace('_', "-"))
}

/// Each proposal that a module uses and an engine does not allow.
fn proposals(used: WasmFeatures, allowed: WasmFeatures) -> Vec<Mismatch> {
    let off = used.difference(allowed);
    let describe = |(name, flag): (&str, WasmFeatures)| {
        let words = name.to_ascii_lowercase();
        let setter = match flag {
            // These have been part of WebAssembly for longer than any engine offers a choice.
            WasmFeatures::MUTABLE_GLOBAL
            | WasmFeatures::SATURATING_FLOAT_TO_INT
            | WasmFeatures::SIGN_EXTENSION => {
                format!("Config::wasm_features(WasmFeatures::{name}, true)")
            }
            _ => format!("Config::wasm_{words}(true)"),
        };
        Mismatch::with_engine(
            proposal(&words),
            USES,
            "it switched off",
            format!("allow it with `{setter}`, or compile a module that does without it"),
        )
    };
    off.iter_names().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use wasm_types::Internals;

    use super::*;

    /// What is in the way of code in an engine that allows all proposals.
    fn about(code: &Tunables, engine: &Tunables) -> Vec<String> {
        let used = WasmFeatures::RELAXED_SIMD;
        let list = unmet((code, used), (engine, WasmFeatures::all()));
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_difference_is_in_the_list() {
        let mut code = Tunables::new();
        code.memory_guard_size = 1 << 30;
        code.stack_guard_size = 1 << 20;
        let mut engine = Tunables::new();
        engine.memory_reservation = 1 << 20;
        engine.opt_level = wasm_types::OptLevel::None;
        let list = unmet((&code, WasmFeatures::all()), (&engine, WasmFeatures::WASM1));
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
        // Code with checks runs where none are needed.
        assert!(self::about(&engine, &Tunables::new()).is_empty());
    }

    #[test]
    fn what_a_program_is_built_without_is_named() {
        let list: Vec<_> = left_out(WasmFeatures::SUPPORTED).collect();
        let about: Vec<_> = list.iter().map(|mismatch| &*mismatch.what).collect();
        assert_eq!(
            about,
            ["exceptions", "gc", "legacy-exceptions", "stack-switching"]
                .map(|name| format!("WebAssembly proposal {name}"))
        );
        assert!(list.iter().all(|mismatch| mismatch.remedy.contains("feature `gc`")));
        assert_eq!(left_out(WasmFeatures::WASM2 | WasmFeatures::FUNCTION_REFERENCES).count(), 0);
    }

    /// Each assumption that has words names what to set.
    #[test]
    fn refusals_say_what_to_do() {
        let code = Tunables::new();
        type Change = fn(&mut Tunables);
        let cases: [(Change, &str); 8] = [
            (|engine| engine.memory_reservation = 0, "`Config::memory_reservation(4294967296)`"),
            (|engine| engine.memory_guard_size = 0, "`Config::memory_guard_size(33554432)`"),
            (
                |engine| engine.stack_guard_size = 4096,
                "`Config::tunables_mut().stack_guard_size = 65536`",
            ),
            (
                |engine| engine.relaxed_simd_deterministic = true,
                "`Config::relaxed_simd_deterministic(true)`",
            ),
            (
                |engine| engine.internals = Internals::Writable,
                "`Config::internals(Internals::Writable)`",
            ),
            (|engine| engine.interruption = true, "`Config::interruption(true)`"),
            (
                |engine| engine.interruption_callbacks = true,
                "compile the module with `Config::epoch_interruption(true)`",
            ),
            (|engine| engine.fuel_costs = Some(1), "`Config::consume_fuel(true)`"),
        ];
        for (change, advice) in cases {
            let mut engine = Tunables::new();
            change(&mut engine);
            let list = about(&code, &engine);
            assert!(list.len() == 1 && list[0].contains(advice), "{advice}: {list:?}");
        }
        let with = |costs| {
            let mut tunables = Tunables::new();
            tunables.fuel_costs = Some(costs);
            tunables
        };
        let mut yields = with(2);
        yields.fuel_yields = true;
        let list = about(&with(2), &yields);
        assert!(
            list.len() == 1 && list[0].contains("`Config::fuel_async_yield(true)`"),
            "{list:?}"
        );
        let list = about(&with(2), &with(1));
        assert!(list.len() == 1 && list[0].contains("`Config::operator_cost`"), "{list:?}");
    }

    /// The setters that the messages name exist.
    #[test]
    fn the_named_settings_exist() {
        let mut config = crate::Config::new();
        config.wasm_multi_value(true).wasm_custom_page_sizes(true).wasm_memory64(true);
        config.wasm_features(WasmFeatures::MUTABLE_GLOBAL, true);
        let used = WasmFeatures::MULTI_VALUE
            | WasmFeatures::CUSTOM_PAGE_SIZES
            | WasmFeatures::MEMORY64
            | WasmFeatures::MUTABLE_GLOBAL;
        let list = proposals(used, WasmFeatures::empty());
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
