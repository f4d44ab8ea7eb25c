//! A run in this project's runtime.

#![allow(unsafe_code)]

#[path = "run.rs"]
mod all;

use std::sync::Arc;

use arbitrary::{Result as Arbitrary, Unstructured};
use wasm_runtime as api;
use wasm_runtime::{Config, CraneliftCompiler, Engine, Internals, Module, OptLevel};
use wasm_translate::Settings as Translation;
use wasm_types::WasmFeatures;

use super::outcome::Outcome;
use super::plan::Plan;

/// Settings that must make no difference. (A canonical not-a-number is not among them. wasm-smith
/// does not do this for conversions between float types, and Wasmi and this project only agree on
/// those as long as neither does it.)
#[derive(Debug)]
pub(super) struct Settings {
    opt_level: OptLevel,
    /// Whether memories are reserved whole, so that accesses need no check.
    static_memories: bool,
    /// Whether the module is written to the bytes of an artifact and read again.
    through_artifact: bool,
    /// Whether bounds checks hold under speculative execution.
    spectre_mitigation: bool,
    internals: Internals,
    /// Whether the code generator's verifier checks each function, which takes time.
    verified: bool,
    interruption: bool,
    /// Whether objects move whenever they can.
    zeal: bool,
    /// Which of [`OPTIMIZATIONS`] are on; `None` for the default.
    optimizations: Option<[bool; OPTIMIZATIONS.len()]>,
}

/// The optimizations, and counting fuel, which nothing uses here.
const OPTIMIZATIONS: [fn(&mut Translation, bool) -> &mut Translation; 10] = [
    Translation::count_fuel,
    Translation::reorder,
    Translation::idioms,
    Translation::inlining,
    Translation::small_bulk,
    Translation::direct_bulk,
    Translation::immutable_tables,
    Translation::save_when_full,
    Translation::cold_traps,
    Translation::wide_indices,
];

/// The levels of optimization. Not to optimize takes less time.
const LEVELS: [OptLevel; 4] =
    [OptLevel::None, OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize];

impl Default for Settings {
    fn default() -> Self {
        Self {
            opt_level: OptLevel::Speed,
            static_memories: true,
            through_artifact: false,
            spectre_mitigation: true,
            internals: Internals::Readable,
            verified: true,
            interruption: false,
            zeal: false,
            optimizations: None,
        }
    }
}

impl Settings {
    pub(super) fn arbitrary(u: &mut Unstructured<'_>) -> Arbitrary<Self> {
        Ok(Self {
            opt_level: *u.choose(&LEVELS)?,
            static_memories: u.arbitrary()?,
            through_artifact: u.ratio(1, 4)?,
            spectre_mitigation: u.arbitrary()?,
            internals: *u.choose(&[Internals::Sealed, Internals::Readable, Internals::Writable])?,
            verified: u.ratio(1, 16)?,
            interruption: u.ratio(1, 4)?,
            zeal: u.arbitrary()?,
            optimizations: u.arbitrary()?,
        })
    }

    fn engine(&self) -> Engine {
        let mut config = Config::new();
        config.cranelift_opt_level(self.opt_level).cranelift_debug_verifier(self.verified);
        config.parallel_compilation(false).wasm_features(WasmFeatures::SUPPORTED, true);
        config.tunables_mut().spectre_mitigation = self.spectre_mitigation;
        config.internals(self.internals).interruption(self.interruption).gc_zeal(self.zeal);
        if let Some(optimizations) = self.optimizations {
            let adjust = move |settings: &mut Translation| {
                for (optimization, on) in OPTIMIZATIONS.iter().zip(optimizations) {
                    optimization(settings, on);
                }
            };
            // SAFETY: optimizations leave what the code does as it is.
            let compiler = unsafe { CraneliftCompiler::new().adjust(adjust) };
            config.compiler(Arc::new(compiler));
        }
        if !self.static_memories {
            config.memory_reservation(0).memory_guard_size(64 << 10);
        }
        Engine::new(&config).expect("the settings are valid")
    }
}

/// Calls all exports, with a new instance after each call that may have used up all fuel.
pub(super) fn run(wasm: &[u8], plan: &Plan, settings: &Settings) -> Vec<Outcome> {
    let engine = settings.engine();
    let mut module = Module::new(&engine, wasm)
        .unwrap_or_else(|error| panic!("a valid module can be compiled: {error:#}"));
    if settings.through_artifact {
        let bytes = module.serialize().expect("a module can be written as an artifact");
        // SAFETY: this very engine has just made these bytes.
        module = unsafe { Module::deserialize(&engine, &bytes) }.expect("an artifact can be read");
    }
    all::all(&engine, &module, plan)
}
