//! Asking an engine for its settings, under Wasmtime's names. [`Engine::config`] has all of them.

use wasm_types::{OptLevel, WasmFeatures};

use super::{Config, Inlining};
use crate::engine::{Collector, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Getters of the values of settings.
macro_rules! getters {
    ($($name:ident $setter:ident: $ty:ty = $value:expr;)*) => {
        impl Engine {
            $(
                #[doc = concat!("What [`Config::", stringify!($setter), "`] was set to.")]
                pub fn $name(&self) -> $ty {
                    let value: fn(&Config) -> $ty = $value;
                    value(self.config())
                }
            )*
        }
    };
}

getters! {
    get_memory_reservation memory_reservation: u64 = |config| config.tunables().memory_reservation;
    get_memory_reservation_for_growth memory_reservation_for_growth: u64 =
        |config| config.tunables().memory_reservation_for_growth;
    get_memory_guard_size memory_guard_size: u64 = |config| config.tunables().memory_guard_size;
    get_relaxed_simd_deterministic relaxed_simd_deterministic: bool =
        |config| config.tunables().relaxed_simd_deterministic;
    get_consume_fuel consume_fuel: bool = |config| config.tunables().fuel_costs.is_some();
    get_parallel_compilation parallel_compilation: bool = |config| config.request.parallel;
    get_generate_address_map generate_address_map: bool = |config| config.request.address_map;
    get_compiler_inlining compiler_inlining: Inlining = |config| config.request.inlining;
    get_shared_memory shared_memory: bool = |config| config.shared_memory;
    get_epoch_interruption epoch_interruption: bool = |config| config.epochs;
    get_max_wasm_stack max_wasm_stack: usize = |config| config.max_wasm_stack;
    get_wasm_branch_hinting wasm_branch_hinting: bool =
        |config| config.request.features.contains(WasmFeatures::BRANCH_HINTING);
    get_wasm_features wasm_features: WasmFeatures = |config| config.request.features;
    get_target target: Option<String> = |config| config.request.target.clone();
    get_wasm_backtrace_max_frames wasm_backtrace_max_frames: usize =
        |config| config.backtrace_frames.map_or(0, std::num::NonZeroUsize::get);
}

impl Engine {
    /// How hard the compiler works on the code; `None` without a compiler.
    pub fn get_cranelift_opt_level(&self) -> Option<OptLevel> {
        self.has_compiler().then_some(self.config().tunables().opt_level)
    }

    /// Whether the code generator checks its intermediate form; `None` without a compiler.
    pub fn get_cranelift_debug_verifier(&self) -> Option<bool> {
        self.has_compiler().then_some(self.config().request.verify_ir)
    }

    /// Whether not-a-number results are brought to one bit pattern; `None` without a compiler.
    pub fn get_cranelift_nan_canonicalization(&self) -> Option<bool> {
        self.has_compiler().then_some(self.config().tunables().nan_canonicalization)
    }

    /// The settings of the code generator that were switched on.
    pub fn get_cranelift_flags_enabled(&self) -> impl Iterator<Item = &str> {
        let flags = self.config().request.flags.iter();
        flags.filter(|(_, value)| value == "true").map(|(name, _)| name.as_str())
    }

    /// The settings of the code generator that were given a value.
    pub fn get_cranelift_flags_set(&self) -> impl Iterator<Item = (&str, &str)> {
        let flags = self.config().request.flags.iter();
        flags.filter(|(_, value)| value != "true").map(|(name, value)| (&**name, &**value))
    }

    /// How heaps are collected.
    pub fn get_collector(&self) -> Option<Collector> {
        Some(match self.config().collector {
            Collector::Auto => Collector::Copying,
            collector => collector,
        })
    }

    /// The limits of an engine that reserves everything up front; `None` for another.
    pub fn get_pooling_config(&self) -> Option<&PoolingAllocationConfig> {
        match &self.config().allocation {
            InstanceAllocationStrategy::Pooling(pool) => Some(pool),
            InstanceAllocationStrategy::OnDemand => None,
        }
    }

    /// Whether executions are recorded: no.
    pub fn is_recording(&self) -> bool {
        false
    }

    /// Whether recorded executions are replayed: no.
    pub fn is_replaying(&self) -> bool {
        false
    }

    /// Whether code is interpreted: no.
    pub fn is_pulley(&self) -> bool {
        false
    }

    /// Prepares this thread for running Wasm, which its first call would do otherwise. There is
    /// next to nothing to prepare.
    pub fn tls_eager_initialize() {}

    pub(super) fn has_compiler(&self) -> bool {
        self.inner.compiler.is_some()
    }
}
