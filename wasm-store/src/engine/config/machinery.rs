//! Settings that steer Wasmtime's own machinery. They are kept, so that programs can ask for them,
//! and have no effect here, except where that would be less than somebody asks for: that is an
//! error of [`Engine::new`].

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use wasm_types::WasmFeatures;

use super::Config;
use crate::engine::{Engine, InstanceAllocationStrategy};
use crate::error::Result;

/// Which compiler is used: see [`Config::strategy`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Strategy {
    /// The one that the engine has.
    Auto,
    /// Cranelift, which is the only one.
    Cranelift,
    /// Wasmtime's compiler in one pass. No engine of this crate has it.
    Winch,
}

/// How Cranelift assigns registers: see [`Config::cranelift_regalloc_algorithm`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RegallocAlgorithm {
    /// The code is as fast as it can be.
    Backtracking,
    /// Compiling is faster, and the code is slower.
    SinglePass,
}

/// Which version an artifact is said to have: see [`Config::module_version`].
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum ModuleVersionStrategy {
    /// The version of the format and of the run-time ABI, and none of a program's own.
    #[default]
    WasmtimeVersion,
    /// One of the program's own, beside that of the format and of the run-time ABI.
    Custom(String),
    /// None: an artifact may have any, as far as it is of the program's own.
    None,
}

impl ModuleVersionStrategy {
    /// The version as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::WasmtimeVersion => env!("CARGO_PKG_VERSION_MAJOR"),
            Self::Custom(version) => version,
            Self::None => "",
        }
    }
}

/// Whether executions are recorded: see [`Config::rr`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum RRConfig {
    /// They are not.
    #[default]
    None,
}

/// How code would be made executable on a machine where this crate can't: see
/// [`Config::with_custom_code_memory`].
pub trait CustomCodeMemory: Send + Sync {
    /// The alignment of the code, in bytes.
    fn required_alignment(&self) -> usize;

    /// Makes code executable.
    ///
    /// # Errors
    ///
    /// If that fails.
    fn publish_executable(&self, ptr: *const u8, len: usize) -> Result<()>;

    /// Makes code writable again.
    ///
    /// # Errors
    ///
    /// If that fails.
    fn unpublish_executable(&self, ptr: *const u8, len: usize) -> Result<()>;
}

/// Settings with a setter and a getter each.
macro_rules! settings {
    ($($name:ident $(=> $get:ident)?: $ty:ty = $default:expr, $doc:literal;)*) => {
        /// What was set.
        #[derive(Clone)]
        pub(super) struct Machinery {
            $($name: $ty,)*
            gc_zeal_alloc_counter: Option<NonZeroU32>,
            gc_support: bool,
            guard_before_linear_memory: Option<bool>,
            module_version: ModuleVersionStrategy,
            demanded: Vec<Demand>,
        }

        impl Default for Machinery {
            fn default() -> Self {
                Self {
                    $($name: $default,)*
                    gc_zeal_alloc_counter: None,
                    gc_support: true,
                    guard_before_linear_memory: None,
                    module_version: ModuleVersionStrategy::WasmtimeVersion,
                    demanded: Vec::new(),
                }
            }
        }

        impl Config {
            $(
                #[doc = $doc]
                pub fn $name(&mut self, value: $ty) -> &mut Self {
                    self.machinery.$name = value;
                    self
                }
            )*
        }

        impl Engine {
            $($(
                #[doc = concat!("What [`Config::", stringify!($name), "`] was set to.")]
                pub fn $get(&self) -> $ty {
                    self.config().machinery.$name
                }
            )?)*
        }
    };
}

settings! {
    strategy: Strategy = Strategy::Auto,
        "Which compiler is used. Default: [`Strategy::Auto`].\n\nThere is one, so that \
         [`Strategy::Winch`] is an error of [`Engine::new`].";
    signals_based_traps => get_signals_based_traps: bool = true,
        "Whether traps are found by faults of the machine. Default: yes.\n\nThat is how compiled code \
         finds the ends of memories and stacks, so that `false` is an error of [`Engine::new`].";
    memory_may_move => get_memory_may_move: bool = true,
        "Whether memories may move when they grow. Default: yes.\n\nMemories move only where they \
         grow beyond what is reserved for them. With `false`, no memory grows beyond \
         [`Config::memory_reservation`].";
    memory_init_cow => get_memory_init_cow: bool = true,
        "Has no effect: initial contents of memories are mapped wherever the artifact has them as \
         pages.";
    memory_guaranteed_dense_image_size => get_memory_guaranteed_dense_image_size: u64 = 16 << 20,
        "Has no effect: artifacts have the pages of initial contents that are not zero.";
    table_lazy_init => get_table_lazy_init: bool = true,
        "Has no effect: elements of tables are made when they are asked for.";
    native_unwind_info: bool = true,
        "Has no effect: frames of Wasm are found by their own chain, which debuggers and profilers \
         can follow.";
    gc_heap_initial_size => get_gc_heap_initial_size: u64 = 0,
        "Has no effect: a heap grows from nothing as it is needed.";
    gc_heap_reservation => get_gc_heap_reservation: u64 = 4 << 30,
        "How much a heap may hold between two collections, in bytes, together with \
         [`Config::gc_heap_reservation_for_growth`], unless [`Config::gc_heap_may_move`] is set. Default: 4 \
         GiB, which is all that references of 32 bits reach.";
    gc_heap_guard_size => get_gc_heap_guard_size: u64 = 0,
        "Has no effect: see [`Config::gc_heap_reservation`].";
    gc_heap_reservation_for_growth => get_gc_heap_reservation_for_growth: u64 = 0,
        "See [`Config::gc_heap_reservation`]. Default: 0.";
    gc_heap_may_move => get_gc_heap_may_move: bool = false,
        "Whether a heap may become larger than [`Config::gc_heap_reservation`] says. Default: no.";
    debug_symbols => get_debug_symbols: bool = false,
        "Has no effect: see `Config::debug_info` (feature `profile`).";
    wmemcheck: bool = false,
        "Whether accesses of memory that was not allocated are found. Default: no.\n\nThat is not \
         there: `true` is an error of [`Engine::new`].";
    concurrency_support => get_concurrency_support: bool = true,
        "Has no effect: what calls of components need to run at the same time is there when it is \
         needed.";
    metadata_for_internal_asserts => get_metadata_for_internal_asserts: bool = false,
        "Has no effect.";
    metadata_for_gc_heap_corruption => get_metadata_for_gc_heap_corruption: bool = true,
        "Has no effect: what is read from a heap is checked.";
}

/// Settings that need not even be kept.
macro_rules! ignored {
    ($($name:ident: $ty:ty, $doc:literal;)*) => {
        impl Config {
            $(
                #[doc = $doc]
                pub fn $name(&mut self, _value: $ty) -> &mut Self {
                    self
                }
            )*
        }
    };
}

ignored! {
    force_memory_init_memfd: bool,
        "Has no effect: modules that were compiled on the spot are in a file of memory anyway.";
    cranelift_wasmtime_debug_checks: bool,
        "Has no effect.";
    rr: RRConfig,
        "Whether executions are recorded. They are not.";
    macos_use_mach_ports: bool,
        "Has no effect: faults are found by signals everywhere.";
    cranelift_regalloc_algorithm: RegallocAlgorithm,
        "Has no effect: registers are assigned by [`RegallocAlgorithm::Backtracking`]. \
         [`Config::cranelift_opt_level`] says how hard the compiler works.";
    debug_adapter_modules: bool,
        "Has no effect.";
}

/// Something that was asked for and is not there: why, for [`Engine::new`].
#[derive(Clone, Copy, Debug)]
struct Demand(&'static str);

impl Config {
    /// Whether modules may use garbage collection: without it, they may use neither structures and
    /// arrays ([`Config::wasm_gc`]) nor exceptions ([`Config::wasm_exceptions`]).
    ///
    /// Default: yes.
    pub fn gc_support(&mut self, enable: bool) -> &mut Self {
        self.machinery.gc_support = enable;
        if !enable {
            self.request.features.remove(WasmFeatures::GC | WasmFeatures::EXCEPTIONS);
        }
        self
    }

    /// Whether everything in a heap is moved whenever something could be, as
    /// [`Config::gc_zeal`] has it. How often it is to happen has no effect.
    ///
    /// Default: no.
    ///
    /// # Errors
    ///
    /// None.
    pub fn gc_zeal_alloc_counter(&mut self, counter: Option<NonZeroU32>) -> Result<&mut Self> {
        self.machinery.gc_zeal_alloc_counter = counter;
        Ok(self.gc_zeal(counter.is_some()))
    }

    /// Whether the 2 MiB below each memory that is not shared are inaccessible address space that
    /// belongs to it.
    ///
    /// Default: those below memories that never move, and below no others, which would be several
    /// times as large. `true` is for all of them; `false` changes nothing, since memories that
    /// never move have it from the reservation anyway. Compiled code accesses nothing below a
    /// memory; this is for who does not trust it to.
    pub fn guard_before_linear_memory(&mut self, enable: bool) -> &mut Self {
        self.machinery.guard_before_linear_memory = Some(enable);
        self
    }

    /// Which version artifacts have that are compiled for the engine, and that those must have
    /// which it loads. Whatever is set, code of another version of the run-time ABI does not run,
    /// and artifacts of another version of their format are not read.
    ///
    /// Default: [`ModuleVersionStrategy::WasmtimeVersion`].
    ///
    /// # Errors
    ///
    /// If a version of the program's own is longer than 255 bytes.
    pub fn module_version(&mut self, strategy: ModuleVersionStrategy) -> Result<&mut Self> {
        let version = match &strategy {
            ModuleVersionStrategy::Custom(version) => {
                let len = version.len();
                crate::ensure!(
                    len <= 255,
                    "the version of artifacts has {len} bytes: it may have 255; set a shorter one with \
                     `Config::module_version`"
                );
                Some(version.clone())
            }
            ModuleVersionStrategy::WasmtimeVersion | ModuleVersionStrategy::None => None,
        };
        self.request.version = version;
        self.machinery.module_version = strategy;
        Ok(self)
    }

    /// Whether an artifact must have a certain version beside those of format and ABI.
    pub(in crate::engine) fn checks_version(&self) -> bool {
        self.machinery.module_version != ModuleVersionStrategy::None
    }

    /// Shared-everything threads, which are not implemented: `true` is an error of
    /// [`Engine::new`].
    pub fn wasm_shared_everything_threads(&mut self, enable: bool) -> &mut Self {
        self.demand(
            enable,
            "`Config::wasm_shared_everything_threads`: the proposal is not implemented",
        )
    }

    /// Values of components in the garbage-collected heap, which are not implemented: `true` is an
    /// error of [`Engine::new`].
    pub fn wasm_component_model_gc(&mut self, enable: bool) -> &mut Self {
        self.demand(enable, "`Config::wasm_component_model_gc`: the proposal is not implemented")
    }

    /// Components whose functions pass values in 64-bit memories, which are not implemented: `true`
    /// is an error of [`Engine::new`].
    pub fn wasm_component_model_memory64(&mut self, enable: bool) -> &mut Self {
        self.demand(
            enable,
            "`Config::wasm_component_model_memory64`: the proposal is not implemented",
        )
    }

    /// Whether code is made executable by the program. Has no effect: this crate maps code itself,
    /// on all machines that it runs on.
    pub fn with_custom_code_memory(
        &mut self,
        _memory: Option<Arc<dyn CustomCodeMemory>>,
    ) -> &mut Self {
        self
    }

    /// A directory for the compiler's intermediate form. Not there: it is an error of
    /// [`Engine::new`]. The command `clif` of the program `wasm-runtime` writes it.
    pub fn emit_clif(&mut self, _path: &Path) -> &mut Self {
        self.demand(
            true,
            "`Config::emit_clif`: compiling writes no files; the command `wasm-runtime clif` shows the intermediate \
             form",
        )
    }

    /// How to find out what the machine has. Has no effect: it is asked directly.
    ///
    /// # Safety
    ///
    /// None is needed here.
    #[allow(unsafe_code, reason = "declared as in Wasmtime")]
    pub unsafe fn detect_host_feature(&mut self, _detect: fn(&str) -> Option<bool>) -> &mut Self {
        self
    }

    /// Whether floats are passed in the registers that the system's convention says. Has no effect:
    /// they are, on all machines that this crate runs on.
    ///
    /// # Safety
    ///
    /// None is needed here.
    #[allow(unsafe_code, reason = "declared as in Wasmtime")]
    pub unsafe fn x86_float_abi_ok(&mut self, _enable: bool) -> &mut Self {
        self
    }

    pub(in crate::engine) fn memories_may_move(&self) -> bool {
        self.machinery.memory_may_move
    }

    pub(in crate::engine) fn guards_all_memories(&self) -> bool {
        self.machinery.guard_before_linear_memory == Some(true)
    }

    /// How large a heap may become, in bytes.
    pub(in crate::engine) fn gc_heap_limit(&self) -> u64 {
        let Machinery { gc_heap_may_move, gc_heap_reservation: reservation, .. } = self.machinery;
        let growth = self.machinery.gc_heap_reservation_for_growth;
        let initial = self.machinery.gc_heap_initial_size;
        if gc_heap_may_move { u64::MAX } else { reservation.saturating_add(growth).max(initial) }
    }

    fn demand(&mut self, is_demanded: bool, why: &'static str) -> &mut Self {
        self.machinery.demanded.retain(|demand| demand.0 != why);
        if is_demanded {
            self.machinery.demanded.push(Demand(why));
        }
        self
    }

    /// # Errors
    ///
    /// If something was asked for that is not there, or would be unsound.
    pub(in crate::engine) fn check_machinery(&self) -> Result<()> {
        let Machinery { strategy, signals_based_traps, wmemcheck, .. } = self.machinery;
        let refusals = [
            (
                strategy == Strategy::Winch,
                "`Strategy::Winch`: there is one compiler, Cranelift; `OptLevel::None` compiles fastest",
            ),
            (
                !signals_based_traps,
                "`Config::signals_based_traps(false)`: compiled code finds the ends of memories and stacks by \
                 faults of the machine, and would access what is behind them without",
            ),
            (
                self.request.tunables.guest_debug && !cfg!(feature = "debug"),
                "`Config::guest_debug`: the program was built without the feature `debug`",
            ),
            (
                wmemcheck,
                "`Config::wmemcheck`: accesses are checked against the size of the memory only",
            ),
        ];
        let demanded = self.machinery.demanded.iter().map(|demand| demand.0);
        let refused = refusals.iter().filter(|(is_refused, _)| *is_refused).map(|(_, why)| *why);
        let all: Vec<_> = refused.chain(demanded).collect();
        crate::ensure!(all.is_empty(), "settings that there are not: {}", all.join("; "));
        if let InstanceAllocationStrategy::Pooling(pool) = &self.allocation {
            pool.check()?;
        }
        Ok(())
    }
}

impl Engine {
    /// What [`Config::guard_before_linear_memory`] was set to, or `true`.
    pub fn get_guard_before_linear_memory(&self) -> bool {
        self.config().machinery.guard_before_linear_memory.unwrap_or(true)
    }
}

impl Engine {
    /// Which compiler is used; `None` without one.
    pub fn get_strategy(&self) -> Option<Strategy> {
        self.has_compiler().then_some(Strategy::Cranelift)
    }

    /// How Cranelift assigns registers; `None` without a compiler.
    pub fn get_cranelift_regalloc_algorithm(&self) -> Option<RegallocAlgorithm> {
        self.has_compiler().then_some(RegallocAlgorithm::Backtracking)
    }

    /// What [`Config::gc_zeal_alloc_counter`] was set to.
    pub fn get_gc_zeal_alloc_counter(&self) -> Option<NonZeroU32> {
        self.config().machinery.gc_zeal_alloc_counter
    }

    /// What [`Config::native_unwind_info`] was set to.
    pub fn get_native_unwind_info(&self) -> Option<bool> {
        Some(self.config().machinery.native_unwind_info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(set: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::new();
        set(&mut config);
        Engine::new(&config).err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_not_there_is_refused_by_its_name() {
        let all = [
            (refusal(|config| _ = config.strategy(Strategy::Winch)), "Strategy::Winch"),
            (refusal(|config| _ = config.signals_based_traps(false)), "signals_based_traps"),
            #[cfg(not(feature = "debug"))]
            (refusal(|config| _ = config.guest_debug(true)), "guest_debug"),
            (refusal(|config| _ = config.wmemcheck(true)), "wmemcheck"),
            (refusal(|config| _ = config.emit_clif(Path::new("x"))), "emit_clif"),
            (
                refusal(|config| _ = config.wasm_shared_everything_threads(true)),
                "wasm_shared_everything_threads",
            ),
            (refusal(|config| _ = config.wasm_component_model_gc(true)), "wasm_component_model_gc"),
            (
                refusal(|config| _ = config.wasm_component_model_memory64(true)),
                "wasm_component_model_memory64",
            ),
        ];
        for (error, name) in all {
            assert!(error.as_ref().is_some_and(|error| error.contains(name)), "{name}: {error:?}");
        }
        let unset = |config: &mut Config| {
            config.wasm_shared_everything_threads(true).wasm_shared_everything_threads(false);
        };
        assert_eq!(refusal(unset), None);
        let mut config = Config::new();
        let long = ModuleVersionStrategy::Custom("1".repeat(256));
        assert!(config.module_version(long).is_err());
        for strategy in [ModuleVersionStrategy::None, ModuleVersionStrategy::WasmtimeVersion] {
            assert!(config.module_version(strategy).is_ok());
        }
    }

    #[test]
    fn what_was_set_can_be_asked_for() -> Result<()> {
        let mut config = Config::new();
        config.memory_may_move(false).gc_heap_initial_size(7);
        let engine = Engine::new(&config)?;
        assert!(!engine.get_memory_may_move());
        assert_eq!(engine.get_gc_heap_initial_size(), 7);
        Ok(())
    }
}
