//! What the imports of a component get.

use std::sync::Arc;

use wasm_store::Module;

use super::definition::HostDrop;
use crate::func::HostFunc;
use crate::resource::ResourceType;

/// What an import gets.
pub(super) enum Import<T: 'static> {
    Func(Arc<dyn HostFunc<T>>),
    Module(Module),
    Resource(ImportResource<T>),
}

/// A type of resources that is imported.
pub(super) struct ImportResource<T: 'static> {
    pub(super) ty: ResourceType,
    pub(super) destructor: Arc<dyn HostDrop<T>>,
}

impl<T: 'static> Import<T> {
    /// Whether it may wait.
    pub(super) fn waits(&self) -> bool {
        match self {
            Import::Func(func) => func.waits(),
            Import::Module(_) => false,
            Import::Resource(resource) => resource.destructor.waits(),
        }
    }
}
