//! WebAssembly function bodies to Cranelift IR to machine code, for any Cranelift target, through a
//! pluggable environment.
//!
//! Two ways in:
//!
//! * [`compile_module`] compiles a whole module for the run-time ABI of [`wasm_types::abi`]:
//!   function bodies are validated and translated in one pass, optimised, and laid out side by side
//!   as position-independent machine code with tables of traps and source locations. It can work on
//!   several threads; the bytes that come out are the same. [`clif`] shows the CLIF of a function,
//!   raw or optimised, and [`Settings::pass`] puts passes of your own in between.
//! * [`Translator`] turns a single function body into CLIF and leaves the rest to you. Everything
//!   that depends on a runtime (how functions are called, where globals, memories and tables are)
//!   comes from a [`FuncEnvironment`] of yours: one trait per family of operators, of which you
//!   fill in those that you need; seven methods make a runtime. The example `toy_runtime` is a
//!   complete one.
//!
//! What is translated: all of WebAssembly 2.0, and of 3.0 tail calls, several memories, 64-bit
//! memories and tables, relaxed vector operators, and exceptions but for references to them; also
//! the older operators for exceptions. Validation refuses the rest by name.
//!
//! # Should I use this?
//!
//! Use it to compile WebAssembly with Cranelift for a runtime of your own, or to look at what
//! becomes of a function. To *run* WebAssembly take `wasm-runtime`, which puts this together with
//! what loads and runs the code. If you need a compiler in a single fast pass, Cranelift is not it.
//!
//! ```
//! use wasm_translate::{ClifStage, Settings, clif};
//! use wasm_types::{DefinedFuncIndex, Module, WasmFeatures};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = wat::parse_str(
//!     "(module (func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))",
//! )?;
//! let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default())?;
//! let settings = Settings::for_target("aarch64-unknown-linux-gnu")?;
//! let text = clif(&parsed, &wasm, DefinedFuncIndex::new(0), &settings, ClifStage::Raw)?;
//! assert!(text.contains("iadd"));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `parallel`: Compile the functions of a module on several threads. The bytes that come out are
//!   the same.
//! * `native`: `Settings::host`, for the machine that the compiler runs on, with all that its
//!   processor can do (through cranelift-native).
//! * `exact-extensions`: `CompiledModule::extensions` names the instruction set extensions that
//!   x86-64 code uses, not all that it was allowed to use (reads the finished code through
//!   iced-x86).
//! * `all-arch`: Compile for all architectures that Cranelift has (x86-64, aarch64, riscv64,
//!   s390x), not only for that of the machine that the compiler runs on. Cranelift takes longer to
//!   build.
//! * `fuzzing`: Checks of arbitrary bytes for fuzzers: `fuzzing::translate`.
//! <!-- end of features -->

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod codegen;
mod cold;
mod compile;
mod constant;
mod control_stack;
mod counting;
mod debugging;
mod effort;
mod environ;
mod error;
mod extensions;
mod flow;
mod fuel;
mod function;
mod function_hooks;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod heap;
mod idiom;
mod immutable_table;
mod inline;
mod legacy_tries;
mod limits;
mod link;
mod live_references;
mod loop_globals;
mod named_locals;
mod near_addresses;
mod operand_types;
mod ops;
mod optimizations;
mod parallel;
mod pass;
mod pieces;
mod profiled;
mod proposals;
mod reorder;
mod runtime;
mod settings;
mod show;
mod target_feature;
mod timings;
mod translator;
mod trap;
mod trap_places;
mod wide;
mod wide_indices;

// The types of these are part of the interface.
pub use cranelift_codegen;
pub use cranelift_frontend;

pub use compile::{compile_module, compile_module_timed};
pub use environ::{
    Arithmetic, ArrayRange, ArraySource, Atomics, BulkOperands, BulkOperation, BulkOperations,
    Calls, Casts, Continuations, Debugging, Exceptions, Extension, Field, FuncEnvironment,
    Functions, GlobalVariable, Globals, Handler, Heap, HeapAccess, HeapBound, LiveReferences,
    Memories, Metering, NewArray, NewStruct, Objects, Reference, References, Result, ResumeHandler,
    ResumeWith, Resumed, Rounding, Segment, Tables, TypeTest, Values, WaitOperands,
};
pub use error::{Error, ErrorKind};
pub use flow::LikelyCallee;
pub use function::Translator;
pub use function_hooks::FunctionSelection;
pub use pass::{ClifPass, PassContext, PassPoint};
pub use runtime::RuntimeEnvironment;
pub use settings::{ClifObserver, IsaSetting, Progress, Settings};
pub use show::{ClifStage, assembly, clif};
pub use timings::Timings;
pub use trap::{clif_trap_code, wasm_trap_code};
