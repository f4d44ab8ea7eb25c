//! Types as the API shows them, and the registry that makes them comparable across modules.
//!
//! Inside the crate, types are those of [`wasm_types`] made *canonical*: a concrete heap type holds
//! the engine-wide id that the registry gave out, instead of a module's type index. The types of
//! the API are made from these on demand.

mod entity;
mod extern_type;
mod func_type;
mod gate;
pub(crate) mod matching;
pub(crate) mod registry;
mod value;

pub use entity::{GlobalType, MemoryType, MemoryTypeBuilder, Mutability, TableType};
pub use extern_type::{ExportType, ExternType, ImportType};
pub use func_type::FuncType;
pub(crate) use registry::{Canonical, TypeRegistry};
pub use value::{HeapType, RefType, ValType};
