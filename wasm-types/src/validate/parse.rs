//! The ways in: a module is read and validated, and what is wrong with it is explained.

use wasmparser::FuncValidatorAllocations;

use super::error::ParseError;
use super::parsed::ParsedModule;
use super::{branch_hints, kind, reader};
use crate::features::WasmFeatures;
use crate::index::DefinedFuncIndex;
use crate::module::Module;

/// Reading a binary (feature `validate`).
impl Module {
    /// Reads and validates a whole module, function bodies included.
    ///
    /// # Errors
    ///
    /// If the bytes are not a module, if it is not valid, or if it uses a proposal that is not in
    /// `features` or that this version does not translate: see
    /// [`ParseErrorKind`](crate::ParseErrorKind).
    pub fn parse(wasm: &[u8], features: WasmFeatures) -> Result<Module, ParseError> {
        let parsed = Self::parse_with_bodies(wasm, features)?;
        parsed.validate_bodies(wasm)?;
        Ok(parsed.into_module())
    }

    /// Reads and validates the types and imports of a module, which come first in it. The rest is
    /// not looked at, and is not in what is returned: this takes no longer for a large module than
    /// for a small one.
    ///
    /// # Errors
    ///
    /// As for [`Module::parse`], for types and imports.
    pub fn parse_imports(wasm: &[u8], features: WasmFeatures) -> Result<Module, ParseError> {
        kind::check_header(wasm)?;
        let allowed = features & WasmFeatures::SUPPORTED;
        match reader::read_imports(wasm, allowed.into()) {
            Ok(module) => Ok(Module { features: allowed, ..module }),
            Err(failure) => Err(kind::explain_declarations(wasm, allowed, &failure)),
        }
    }

    /// Reads a module and validates everything but the function bodies, which the caller validates
    /// through the [`ParsedModule`].
    ///
    /// # Errors
    ///
    /// As for [`Module::parse`], for the declarations.
    pub fn parse_with_bodies(
        wasm: &[u8],
        features: WasmFeatures,
    ) -> Result<ParsedModule, ParseError> {
        kind::check_header(wasm)?;
        let allowed = features & WasmFeatures::SUPPORTED;
        match reader::read(wasm, allowed.into()) {
            Ok(mut declarations) => {
                declarations.module.features = allowed;
                if let Some(place) = declarations.branch_hints.take()
                    && allowed.contains(WasmFeatures::BRANCH_HINTING)
                {
                    branch_hints::read(&mut declarations.module, wasm, place);
                }
                Ok(ParsedModule::new(declarations, allowed.into()))
            }
            Err(failure) => Err(kind::explain_declarations(wasm, allowed, &failure)),
        }
    }

    /// Validates a whole module, function bodies included.
    ///
    /// # Errors
    ///
    /// As for [`Module::parse`].
    pub fn validate(wasm: &[u8], features: WasmFeatures) -> Result<(), ParseError> {
        Self::parse_with_bodies(wasm, features)?.validate_bodies(wasm)
    }
}

/// Validating function bodies.
impl ParsedModule {
    /// What an error of a function body's validation says to people: with the function and, where
    /// the body uses a proposal that is not allowed, with its name.
    pub fn body_error(
        &self,
        wasm: &[u8],
        func: DefinedFuncIndex,
        error: wasmparser::Error,
    ) -> ParseError {
        kind::explain_body(self, wasm, func, &error)
    }

    /// Validates the body of one function. The allocations can be passed to the next call.
    ///
    /// # Errors
    ///
    /// If the body is not valid.
    pub fn validate_body(
        &self,
        wasm: &[u8],
        func: DefinedFuncIndex,
        allocations: FuncValidatorAllocations,
    ) -> Result<FuncValidatorAllocations, ParseError> {
        let mut validator = self.func_to_validate(func).into_validator(allocations);
        match validator.validate(&self.body(wasm, func)) {
            Ok(()) => Ok(validator.into_allocations()),
            Err(error) => Err(self.body_error(wasm, func, error)),
        }
    }

    /// Validates the bodies of all functions, one after the other.
    ///
    /// # Errors
    ///
    /// The error of the first body that is not valid.
    pub fn validate_bodies(&self, wasm: &[u8]) -> Result<(), ParseError> {
        let mut allocations = FuncValidatorAllocations::default();
        for func in (0..self.module().num_defined_functions()).map(DefinedFuncIndex::new) {
            allocations = self.validate_body(wasm, func, allocations)?;
        }
        Ok(())
    }
}
