//! The settings of an engine.

#[cfg(feature = "async")]
mod asynchronous;
mod backtrace_details;
mod debugging;
mod flags;
mod fuel;
mod inlining;
mod introspection;
mod machinery;
mod profile;
mod sizes;

use std::any::Any;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use wasm_types::{CompileLimits, Internals, OptLevel, Tunables, WasmFeatures};

use crate::engine::{
    CacheSetting, Collector, CompileRequest, Compiler, InstanceAllocationStrategy, Profiling,
    ReuseConfig, Trust,
};
use crate::error::Result;
use crate::vm::MemoryProvider;

pub use backtrace_details::WasmBacktraceDetails;
pub use inlining::Inlining;
use machinery::Machinery;
pub use machinery::{
    CustomCodeMemory, ModuleVersionStrategy, RRConfig, RegallocAlgorithm, Strategy,
};

/// The default size of a Wasm stack, in bytes.
const DEFAULT_WASM_STACK: usize = 1 << 20;

/// How many frames a backtrace has at most by default.
const DEFAULT_BACKTRACE_FRAMES: usize = 20;

/// The settings of an [`Engine`](crate::Engine).
///
/// Each setter returns the configuration, so that calls can be chained.
///
/// ```
/// use wasm_store::{Config, Engine, OptLevel};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut config = Config::new();
/// config.cranelift_opt_level(OptLevel::SpeedAndSize).max_wasm_stack(2 << 20);
/// let engine = Engine::new(&config)?;
/// # let _ = engine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Config {
    pub(crate) request: CompileRequest,
    pub(crate) compiler: Option<Arc<dyn Compiler>>,
    pub(crate) use_compiler: bool,
    pub(crate) max_wasm_stack: usize,
    spectre_mitigations: [bool; 2],
    pub(crate) backtrace_frames: Option<NonZeroUsize>,
    pub(crate) profiling: Profiling,
    pub(crate) trust: Trust,
    pub(crate) cache: CacheSetting,
    pub(crate) allocation: InstanceAllocationStrategy,
    pub(crate) reuse: ReuseConfig,
    /// Whether interruption was switched on.
    interruption: bool,
    /// Whether stores have deadlines in epochs.
    pub(crate) epochs: bool,
    pub(super) collector: Collector,
    pub(super) gc_zeal: bool,
    /// Whether there may be shared memories.
    pub(super) shared_memory: bool,
    machinery: Machinery,
    backtrace_details: WasmBacktraceDetails,
    /// Who provides memories, if it is not the engine.
    pub(crate) memory_provider: Option<Arc<dyn MemoryProvider>>,
    /// What makes the dumps of errors that leave Wasm, if they carry any. Programs that never ask
    /// for dumps have nothing of it; what it is is known where dumps are.
    pub(crate) core_dumps: Option<&'static (dyn Any + Send + Sync)>,
}

macro_rules! proposals {
    ($($name:ident $flag:ident $default:literal $what:literal;)*) => {
        $(
            #[doc = concat!("Whether modules may use ", $what, ".\n\nDefault: ", $default, ".")]
            pub fn $name(&mut self, enable: bool) -> &mut Self {
                self.wasm_features(WasmFeatures::$flag, enable)
            }
        )*

        /// The defaults that the documentation promises.
        #[cfg(test)]
        const PROPOSALS: &[(WasmFeatures, &str)] = &[$((WasmFeatures::$flag, $default),)*];
    };
}

impl Config {
    /// The default settings: WebAssembly 2.0 and those of the later proposals that are
    /// implemented, optimised for speed, on all cores, with the program's default compiler.
    pub fn new() -> Self {
        let mut config = Self {
            request: CompileRequest::new(),
            compiler: None,
            use_compiler: true,
            max_wasm_stack: DEFAULT_WASM_STACK,
            spectre_mitigations: [true; 2],
            backtrace_frames: NonZeroUsize::new(DEFAULT_BACKTRACE_FRAMES),
            profiling: Profiling::default(),
            trust: Trust::default(),
            cache: CacheSetting::default(),
            allocation: InstanceAllocationStrategy::default(),
            reuse: ReuseConfig::default(),
            interruption: false,
            epochs: false,
            collector: Collector::Auto,
            gc_zeal: false,
            shared_memory: false,
            machinery: Machinery::default(),
            backtrace_details: WasmBacktraceDetails::Environment,
            memory_provider: None,
            core_dumps: None,
        };
        config.settle_debug_sections();
        config
    }

    /// The compiler that turns Wasm bytes into code.
    ///
    /// Default: the one that the program provides (see
    /// [`provide_compiler!`](crate::provide_compiler)), if there is one. An engine that gets a
    /// compiler by this call needs no other feature for it.
    pub fn compiler(&mut self, compiler: Arc<dyn Compiler>) -> &mut Self {
        self.compiler = Some(compiler);
        self
    }

    /// Whether the engine compiles at all. An engine that does not compile loads artifacts only,
    /// even if the program provides a compiler.
    ///
    /// Default: yes. If not, [`Module::new`](crate::Module::new) is an error.
    pub fn enable_compiler(&mut self, enable: bool) -> &mut Self {
        self.use_compiler = enable;
        self
    }

    /// The target that is compiled for, as a triple.
    ///
    /// Default: this host. What is compiled for another target can be kept, but not loaded here.
    ///
    /// # Errors
    ///
    /// If the text does not have the shape of a triple, or of the beginning of one: `x86_64` is one
    /// for no vendor and no system. A triple that the compiler does not know is an error when it
    /// compiles.
    pub fn target(&mut self, target: &str) -> Result<&mut Self> {
        let is_name = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
        };
        crate::ensure!(
            target.split('-').all(is_name),
            "`{target}` is not a target triple such as `x86_64-unknown-linux-gnu`"
        );
        self.request.target = Some(target.to_string());
        Ok(self)
    }

    /// Allows compiled code to use an extension of the instruction set, such as `avx2`, or forbids
    /// it. Later calls win.
    ///
    /// Default: nothing is said about any extension. The code may then use all extensions that this
    /// host has or, for another [`target`](Config::target), those that all its machines have.
    /// Forbidding an extension may make code slower, never wrong.
    ///
    /// An extension that the compiler does not know is an error when it compiles. Code that uses
    /// what a machine does not have is refused there when it is loaded, so that no promise of the
    /// caller is needed here.
    pub fn target_feature(&mut self, name: &str, enable: bool) -> &mut Self {
        self.request.target_features.push((name.to_string(), enable));
        self
    }

    /// Allows or refuses proposals.
    ///
    /// Default: [`WasmFeatures::DEFAULT`]. A proposal that is allowed costs nothing in modules
    /// that do not use it.
    pub fn wasm_features(&mut self, features: WasmFeatures, enable: bool) -> &mut Self {
        self.request.features.set(features, enable);
        self
    }

    proposals! {
        wasm_branch_hinting BRANCH_HINTING "no"
            "branch hints. They move code that is unlikely to run behind the rest of its function, and \
             change nothing that code does; hints that are malformed have no effect";
        wasm_bulk_memory BULK_MEMORY "yes" "bulk operations on memories and tables";
        wasm_compact_imports COMPACT_IMPORTS "no"
            "import sections that name a module or a type once for several imports (the \
             compact-import-section proposal, phase 4)";
        wasm_component_model COMPONENT_MODEL "yes"
            "the component model, which is to say whether there may be components at all";
        wasm_component_model_async COMPONENT_MODEL_ASYNC "yes"
            "asynchronous functions, streams and futures in components (WASI 0.3). What of it is not \
             implemented is refused by name";
        wasm_component_model_async_stackful COMPONENT_MODEL_ASYNC_STACKFUL "no"
            "asynchronous functions of components that have no callback";
        wasm_component_model_error_context COMPONENT_MODEL_ERROR_CONTEXT "no"
            "the type `error-context` in components, which is refused by name where a value of it is used";
        wasm_component_model_fixed_length_lists COMPONENT_MODEL_FIXED_LENGTH_LISTS "no"
            "lists of a fixed length in components, `list<T, N>`";
        wasm_component_model_implements COMPONENT_MODEL_IMPLEMENTS "no"
            "imports and exports of components that say which interface they implement";
        wasm_component_model_map COMPONENT_MODEL_MAP "no" "maps in components, `map<K, V>`";
        wasm_component_model_more_async_builtins COMPONENT_MODEL_MORE_ASYNC_BUILTINS "no"
            "more built-in functions for asynchronous components, of which those that are not \
             implemented are refused by name";
        wasm_component_model_threading COMPONENT_MODEL_THREADING "no"
            "threads of components, which are refused by name";
        wasm_custom_page_sizes CUSTOM_PAGE_SIZES "no"
            "memories whose pages are of one byte (the custom-page-sizes proposal, phase 3)";
        wasm_exceptions EXCEPTIONS "yes" "exceptions (part of WebAssembly 3.0)";
        wasm_extended_const EXTENDED_CONST "yes" "arithmetic in constant expressions";
        wasm_function_references FUNCTION_REFERENCES "yes"
            "typed function references (the function-references proposal, part of WebAssembly 3.0)";
        wasm_gc GC "yes"
            "garbage collection (part of WebAssembly 3.0), of which recursive groups and subtypes of \
             function types are translated, and the rest is refused";
        wasm_legacy_exceptions LEGACY_EXCEPTIONS "no" "the instructions for exceptions of before the proposal was finished (`try`, `catch`, `rethrow`, `delegate`), beside `Config::wasm_exceptions`";
        wasm_memory64 MEMORY64 "yes" "64-bit memories and tables";
        wasm_multi_memory MULTI_MEMORY "yes" "several memories";
        wasm_multi_value MULTI_VALUE "yes" "several results of functions and blocks";
        wasm_reference_types REFERENCE_TYPES "yes" "reference types";
        wasm_relaxed_simd RELAXED_SIMD "yes" "relaxed vector instructions";
        wasm_simd SIMD "yes" "128-bit vectors";
        wasm_stack_switching STACK_SWITCHING "no"
            "continuations (the stack switching proposal, phase 3), beside `Config::wasm_exceptions` \
             and `Config::wasm_function_references`";
        wasm_tail_call TAIL_CALL "yes" "tail calls";
        wasm_threads THREADS "yes"
            "shared memories and atomic instructions (the threads proposal, phase 4); \
             `Config::shared_memory` says whether there may be shared memories";
        wasm_wide_arithmetic WIDE_ARITHMETIC "no"
            "128-bit arithmetic on pairs of 64-bit integers (the wide-arithmetic proposal, phase 4)";
    }

    /// Whether there may be memories that several stores share, and so several threads.
    ///
    /// Default: no. Modules that import or define shared memories are compiled either way
    /// ([`wasm_threads`](Self::wasm_threads)), and atomic instructions work on memories that are
    /// not shared. But [`SharedMemory::new`](crate::SharedMemory::new) is an error then, and so is
    /// instantiating a module that defines a shared memory.
    ///
    /// With it, a program can have threads only if the host makes some: stores on several threads,
    /// with instances that import the same memory. A shared memory is limited by its own maximum; a
    /// [`ResourceLimiter`](crate::ResourceLimiter) is queried by the store that makes it or whose
    /// code lets it grow, not by those that only see it. Waiting for a place
    /// (`memory.atomic.wait32`) blocks the thread, or keeps none in a call that may wait (feature
    /// `async`), until the place is notified, the time is over, or the store is interrupted. Code
    /// that runs in parallel can measure time with another thread as a clock, whatever clocks the
    /// host provides.
    pub fn shared_memory(&mut self, enable: bool) -> &mut Self {
        self.shared_memory = enable;
        self
    }

    /// Whether relaxed vector instructions give the same result on every machine.
    ///
    /// Default: no, so that each takes the machine's own instruction. With it, some take several
    /// instructions.
    pub fn relaxed_simd_deterministic(&mut self, enable: bool) -> &mut Self {
        self.request.tunables.relaxed_simd_deterministic = enable;
        self
    }

    /// How hard the compiler works on the code.
    ///
    /// Default: [`OptLevel::Speed`]. [`OptLevel::None`] compiles faster, and the code is slower.
    pub fn cranelift_opt_level(&mut self, level: OptLevel) -> &mut Self {
        self.request.tunables.opt_level = level;
        self
    }

    /// Whether not-a-number results are brought to one bit pattern.
    ///
    /// Default: no. With it, each operator on floats that can give not-a-number takes some more
    /// instructions.
    pub fn cranelift_nan_canonicalization(&mut self, enable: bool) -> &mut Self {
        self.request.tunables.nan_canonicalization = enable;
        self
    }

    /// Whether the code generator checks its own intermediate form.
    ///
    /// Default: no. It makes compiling slower and the code no slower. It is meant for finding bugs
    /// of the compiler.
    pub fn cranelift_debug_verifier(&mut self, enable: bool) -> &mut Self {
        self.request.verify_ir = enable;
        self
    }

    /// Whether functions are compiled on several threads, as many as the machine has for this
    /// process. The threads are made for each module and end with its compilation. Where the system
    /// makes none, the calling thread compiles by itself.
    ///
    /// Default: yes, where the compiler can. The code is the same either way. More threads take
    /// more memory while they compile.
    pub fn parallel_compilation(&mut self, parallel: bool) -> &mut Self {
        self.request.parallel = parallel;
        self
    }

    /// How large the functions of a module may be, and how long compiling it may take: see
    /// [`CompileLimits`].
    ///
    /// Default: [`CompileLimits::new`]. The limits are checked in the pass that translates, which
    /// takes no time that could be measured.
    ///
    /// What is beyond a limit is refused with an error that names the limit, the function and the
    /// value. Limits do not concern artifacts and modules from a cache, which were compiled
    /// already.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wasm_store::{CompileLimits, Config};
    ///
    /// let limits = CompileLimits::new().operators(100_000).time(Duration::from_secs(5));
    /// Config::new().compile_limits(limits);
    /// ```
    pub fn compile_limits(&mut self, limits: CompileLimits) -> &mut Self {
        self.request.limits = limits;
        self
    }

    /// Whether compiled code is mapped to places of the Wasm binary, so that backtraces have
    /// offsets.
    ///
    /// Default: yes. The map is a table of the artifact, which is read only for backtraces; the
    /// code is the same.
    pub fn generate_address_map(&mut self, generate: bool) -> &mut Self {
        self.request.address_map = generate;
        self
    }

    /// The size of the stack that Wasm runs on, in bytes. Using it up is a trap.
    ///
    /// Default: 1 MiB. The part of it that was never used is address space, not memory. No limit
    /// (`usize::MAX`) stands for 256 MiB.
    pub fn max_wasm_stack(&mut self, size: usize) -> &mut Self {
        self.max_wasm_stack = size;
        self
    }

    /// Whether errors that leave Wasm carry a backtrace.
    ///
    /// Default: yes. A backtrace costs time when an error leaves Wasm, and none before.
    pub fn wasm_backtrace(&mut self, enable: bool) -> &mut Self {
        self.backtrace_frames =
            if enable { NonZeroUsize::new(DEFAULT_BACKTRACE_FRAMES) } else { None };
        self
    }

    /// How many frames a backtrace has at most; `None` for no backtraces.
    ///
    /// Default: 20. Each frame costs time when an error leaves Wasm.
    pub fn wasm_backtrace_max_frames(&mut self, limit: Option<NonZeroUsize>) -> &mut Self {
        self.backtrace_frames = limit;
        self
    }

    /// Address space reserved for each memory, in bytes: see [`Tunables::memory_reservation`].
    ///
    /// Default: 4 GiB, with which accesses of 32-bit memories need no bounds check. With less, each
    /// is checked, and memories may move when they grow; with more, there is room for fewer
    /// memories.
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Self {
        self.request.tunables.memory_reservation = bytes;
        self
    }

    /// Inaccessible address space after each memory, in bytes: see [`Tunables::memory_guard_size`].
    ///
    /// Default: 32 MiB. With less, more of the accesses with a constant offset need a check of it.
    pub fn memory_guard_size(&mut self, bytes: u64) -> &mut Self {
        self.request.tunables.memory_guard_size = bytes;
        self
    }

    /// Address space reserved beyond the size of a memory that may move, in bytes: see
    /// [`Tunables::memory_reservation_for_growth`].
    ///
    /// Default: 2 GiB. With less, growing copies the memory more often.
    pub fn memory_reservation_for_growth(&mut self, bytes: u64) -> &mut Self {
        self.request.tunables.memory_reservation_for_growth = bytes;
        self
    }

    /// Whether memories, stacks and instances are allocated when they are requested, or all when
    /// the engine is made.
    ///
    /// Default: [`InstanceAllocationStrategy::OnDemand`]. Reserving everything beforehand costs
    /// address space, and makes limits hard.
    pub fn allocation_strategy(
        &mut self,
        strategy: impl Into<InstanceAllocationStrategy>,
    ) -> &mut Self {
        self.allocation = strategy.into();
        self
    }

    /// How much of what dropped stores leave is kept for the next.
    ///
    /// Default: [`ReuseConfig::new`]. Keeping more makes new instances cheaper, and holds their
    /// memory.
    pub fn reuse(&mut self, reuse: ReuseConfig) -> &mut Self {
        self.reuse = reuse;
        self
    }

    /// Whether the host may read, or also write, what a module neither exports nor imports: see
    /// [`Internals`] and [`Instance::globals`](crate::Instance::globals). Artifacts record this
    /// setting; for an instance, the stricter of the settings of its artifact and its engine holds.
    /// An engine with [`Internals::Writable`] refuses artifacts that were not compiled for it.
    ///
    /// Default: [`Internals::Readable`]. [`Internals::Writable`] makes code slower, since the
    /// compiler may assume nothing about what the host could change.
    pub fn internals(&mut self, internals: Internals) -> &mut Self {
        self.request.tunables.internals = internals;
        self
    }

    /// Whether code can be interrupted: by
    /// [`Store::interrupt_handle`](crate::Store::interrupt_handle),
    /// [`Store::set_timeout`](crate::Store::set_timeout) and the other ways that
    /// [`epoch_interruption`](Self::epoch_interruption) also allows for. There is no deadline until
    /// one is set.
    ///
    /// Default: no.
    ///
    /// The code checks for interruption itself, and is a little slower for it: 1 % over all the
    /// programs that were measured, 5 % for interpreters. Code that was compiled for interruption
    /// runs in engines without it; an engine with it refuses code that was not. An interruption
    /// ends the code. A [`Store::epoch_deadline_callback`](crate::Store::epoch_deadline_callback)
    /// that lets the code go on needs [`epoch_interruption`](Self::epoch_interruption).
    pub fn interruption(&mut self, enable: bool) -> &mut Self {
        self.interruption = enable;
        self.update_interruption()
    }

    /// As [`interruption`](Self::interruption), and stores have deadlines in epochs. The code of a
    /// store is interrupted at once unless
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline) has given it time, counted
    /// in calls of [`Engine::increment_epoch`](crate::Engine::increment_epoch).
    ///
    /// Default: no.
    ///
    /// Code that goes on after a callback observes what the callback changed, so it keeps less in
    /// registers from one turn of a loop to the next. Measured with that, interpreters and a
    /// database take 3 to 4 % longer than code that can't be interrupted.
    pub fn epoch_interruption(&mut self, enable: bool) -> &mut Self {
        self.epochs = enable;
        self.update_interruption()
    }

    fn update_interruption(&mut self) -> &mut Self {
        self.request.tunables.interruption = self.interruption || self.epochs;
        self.request.tunables.interruption_callbacks = self.epochs;
        self
    }

    /// All settings that compiled code and the run-time agree on, to be changed.
    pub fn tunables_mut(&mut self) -> &mut Tunables {
        &mut self.request.tunables
    }

    /// The settings that compiled code and the run-time agree on.
    pub fn tunables(&self) -> &Tunables {
        &self.request.tunables
    }

    /// The proposals that modules may use.
    pub fn get_wasm_features(&self) -> WasmFeatures {
        self.request.features
    }

    /// The request that a compiler gets with these settings.
    pub fn compile_request(&self) -> &CompileRequest {
        &self.request
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("request", &self.request)
            .field("compiler", &self.compiler)
            .field("max_wasm_stack", &self.max_wasm_stack)
            .field("backtrace_frames", &self.backtrace_frames)
            .field("profiling", &self.profiling)
            .field("trust", &self.trust)
            .field("cache", &self.cache)
            .field("allocation", &self.allocation)
            .field("reuse", &self.reuse)
            .field("epochs", &self.epochs)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_the_shape_of_triples() {
        let mut config = Config::new();
        for good in ["x86_64-unknown-linux-gnu", "riscv64gc-unknown-linux-musl", "x86_64"] {
            assert!(config.target(good).is_ok(), "{good}");
        }
        for bad in ["", "x86_64-", "x86_64--linux", "a b-c"] {
            assert!(config.target(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn proposals_are_on_where_the_documentation_says_so() {
        let features = Config::new().get_wasm_features();
        for (proposal, default) in Config::PROPOSALS {
            assert_eq!(features.contains(*proposal), *default == "yes", "{proposal:?}");
        }
    }

    #[test]
    fn proposals_are_set_one_by_one() {
        let mut config = Config::new();
        config.wasm_simd(false).wasm_threads(true);
        let features = config.get_wasm_features();
        assert!(!features.contains(WasmFeatures::SIMD));
        assert!(features.contains(WasmFeatures::THREADS | WasmFeatures::TAIL_CALL));
    }
}
