//! Settings of an engine and its compiler that must make no difference to what modules do, in any
//! combination.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config as Sampling, RngAlgorithm, TestRng, TestRunner};
use wasm_runtime::{Config, CraneliftCompiler, Internals, NamePattern, OptLevel};
use wasm_translate::Settings;

use crate::profiles::AnyProfile;

/// A combination of settings. Its [`Debug`] form shows which were chosen.
#[derive(Clone, Copy, Debug)]
pub struct Combination {
    opt_level: OptLevel,
    /// The reservation for each 32-bit memory, and the guard after it, in bytes.
    memory: (u64, u64),
    internals: Internals,
    spectre_mitigation: bool,
    nan_canonicalization: bool,
    relaxed_simd_deterministic: bool,
    parallel: bool,
    /// Whether all functions report when they are called, to no hook.
    function_hooks: bool,
    /// Whether the code can be interrupted, which never happens here.
    interruption: bool,
    /// Whether the code can be debugged, which nobody does.
    guest_debug: bool,
    /// Of [`OPTIMIZATIONS`], which are taken.
    optimizations: [bool; OPTIMIZATIONS.len()],
    /// Whether the code counts for a profile, or else what a profile that says anything depends on.
    profile: (bool, Option<u64>),
}

/// The optimizations, and counting fuel, though nothing uses the count.
const OPTIMIZATIONS: [fn(&mut Settings, bool) -> &mut Settings; 11] = [
    Settings::count_fuel,
    Settings::reorder,
    Settings::idioms,
    Settings::inlining,
    Settings::small_bulk,
    Settings::direct_bulk,
    Settings::immutable_tables,
    Settings::save_when_full,
    Settings::cold_traps,
    Settings::wide_indices,
    Settings::loop_globals,
];

impl Combination {
    /// A combination that depends on the name and on nothing else, so that a failed test fails
    /// again. The environment variable `COMBINATIONS` with a number selects others.
    ///
    /// # Panics
    ///
    /// If the variable is not a number.
    pub fn sample(name: &str) -> Self {
        let other = std::env::var("COMBINATIONS").map_or(0, |number| {
            number.parse().unwrap_or_else(|error| panic!("COMBINATIONS={number}: {error}"))
        });
        // FNV-1a. Any hash would do that does not change between versions of Rust.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ other, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut seed = [0; 32];
        for (word, bytes) in (0_u64..).zip(seed.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&hash.rotate_left(16 * word as u32).to_le_bytes());
        }
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Sampling::default(), rng);
        any_combination().new_tree(&mut runner).expect("nothing is filtered out").current()
    }

    /// Makes these the settings of a configuration.
    #[allow(unsafe_code, reason = "settings of the compiler are unsafe to change")]
    pub fn apply(self, config: &mut Config) {
        let Self { optimizations, .. } = self;
        let adjust = move |settings: &mut Settings| {
            for (optimization, on) in OPTIMIZATIONS.iter().zip(optimizations) {
                optimization(settings, on);
            }
        };
        // SAFETY: optimizations leave what the code does as it is.
        let compiler = unsafe { CraneliftCompiler::new().adjust(adjust) };
        let (gathers, seed) = self.profile;
        match seed {
            Some(seed) => config.compiler(Arc::new(AnyProfile { compiler, seed })),
            None => config.compiler(Arc::new(compiler)),
        };
        let (reservation, guard) = self.memory;
        config
            .gather_profile(gathers)
            .cranelift_opt_level(self.opt_level)
            .cranelift_debug_verifier(true)
            .cranelift_nan_canonicalization(self.nan_canonicalization)
            .internals(self.internals)
            .memory_reservation(reservation)
            .memory_guard_size(guard)
            .parallel_compilation(self.parallel)
            .interruption(self.interruption)
            .guest_debug(self.guest_debug)
            // Always, so that whatever runs with a combination also runs while everything moves.
            .gc_zeal(true)
            .function_hooks(self.function_hooks.then(NamePattern::any));
        config.tunables_mut().spectre_mitigation = self.spectre_mitigation;
        // Combinations that are already deterministic must stay so.
        config.tunables_mut().relaxed_simd_deterministic |= self.relaxed_simd_deterministic;
    }
}

/// Any combination of settings.
pub fn any_combination() -> impl Strategy<Value = Combination> {
    let memories = [(4 << 30, 32 << 20), (4 << 30, 64 << 10), (1 << 20, 64 << 10), (0, 0)];
    let internals = [Internals::Sealed, Internals::Readable, Internals::Writable];
    let levels = [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize];
    let choices = (
        proptest::sample::select(levels.to_vec()),
        proptest::sample::select(memories.to_vec()),
        proptest::sample::select(internals.to_vec()),
    );
    (
        choices,
        any::<[bool; 7]>(),
        any::<[bool; OPTIMIZATIONS.len()]>(),
        any::<(bool, Option<u64>)>(),
    )
        .prop_map(|((opt_level, memory, internals), flags, optimizations, profile)| {
            let [
                spectre_mitigation,
                nan_canonicalization,
                relaxed_simd_deterministic,
                parallel,
                function_hooks,
                interruption,
                guest_debug,
            ] = flags;
            Combination {
                opt_level,
                memory,
                internals,
                spectre_mitigation,
                nan_canonicalization,
                relaxed_simd_deterministic,
                parallel,
                function_hooks,
                interruption,
                guest_debug,
                optimizations,
                profile,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::Combination;

    #[test]
    fn a_name_always_gives_the_same_and_names_differ() {
        let shown = |name: &str| format!("{:?}", Combination::sample(name));
        assert_eq!(shown("a"), shown("a"));
        let names: Vec<String> = (0..50).map(|number| shown(&number.to_string())).collect();
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert!(different.len() > 40, "{} of 50 combinations differ", different.len());
    }
}
