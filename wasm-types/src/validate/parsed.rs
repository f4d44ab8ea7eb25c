//! A module with validated declarations, whose function bodies can be validated independently.

use alloc::vec::Vec;

use wasmparser::{BinaryReader, FuncToValidate, FunctionBody, ValidatorResources};

use super::reader::Declarations;
use crate::index::{DefinedFuncIndex, TypeIndex};
use crate::module::Module;
use crate::types::SubType;

/// A module whose declarations are validated, and what it takes to validate its function bodies.
///
/// A compiler validates each body in the pass that translates it: it takes
/// [`func_to_validate`](Self::func_to_validate), makes a `FuncValidator` of it and feeds it the
/// operators of [`body`](Self::body) one by one. Bodies are independent of each other, so that this
/// can happen on any number of threads. Code that does not compile them calls
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
    /// For each type of the module the first one that is equal to it.
    equal_types: Vec<TypeIndex>,
    /// `None` if the module defines no function.
    resources: Option<ValidatorResources>,
    /// The proposals that are allowed.
    features: wasmparser::WasmFeatures,
}

impl ParsedModule {
    pub(super) fn new(declarations: Declarations, features: wasmparser::WasmFeatures) -> Self {
        let Declarations { module, equal_types, resources, .. } = declarations;
        Self { module, equal_types, resources, features }
    }

    /// The declarations.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The declarations alone. The bodies are as valid as the caller has made sure of.
    pub fn into_module(self) -> Module {
        self.module
    }

    /// The first type of the module that is equal to the given one, as validation compares types
    /// (Wasm 3.0, section 3.3.3). For one that has no equal before it, that is the type itself.
    ///
    /// # Panics
    ///
    /// If the module has no such type.
    pub fn first_equal_type(&self, ty: TypeIndex) -> TypeIndex {
        self.equal_types[ty.index()]
    }

    /// The types of the module, of those that are equal the first one only.
    pub fn distinct_types(&self) -> impl Iterator<Item = &SubType> {
        let all = self.module.types.iter().zip(&self.equal_types);
        let indices = (0..).map(TypeIndex::new);
        all.zip(indices).filter(|((_, first), index)| *first == index).map(|((ty, _), _)| ty)
    }

    /// The proposals that are allowed in function bodies.
    pub(super) fn features_of_bodies(&self) -> wasmparser::WasmFeatures {
        self.features
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

    /// The body of a function, in the binary that was parsed: locals and operators are read from
    /// it.
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
}

const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<ParsedModule>();
};
