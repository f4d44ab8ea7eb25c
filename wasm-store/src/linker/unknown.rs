//! The error of an import with no definition.

use std::fmt;

use wasm_types::Escaped;

use crate::types::{ExternType, ImportType};

/// An import that a linker has no definition for.
#[derive(Clone)]
pub struct UnknownImportError {
    import: Box<Import>,
}

#[derive(Clone)]
struct Import {
    module: String,
    name: String,
    ty: ExternType,
    near: String,
}

impl UnknownImportError {
    pub(super) fn new(import: &ImportType<'_>, near: String) -> Self {
        let (module, name) = (import.module().to_string(), import.name().to_string());
        Self { import: Box::new(Import { module, name, ty: import.ty(), near }) }
    }

    /// The module that it is imported from.
    pub fn module(&self) -> &str {
        &self.import.module
    }

    /// The name within that module.
    pub fn name(&self) -> &str {
        &self.import.name
    }

    /// The type that is wanted.
    pub fn ty(&self) -> ExternType {
        self.import.ty.clone()
    }
}

impl fmt::Display for UnknownImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Import { module, name, ty, near } = &*self.import;
        let (module, name) = (Escaped::new(module), Escaped::new(name));
        write!(f, "unknown import: `{module}::{name}` of type `{ty}` has not been defined{near}")
    }
}

impl fmt::Debug for UnknownImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for UnknownImportError {}
