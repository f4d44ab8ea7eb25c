//! The error of an import with no definition.

use std::fmt;

use crate::types::{ExternType, ImportType};

/// An import that a linker has no definition for.
#[derive(Clone, Debug)]
pub struct UnknownImportError {
    module: String,
    name: String,
    ty: ExternType,
    near: String,
}

impl UnknownImportError {
    pub(super) fn new(import: &ImportType<'_>, near: String) -> Self {
        Self {
            module: import.module().to_string(),
            name: import.name().to_string(),
            ty: import.ty(),
            near,
        }
    }

    /// The module that it is imported from.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The name within that module.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type that is wanted.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

impl fmt::Display for UnknownImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, name, ty, near } = self;
        write!(f, "unknown import: `{module}::{name}` of type `{ty}` has not been defined{near}")
    }
}

impl std::error::Error for UnknownImportError {}
