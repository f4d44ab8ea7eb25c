//! The vocabulary of a WebAssembly runtime.
//!
//! Types, typed indices, the description of a module, feature flags, trap codes, compiled code
//! before it is laid out as a file, and the run-time ABI: everything that more than one crate of
//! the project has to agree on, and nothing that knows a compiler, a file or a machine.
//!
//! # Should I use this?
//!
//! Use it if you write a tool over WebAssembly modules that wants the declarations of a module as
//! plain data (with feature `validate`, parsed and validated), or if you write a crate that sits
//! beside the crates of this project. To *run* WebAssembly take `wasm-runtime` instead.
//!
//! # Example
//!
#![cfg_attr(feature = "validate", doc = "```")]
#![cfg_attr(not(feature = "validate"), doc = "```ignore")]
//! use wasm_types::{Module, WasmFeatures};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = wat::parse_str(
//!     r#"(module (func (export "answer") (result i32) i32.const 42))"#,
//! )?;
//! let module = Module::parse(&wasm, WasmFeatures::default())?;
//! assert_eq!(module.exports[0].name, "answer");
//! let ty = module.func_type(module.functions[0]).ok_or("no function type")?;
//! assert_eq!(ty.to_string(), "(func (result i32))");
//! # Ok(())
//! # }
//! ```
//!
//! Where to go on: [`Module`] is what a module declares, [`abi`] what compiled code and those who
//! run it agree on, [`WasmFeatures`] and [`Tunables`] the settings of both.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `std`: Forwards `std` to wasmparser; nothing of this crate needs it.
//! * `validate`: Parse and validate WebAssembly: `Module::parse` and its relatives, conversions
//!   from and to the types of wasmparser, and wasmparser itself as `wasm_types::wasmparser`.
//! * `demangle`: `demangle` knows names of functions of Rust and C++; without, it returns all names
//!   as they are.
//! <!-- end of features -->

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod abi;
pub mod assumptions;
mod branch_hints;
mod code;
mod compile_limits;
mod const_expr;
mod debug_sections;
mod demangle;
mod entity;
mod escaped;
mod features;
mod frames;
mod fuel;
mod index;
mod module;
mod names;
pub mod profile;
pub mod report;
mod state;
pub mod suggestions;
mod trap;
mod tunables;
mod types;
#[cfg(feature = "validate")]
mod validate;

pub use branch_hints::BranchHints;
pub use code::{
    AddressMapEntry, CatchHandler, CatchSite, CompiledFunction, CompiledModule, FrameSlotEntry,
    FuelEntry, InlinedFunction, InlinedRange, IsaFlag, KeptValue, StackMapEntry, TextItem,
    TextItemKind, TrapEntry,
};
pub use compile_limits::{CompileLimit, CompileLimits};
pub use const_expr::{ConstExpr, ConstOp};
pub use debug_sections::DebugSections;
pub use demangle::demangle;
pub use entity::{EntityIndex, EntityType, GlobalType, MemoryType, TableType, TagType};
pub use escaped::Escaped;
pub use features::WasmFeatures;
pub use frames::{
    FRAME_PLACE_SIZE, FRAME_REFERENCE_KIND, FrameOperand, FramePoint, FrameValueKind, FunctionFrame,
};
pub use fuel::{OperatorCost, VariableOperatorCost};
pub use index::{
    DataIndex, DefinedFuncIndex, DefinedGlobalIndex, DefinedMemoryIndex, DefinedTableIndex,
    ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
pub use module::{
    DataKind, DataSegment, ElementItems, ElementKind, ElementSegment, Export, FunctionBody, Import,
    Module,
};
pub use names::NameMap;
pub use state::{
    GlobalState, MemoryChunk, MemoryState, ModuleState, ObjectState, RefState, TableRun, TableState,
};
pub use trap::TrapCode;
pub use tunables::{Internals, OptLevel, Tunables};
pub use types::{
    ArrayType, CompositeType, ContType, FieldType, FuncType, HeapType, RecGroup, RefType,
    StorageType, StructType, SubType, TypeKind, ValType,
};
#[cfg(feature = "validate")]
pub use validate::{
    FunctionHints, ParseError, ParseErrorKind, ParsedModule, TypeKinds, UnknownType,
};
#[cfg(feature = "validate")]
pub use wasmparser;
