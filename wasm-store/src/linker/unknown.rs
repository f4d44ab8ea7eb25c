//! Imports with no definition: the error, and a search for them beforehand.

use std::fmt;

use wasm_types::Escaped;

use super::Linker;
use crate::error::Result;
use crate::items::{canonical_entity, extern_type};
use crate::types::matching::CanonicalType;
use crate::types::{Canonical, ExternType, ImportType};

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

    /// The type that the module imports.
    pub fn ty(&self) -> ExternType {
        self.import.ty.clone()
    }
}

impl<T> Linker<T> {
    /// The imports of a module that have no definition here, in the order of the binary. The module
    /// is not compiled, and nothing after its imports is read. So missing imports are known at
    /// once, while compiling a large module takes a while.
    ///
    /// The types of definitions are not checked; that happens at instantiation.
    ///
    /// ```no_run
    /// use wasm_store::{Engine, Linker, Module};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let engine = Engine::default();
    /// let linker = Linker::<()>::new(&engine);
    /// let wasm = std::fs::read("plugin.wasm")?;
    /// for import in linker.unknown_imports(&wasm)? {
    ///     println!("there is no {} in {}", import.name(), import.module());
    /// }
    /// let module = Module::new(&engine, &wasm)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the engine has no compiler, or one that can't list imports
    /// ([`Compiler::imports`](crate::Compiler::imports)), or if this part of the module is not
    /// valid.
    pub fn unknown_imports(&self, bytes: impl AsRef<[u8]>) -> Result<Vec<UnknownImportError>> {
        let (engine, bytes) = (&self.engine, bytes.as_ref());
        let compiler = engine.compiler_for(bytes)?;
        let Some(declared) = compiler.imports(bytes, engine.config().request.features)? else {
            crate::bail!("the compiler of this engine does not tell what modules import")
        };
        let is_unknown =
            |import: &&wasm_types::Import| self.names.get(&import.module, &import.name).is_none();
        let unknown: Vec<_> = declared.imports.iter().filter(is_unknown).collect();
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        let ids = engine.types().register_module(&declared.types, &declared.rec_groups)?;
        let error = |import: &&wasm_types::Import| {
            let (module, name) = (&*import.module, &*import.name);
            let ty = canonical_entity(&ids, import.ty)?;
            if let CanonicalType::Func(id) | CanonicalType::Tag(id) = ty {
                let is_func = matches!(engine.types().get(id), Some(Canonical::Func(_)));
                crate::ensure!(
                    is_func,
                    "the type of the {} `{name}` is not one of functions",
                    ty.kind()
                );
            }
            let ty = extern_type(engine, &ty);
            let import = ImportType { module, name, ty, engine };
            Ok(UnknownImportError::new(&import, self.near(module, name)))
        };
        unknown.iter().map(error).collect()
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
