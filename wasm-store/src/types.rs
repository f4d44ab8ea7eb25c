//! Types as the API shows them, and the registry that makes them comparable across modules.
//!
//! Inside the crate, types are those of [`wasm_types`] made *canonical*: a concrete heap type holds
//! the engine-wide id that the registry gave out, instead of a module's type index. The types of
//! the API are made from these on demand.

mod array_type;
pub(crate) mod canonical;
mod cont_type;
mod entity;
mod exn_type;
mod extern_type;
mod field_type;
mod finality;
mod func_type;
mod gate;
mod heap_type;
mod identity;
pub(crate) mod matching;
mod named;
pub(crate) mod registry;
mod struct_type;
mod tag_type;
mod value;

pub use array_type::ArrayType;
pub use cont_type::ContType;
pub use entity::{GlobalType, MemoryType, MemoryTypeBuilder, Mutability, TableType};
pub use exn_type::ExnType;
pub use extern_type::{ExportType, ExternType, ImportType};
pub use field_type::{FieldType, StorageType};
pub use finality::Finality;
pub use func_type::FuncType;
pub use heap_type::HeapType;
pub(crate) use named::Named;
pub(crate) use registry::{Canonical, TypeRegistry};
pub use struct_type::StructType;
pub use tag_type::TagType;
pub use value::{RefType, ValType};
