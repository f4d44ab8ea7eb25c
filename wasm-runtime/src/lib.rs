//! A WebAssembly runtime with Wasmtime's API.
//!
//! This crate combines the crates of the project under one name. Its types are those of
//! `wasm-store`, which have the names and the behaviour of Wasmtime's core API. Code written for
//! Wasmtime compiles after changing the crate's name; the documentation of `wasm-store` lists the
//! exceptions. With feature `jit`, every [`Engine`] compiles with [`CraneliftCompiler`] by default.
//!
//! # Should I use this?
//!
//! Use it to embed WebAssembly in a program. To write a runtime of your own, use the crate you
//! need: `wasm-translate` generates code for any layout of memory, `wasm-artifact` reads and writes
//! compiled modules, and `wasm-types` describes modules.
//!
//! # Example
//!
#![cfg_attr(all(feature = "jit", feature = "wat"), doc = "```")]
#![cfg_attr(not(all(feature = "jit", feature = "wat")), doc = "```ignore")]
//! use wasm_runtime::{Engine, Instance, Module, Store};
//!
//! # fn main() -> wasm_runtime::Result<()> {
//! let engine = Engine::default();
//! let module = Module::new(
//!     &engine,
//!     r#"(module (func (export "add") (param i32 i32) (result i32)
//!            local.get 0
//!            local.get 1
//!            i32.add))"#,
//! )?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
//! assert_eq!(add.call(&mut store, (40, 2))?, 42);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! Features only add; a combination of them can do what each of them can do.
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `aot-only`: Load and run artifacts: the part that everything else adds to. A program built
//!   with this feature alone has neither a code generator nor a parser of WebAssembly in it, and
//!   refuses Wasm bytes with an error that names `jit`.
//! * `jit` (default): Compile WebAssembly, on the spot (`Module::new`) or into artifacts
//!   (`Engine::precompile_module`).
//! * `gc`: Modules with objects of the garbage-collected heap, exceptions or continuations. Without
//!   it such modules are refused when they are loaded, and programs are smaller. References to host
//!   values work all the same.
//! * `parallel` (default): Compile the functions of a module on several threads. The result is the
//!   same, byte for byte.
//! * `all-arch`: Compile for all architectures that Cranelift has (x86-64, aarch64, riscv64,
//!   s390x), not only for that of the host.
//! * `wat` (default): Take the text format wherever Wasm bytes are taken.
//! * `wasi`: WASI preview 1, as the module `wasi`.
//! * `wasi-threads`: `wasi-threads`, as the module `wasi::threads`, and the option `-S threads`:
//!   guests start threads of the host.
//! * `call-hook`: `Store::call_hook`, a function of the host that is called at every change between
//!   host and Wasm, and `Store::add_call_hook`, several for chosen calls, with function, arguments,
//!   results and outcome.
//! * `function-hook`: `Config::function_hooks` and `Store::function_hook`: a function of the host
//!   that is called when Wasm functions that were compiled for it are entered and left.
//! * `observe`: The module `observe` and `GuestProfiler`: ready-made observers, which count, trace,
//!   cover and sample calls.
//! * `dwarf`: Coverage by source files (`FunctionCoverage::add_source_lines`), by the debugging
//!   information of a module.
//! * `backtrace-details` (default): Places in the source in backtraces
//!   (`Config::wasm_backtrace_details`, `FrameInfo::symbols`), by the debugging information of a
//!   module.
//! * `tracing`: Traces of calls as events of the crate `tracing`.
//! * `demangle` (default): Backtraces, traces, profiles, coverage and errors have the names of
//!   functions as they stand in Rust and C++ sources, and patterns match these, too.
//! * `profile`: `Config::profiler` and `Config::debug_info`: profilers and debuggers know the
//!   functions of modules by their names.
//! * `debug-info`: `Config::debug_info` makes modules keep their debugging information, and
//!   debuggers know lines and variables of the source.
//! * `async`: Calls that may wait: `Func::call_async`, host functions that are futures
//!   (`Func::wrap_async`, `Linker::func_wrap_async`), `Linker::instantiate_async`. Any executor can
//!   run them.
//! * `debug`: `Config::guest_debug`: the host debugs Wasm. Code stops at breakpoints, after each
//!   step, and where it fails, and a `DebugHandler` sees frames, locals and operands there.
//! * `cache`: `Config::cache`: modules that were compiled before come from the user's cache
//!   directory.
//! * `sign`: `Config::trust`, `Module::deserialize_verified` and the module `sign`: artifacts that
//!   are signed, authenticated or known by their hash are verified and loaded by safe functions,
//!   whoever may write them.
//! * `rewrite`: The module `rewrite`: modules with everything exported, and modules that start in
//!   the state of an instance.
//! * `wast`: Run scripts of the specification's test suite, as the module `wast`.
//! * `component`: Components, as the module `component`: run those that were compiled beforehand;
//!   with `jit`, compile them, too.
//! * `component-macro`: Derives for types of components, `flags!`, and `bindgen!`, which makes
//!   bindings of WIT, in the module `component`. With the feature `anyhow`, its option `anyhow`:
//!   host functions return results of that crate.
//! * `anyhow`: `Error::from_anyhow` and `ToWasmtimeResult`, and the other way round: errors of the
//!   crate `anyhow`.
//! * `wasip2`: WASI 0.2 for components, as the module `wasi::p2`, over the same contexts as preview
//!   1.
//! * `cli`: The program `wasm-runtime`. Its commands `compile` and `clif` need `jit`, `snapshot`
//!   and `expose` need `rewrite`, `wast` needs `wast`, `explore` and `objdump` need `disassemble`,
//!   and `keygen`, `sign`, `verify` and the option `--trust` need `sign`.
//! * `disassemble`: The commands `explore`, a page with a module beside its machine code, and
//!   `objdump`, the machine code of an artifact. It brings a library in C along, and needs a
//!   compiler for that.
//! <!-- end of features -->

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "jit")]
mod jit;
#[cfg(feature = "wast")]
pub mod wast;

#[cfg(feature = "jit")]
pub use jit::{CodeBuilder, CodeHint, CompileTimings, CraneliftCompiler};
#[cfg(all(feature = "call-hook", feature = "async"))]
pub use wasm_store::CallHookHandler;
#[cfg(feature = "observe")]
pub use wasm_store::GuestProfiler;
#[cfg(feature = "profile")]
pub use wasm_store::ProfilingStrategy;
#[cfg(feature = "async")]
pub use wasm_store::ResourceLimiterAsync;
#[cfg(feature = "anyhow")]
pub use wasm_store::ToWasmtimeResult;
/// What code did in earlier runs: see [`Config::profile`] and [`Module::profile`].
pub use wasm_store::profile;
pub use wasm_store::{
    AnyRef, ArrayType, AsContext, AsContextMut, BoundFuncs, Caller, Collector, CompileLimit,
    CompileLimits, CompileRequest, Compiler, Config, ContRef, ContType, DEFAULT_INSTANCE_LIMIT,
    DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT, Engine, EngineWeak, EqRef, Error, Escaped, ExnRef,
    ExnRefPre, ExnType, Export, ExportType, Extern, ExternRef, ExternType, FieldType, Finality,
    FrameInfo, FrameSymbol, Func, FuncType, GcHeapOutOfMemory, GcRef, Global, GlobalType, HeapType,
    I31, ImportBinding, ImportType, Instance, InstanceAllocationStrategy, InstancePre, IntoFunc,
    LinearMemory, Linker, Memory, MemoryAccessError, MemoryCreator, MemoryType, MemoryTypeBuilder,
    Module, ModuleExport, ModuleFunction, Mutability, NoExtern, NoFunc, NoneRef, NumericDef,
    NumericFunc, NumericFuncs, OperatorCost, OptLevel, OwnedRooted, PoolingAllocationConfig,
    PoolingAllocatorMetrics, Precompiled, Ref, RefType, ResourceLimiter, Result, ReuseConfig,
    RootScope, Rooted, RootedGcRef, SharedMemory, StorageType, Store, StoreContext,
    StoreContextMut, StoreLimits, StoreLimitsBuilder, StructType, Table, TableType, Tag, TagType,
    ThrownException, Trap, Tunables, TypedFunc, UnknownImportError, V128, Val, ValRaw, ValType,
    VariableOperatorCost, WaitResult, WasmBacktrace, WasmFeatures, WasmParams, WasmResults,
    WasmRet, WasmTy, WasmTyList,
};
pub use wasm_store::{ArrayRef, ArrayRefPre, StructRef, StructRefPre};
/// Ending code that runs too long: see [`Config::interruption`] and [`Config::epoch_interruption`].
pub use wasm_store::{Awaited, Interest, InterruptHandle, UpdateDeadline, Waiter, Woken};
#[cfg(feature = "debug")]
pub use wasm_store::{Breakpoint, BreakpointEdit, DebugEvent, DebugHandler, FrameHandle, ModulePC};
#[cfg(feature = "cache")]
pub use wasm_store::{Cache, CacheConfig, CacheError};
#[cfg(feature = "call-hook")]
pub use wasm_store::{
    CallDirection, CallFilter, CallHook, CallHookContext, CallHookId, CallOutcome, CallTarget,
};
pub use wasm_store::{
    CustomCodeMemory, Enabled, Inlining, ModuleVersionStrategy, PoolConcurrencyLimitError,
    RRConfig, RegallocAlgorithm, ResourcesRequired, Strategy, WasmBacktraceDetails, WasmCoreDump,
};
/// The state of instances: inspected, saved, restored, and copied to other instances.
pub use wasm_store::{
    DataSegment, ElementSegment, ForkPre, GlobalState, HostState, Internal, Internals, MemoryChunk,
    MemoryState, ModuleState, ObjectState, Outside, RefState, Snapshot, SnapshotBuilder, TableRun,
    TableState, Transaction,
};
#[cfg(feature = "function-hook")]
pub use wasm_store::{FunctionEvent, FunctionHookContext, NamePattern, NamePatternError};
/// What is in the garbage-collected heap: see [`Store::heap_summary`].
pub use wasm_store::{HeapObjectKind, HeapSummary, HeapSummaryType};
pub use wasm_store::{bail, ensure, error, format_err, provide_compiler};

/// Rewriting modules (feature `rewrite`): exporting everything, or starting from the state of an
/// instance, which [`Snapshot::state`] describes.
#[cfg(feature = "rewrite")]
pub mod rewrite {
    pub use wasm_rewrite::{
        Error, ErrorKind, ExposeOptions, Exposed, ExposedItem, Imported, Item, ItemKind, Namer,
        PreinitializeOptions, Preinitialized, expose, preinitialize,
    };
    pub use wasm_types::ModuleState;
}

/// Trust in artifacts (feature `sign`): keys, seals and trust policies.
#[cfg(feature = "sign")]
pub use wasm_store::sign;

/// Ready-made observers of running code (feature `observe`).
#[cfg(feature = "observe")]
pub use wasm_store::observe;

/// Components (feature `component`): compiled, linked, instantiated and called, with the names of
/// Wasmtime's module `component`.
#[cfg(feature = "component")]
pub mod component {
    pub use wasm_component_run::*;
}

/// WASI preview 1 (feature `wasi`): what a guest has access to, and the functions in a [`Linker`].
#[cfg(feature = "wasi")]
pub use wasm_wasi as wasi;

/// The example of the README, as a test.
#[cfg(all(doctest, feature = "jit", feature = "wat"))]
#[doc = include_str!("../README.md")]
struct Readme;
