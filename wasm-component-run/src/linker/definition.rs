//! What the names of a linker stand for.

use std::sync::Arc;

use wasm_store::{FuncType, Module, Result};

use super::names::Names;
use crate::func::HostFunc;
use crate::instance::data::RuntimeFunc;
use crate::resource::ResourceType;

/// What a name stands for.
pub(super) enum Definition<T: 'static> {
    Instance(Names<Definition<T>>),
    Func(Arc<dyn HostFunc<T>>),
    Module(Module),
    Resource(ResourceType, Arc<dyn HostDrop<T>>),
}

/// What destroys resources of the host.
pub(crate) trait HostDrop<T: 'static>: Send + Sync {
    /// Whether it may wait.
    fn waits(&self) -> bool;

    /// It as a core function, of that type.
    fn to_core(self: Arc<Self>, ty: FuncType) -> Result<RuntimeFunc<T>>;
}

impl<T: 'static> Definition<T> {
    /// What it is called in errors.
    pub(super) fn desc(&self) -> &'static str {
        match self {
            Definition::Instance(_) => "instance",
            Definition::Func(_) => "func",
            Definition::Module(_) => "module",
            Definition::Resource(..) => "resource",
        }
    }
}

impl<T: 'static> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Definition::Instance(names) => Definition::Instance(names.clone()),
            Definition::Func(func) => Definition::Func(Arc::clone(func)),
            Definition::Module(module) => Definition::Module(module.clone()),
            Definition::Resource(ty, drop) => Definition::Resource(*ty, Arc::clone(drop)),
        }
    }
}
