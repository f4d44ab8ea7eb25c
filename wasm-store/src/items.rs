//! What a store consists of, as handles: instances and what they export.

#[cfg(feature = "async")]
mod allocating;
mod anyref;
mod arrayref;
mod backtrace;
#[cfg(feature = "component")]
mod bundle;
mod caller;
mod contref;
mod core_dump;
mod default;
mod definition;
mod eqref;
mod exnref;
mod extern_;
mod externref;
mod func;
mod gate;
mod global;
#[cfg(feature = "async")]
mod growing;
mod i31;
mod instance;
mod internal;
mod memory;
mod memory_creator;
mod module;
mod object;
mod raw;
mod reference;
mod rooting;
mod shared_memory;
mod structref;
mod table;
mod tag;
mod throwing;
mod v128;
mod val;

pub use anyref::AnyRef;
pub use arrayref::{ArrayRef, ArrayRefPre};
pub use backtrace::{FrameInfo, FrameSymbol, WasmBacktrace};
#[cfg(feature = "component")]
pub use bundle::Bundle;
pub use contref::ContRef;
pub(crate) use core_dump::MakeCoreDump;
pub use core_dump::WasmCoreDump;
pub(crate) use definition::Definition;
pub use eqref::EqRef;
pub use exnref::{ExnRef, ExnRefPre};
pub use extern_::{Export, Extern};
pub use externref::ExternRef;
#[cfg(all(feature = "async", feature = "call-hook"))]
pub(crate) use func::host_failure;
pub use func::{
    BoundFuncs, Func, IntoFunc, NoExtern, NoFunc, NoneRef, NumericDef, NumericFunc, NumericFuncs,
    TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy, WasmTyList,
};
pub(crate) use func::{BoundSet, HostFunc, RetAbi, Start, boxed, host_error, into_error};
pub use global::Global;
pub use i31::I31;
pub use instance::{DataSegment, ElementSegment, ImportBinding, Instance, Internal};
pub(crate) use instance::{check_import, check_open, read_only};
pub use memory::{Memory, MemoryAccessError};
pub use memory_creator::{LinearMemory, MemoryCreator};
pub use module::{Module, ModuleExport, ModuleFunction, ResourcesRequired};
pub(crate) use module::{canonical_entity, extern_type};
pub use raw::ValRaw;
pub use reference::Ref;
pub(crate) use rooting::unrooted;
pub use rooting::{GcRef, OwnedRooted, RootScope, Rooted, RootedGcRef};
pub use shared_memory::{SharedMemory, WaitResult};
pub use structref::{StructRef, StructRefPre};
pub use table::Table;
pub use tag::Tag;
pub use v128::V128;
pub use val::Val;
