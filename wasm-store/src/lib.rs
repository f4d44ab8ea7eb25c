//! Running compiled WebAssembly: engine, store, instances, host functions, linker, traps.
//!
//! The API has the names and the behaviour of the core of Wasmtime's, so that code written against
//! that compiles here after changing the crate's name. [`differences`] lists the exceptions.
//!
//! # Should I use this?
//!
//! Use it to run WebAssembly that was compiled beforehand, with nothing in the program that could
//! compile it: its dependencies contain neither a code generator nor a parser of WebAssembly. To
//! compile as well, use the crate `wasm-runtime`, which has the same API and brings a compiler
//! along; or hand a compiler of your own to [`Config::compiler`].
//!
//! # Example
//!
//! ```
//! use wasm_store::{Caller, Engine, Func, Store};
//!
//! # fn main() -> wasm_store::Result<()> {
//! let engine = Engine::default();
//! let mut store = Store::new(&engine, Vec::new());
//! let log = Func::wrap(&mut store, |mut caller: Caller<'_, Vec<i64>>, value: i64| {
//!     caller.data_mut().push(value);
//!     caller.data().len() as i32
//! });
//! let log = log.typed::<i64, i32>(&store)?;
//! assert_eq!(log.call(&mut store, 7)?, 1);
//! assert_eq!(store.data(), &[7]);
//! # Ok(())
//! # }
//! ```
//!
//! A module is loaded with [`Module::deserialize_file`] and instantiated by a [`Linker`]:
//!
//! ```no_run
//! use wasm_store::{Engine, Linker, Module, Store};
//!
//! # fn main() -> wasm_store::Result<()> {
//! let engine = Engine::default();
//! // SAFETY: the file was made by this project's compiler, and nobody changes it.
//! let module = unsafe { Module::deserialize_file(&engine, "app.cwasm")? };
//! let mut linker = Linker::new(&engine);
//! linker.func_wrap("env", "now", || 0_i64)?;
//! let mut store = Store::new(&engine, ());
//! let instance = linker.instantiate(&mut store, &module)?;
//! let main = instance.get_typed_func::<(i32, i32), i32>(&mut store, "main")?;
//! println!("{}", main.call(&mut store, (0, 0))?);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `call-hook`: `Store::call_hook`, a function of the host that is called at every change between
//!   host and Wasm, and `Store::add_call_hook`, several for chosen calls, with function, arguments,
//!   results and outcome.
//! * `function-hook`: `Config::function_hooks` and `Store::function_hook`: a function of the host
//!   that is called when Wasm functions that were compiled for it are entered and left.
//! * `observe`: The module `observe` and `GuestProfiler`: ready-made observers, which count, trace,
//!   cover and sample calls.
//! * `dwarf`: Coverage by source files (`FunctionCoverage::add_source_lines`), by the debugging
//!   information of a module.
//! * `backtrace-details`: Places in the source in backtraces (`Config::wasm_backtrace_details`,
//!   `FrameInfo::symbols`), by the debugging information of a module.
//! * `tracing`: Traces of calls as events of the crate `tracing`.
//! * `demangle`: Backtraces, traces, profiles, coverage and errors have the names of functions as
//!   they stand in Rust and C++ sources, and patterns match these, too.
//! * `profile`: `Config::profiler` and `Config::debug_info`: profilers and debuggers know the
//!   functions of modules by their names.
//! * `debug-info`: `Config::debug_info` makes modules keep their debugging information, and
//!   debuggers know lines and variables of the source.
//! * `sign`: `Config::trust`, `Module::deserialize_verified` and the module `sign`: artifacts that
//!   are signed, authenticated or known by their hash are verified and loaded by safe functions,
//!   whoever may write them.
//! * `async`: Calls that may wait: `Func::call_async`, host functions that are futures
//!   (`Func::wrap_async`, `Linker::func_wrap_async`), `Linker::instantiate_async`. Any executor can
//!   run them.
//! * `debug`: `Config::guest_debug`: the host debugs Wasm. Code stops at breakpoints, after each
//!   step, and where it fails, and a `DebugHandler` sees frames, locals and operands there.
//! * `gc`: Modules with objects of the garbage-collected heap, exceptions or continuations. Without
//!   it such modules are refused when they are loaded, and programs are smaller. References to host
//!   values work all the same.
//! * `component`: Compiled components: `Bundle`, the modules of a component in one artifact, for
//!   the crate that runs components.
//! * `cache`: `Config::cache`: modules that were compiled before come from the user's cache
//!   directory.
//! * `anyhow`: `Error::from_anyhow` and `ToWasmtimeResult`, and the other way round: errors of the
//!   crate `anyhow`.
//! <!-- end of features -->

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "debug")]
mod debug;
pub mod differences;
mod engine;
pub mod error;
mod gate;
mod items;
mod linker;
#[cfg(test)]
mod send_sync;
mod state;
mod store;
mod types;
mod vm;
mod watch;

#[cfg(feature = "debug")]
pub use debug::{Breakpoint, BreakpointEdit, DebugEvent, DebugHandler, FrameHandle, ModulePC};
#[cfg(feature = "profile")]
pub use engine::ProfilingStrategy;
pub use engine::{
    Collector, CompileRequest, Compiler, Config, CustomCodeMemory, Enabled, Engine, EngineWeak,
    Inlining, InstanceAllocationStrategy, ModuleVersionStrategy, PoolingAllocationConfig,
    PoolingAllocatorMetrics, Precompiled, RRConfig, RegallocAlgorithm, ReuseConfig, Strategy,
    WasmBacktraceDetails, compiler,
};
#[cfg(feature = "anyhow")]
pub use error::ToWasmtimeResult;
pub use error::{
    Error, GcHeapOutOfMemory, PoolConcurrencyLimitError, Result, ThrownException, Trap,
};
#[cfg(feature = "component")]
pub use items::Bundle;
pub use items::{
    AnyRef, BoundFuncs, ContRef, DataSegment, ElementSegment, EqRef, ExnRef, ExnRefPre, Export,
    Extern, ExternRef, FrameInfo, FrameSymbol, Func, GcRef, Global, I31, ImportBinding, Instance,
    Internal, IntoFunc, LinearMemory, Memory, MemoryAccessError, MemoryCreator, Module,
    ModuleExport, ModuleFunction, NoExtern, NoFunc, NoneRef, NumericDef, NumericFunc, NumericFuncs,
    OwnedRooted, Ref, ResourcesRequired, RootScope, Rooted, RootedGcRef, SharedMemory, Table, Tag,
    TypedFunc, V128, Val, ValRaw, WaitResult, WasmBacktrace, WasmCoreDump, WasmParams, WasmResults,
    WasmRet, WasmTy, WasmTyList,
};
pub use items::{ArrayRef, ArrayRefPre, StructRef, StructRefPre};
pub use linker::{InstancePre, Linker, UnknownImportError};
pub use state::{ForkPre, HostState, Outside, Snapshot, SnapshotBuilder, Transaction};
#[cfg(feature = "component")]
pub use store::ComponentLimits;
#[cfg(feature = "async")]
pub use store::ResourceLimiterAsync;
pub use store::{
    AsContext, AsContextMut, Awaited, Caller, DEFAULT_INSTANCE_LIMIT, DEFAULT_MEMORY_LIMIT,
    DEFAULT_TABLE_LIMIT, HeapObjectKind, HeapSummary, HeapSummaryType, Interest, InterruptHandle,
    ResourceLimiter, Store, StoreContext, StoreContextMut, StoreLimits, StoreLimitsBuilder,
    UpdateDeadline, Waiter, Woken, interruption, wait,
};
pub use types::{
    ArrayType, ContType, ExnType, ExportType, ExternType, FieldType, Finality, FuncType,
    GlobalType, HeapType, ImportType, MemoryType, MemoryTypeBuilder, Mutability, RefType,
    StorageType, StructType, TableType, TagType, ValType,
};
/// Who answers for artifacts (feature `sign`): keys, seals and trust policies.
#[cfg(feature = "sign")]
pub use wasm_artifact::sign;
/// The cache of compiled modules (feature `cache`): see [`Config::cache`].
#[cfg(feature = "cache")]
pub use wasm_cache::{Cache, CacheConfig, Error as CacheError};
#[cfg(feature = "call-hook")]
pub use wasm_hooks::{CallDirection, CallFilter, CallHook, CallTarget};
#[cfg(feature = "function-hook")]
pub use wasm_hooks::{FunctionEvent, NamePattern, NamePatternError};
/// What code did in earlier runs: see [`Config::profile`].
pub use wasm_types::profile;
pub use wasm_types::{
    CompileLimit, CompileLimits, Escaped, Internals, OperatorCost, OptLevel, Tunables,
    VariableOperatorCost, WasmFeatures,
};
pub use wasm_types::{
    GlobalState, MemoryChunk, MemoryState, ModuleState, ObjectState, RefState, TableRun, TableState,
};
#[cfg(all(feature = "call-hook", feature = "async"))]
pub use watch::CallHookHandler;
#[cfg(feature = "function-hook")]
pub use watch::FunctionHookContext;
#[cfg(feature = "observe")]
pub use watch::observe::{self, GuestProfiler};
#[cfg(feature = "call-hook")]
pub use watch::{CallHookContext, CallHookId, CallOutcome};

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
