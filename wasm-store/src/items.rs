//! What a store consists of, as handles: instances and what they export.

mod backtrace;
mod caller;
mod default;
mod definition;
mod extern_;
mod externref;
mod func;
mod gate;
mod global;
mod instance;
mod memory;
mod module;
mod rooting;
mod table;
mod tag;
mod val;

pub use backtrace::{FrameInfo, FrameSymbol, WasmBacktrace};
pub(crate) use definition::Definition;
pub use extern_::{Export, Extern};
pub use externref::ExternRef;
pub use func::{
    Func, IntoFunc, NoFunc, TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy, WasmTyList,
};
pub(crate) use func::{HostFunc, RetAbi, host_error, into_error};
pub use global::Global;
pub use instance::{DataSegment, ElementSegment, Instance, Internal};
pub(crate) use instance::{check_import, check_open, read_only};
pub use memory::{Memory, MemoryAccessError};
pub use module::{Module, ModuleExport, ModuleFunction};
pub(crate) use module::{canonical_entity, extern_type};
pub(crate) use rooting::unrooted;
pub use rooting::{GcRef, OwnedRooted, RootScope, Rooted, RootedGcRef};
pub use table::Table;
pub use tag::Tag;
pub use val::{Ref, V128, Val};
