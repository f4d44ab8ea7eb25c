//! Resources: their types, and handles of them that the host has.

mod any;
mod destructor;
mod host;
mod table;
mod ty;

pub use any::ResourceAny;
pub(crate) use destructor::Destructor;
pub use host::{Resource, ResourceDynamic};
pub use table::{ResourceTable, ResourceTableError};
pub use ty::ResourceType;
