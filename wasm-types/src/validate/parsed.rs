//! A module with validated declarations, whose function bodies can be validated independently.

use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources,
};

use super::error::ParseError;
use super::{kind, reader};
use crate::features::WasmFeatures;
use crate::index::DefinedFuncIndex;
use crate::module::Module;

/// A module whose declarations are validated, and what it takes to validate its function bodies.
///
/// A compiler validates each body in the pass that translates it: it takes
/// [`func_to_validate`](Self::func_to_validate), makes a `FuncValidator` of it and feeds it the
/// operators of [`body`](Self::body) one by one. Bodies are independent of each other, so that this
/// can happen on any number of threads. Who does not compile calls
/// [`validate_bodies`](Self::validate_bodies).
///
/// ```
/// use wasm_types::{DefinedFuncIndex, Module, WasmFeatures};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str("(module (func (result i32) i32.const 1))")?;
/// let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default())?;
/// let func = DefinedFuncIndex::new(0);
/// let mut validator = parsed.func_to_validate(func).into_validator(Default::default());
/// validator
///     .validate(&parsed.body(&wasm, func))
///     .map_err(|error| parsed.body_error(&wasm, func, error))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ParsedModule {
    module: Module,
    /// `None` if the module defines no function.
    resources: Option<ValidatorResources>,
    features: wasmparser::WasmFeatures,
}

impl ParsedModule {
    pub(super) fn new(
        module: Module,
        resources: Option<ValidatorResources>,
        features: wasmparser::WasmFeatures,
    ) -> Self {
        Self { module, resources, features }
    }

    /// The declarations.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The declarations alone. The bodies are as valid as the caller has made sure of.
    pub fn into_module(self) -> Module {
        self.module
    }

    /// What it takes to validate the body of a function, on any thread.
    ///
    /// # Panics
    ///
    /// If the module does not define the function.
    pub fn func_to_validate(&self, func: DefinedFuncIndex) -> FuncToValidate<ValidatorResources> {
        let index = self.module.func_index(func);
        let ty = self.module.functions[index.index()];
        let resources = self.resources.clone().expect("a module with a function has resources");
        FuncToValidate {
            resources,
            index: index.as_u32(),
            ty: ty.as_u32(),
            features: self.features,
        }
    }

    /// The body of a function, in the binary that was parsed: locals and operators are read from it.
    ///
    /// # Panics
    ///
    /// If the module does not define the function, or if `wasm` is shorter than the binary that
    /// was parsed.
    pub fn body<'a>(&self, wasm: &'a [u8], func: DefinedFuncIndex) -> FunctionBody<'a> {
        let range = self.module.bodies[func.index()].range.clone();
        let start = range.start as u64;
        FunctionBody::new(BinaryReader::new_features(&wasm[range], start, self.features))
    }

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
        for func in (0..self.module.num_defined_functions()).map(DefinedFuncIndex::new) {
            allocations = self.validate_body(wasm, func, allocations)?;
        }
        Ok(())
    }
}

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
        reader::parse(wasm, features)
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

const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<ParsedModule>();
};
