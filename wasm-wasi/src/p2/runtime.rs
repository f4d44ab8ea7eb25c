//! What the rest of this module takes from the runtime of components, named in one place.

pub(crate) use wasm_component_run::{
    HasData, Linker, Resource, ResourceTable, ResourceTableError, ResourceType,
};
pub(crate) use wasm_store::{Error, Interest, Result, StoreContextMut};
