//! Types of what is imported and exported (`wasm_externtype_t`): one structure, whichever kind it
//! is, so that the header's conversions between kinds only look at what is in it.

#![allow(unsafe_code)]

use wasm_runtime::{
    Engine, ExternType, FuncType, GlobalType, MemoryType, Mutability, RefType, TableType, TagType,
    ValType,
};

use super::valtype::val_types;
use super::{CValType, ValTypes, type_family};
use crate::border::abort;

/// `wasm_externtype_t`, `wasm_functype_t` and so on.
#[derive(Clone)]
pub(crate) struct CExternType {
    pub(super) kind: Kind,
}

#[derive(Clone)]
pub(super) enum Kind {
    Func(Signature),
    Global(CValType, Mutability),
    Table(CValType, TableType, Limits),
    Memory(MemoryType, Limits),
    /// The type of a function without results.
    Tag(Box<CExternType>),
}

/// The type of a function. C makes it before there is an engine.
#[derive(Clone)]
pub(super) struct Signature {
    params: ValTypes,
    results: ValTypes,
    /// The type that it was made of.
    exact: Option<FuncType>,
}

/// `wasm_limits_t`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Limits {
    pub(super) min: u32,
    pub(super) max: u32,
}

/// `wasm_limits_max_default`.
const NO_MAXIMUM: u32 = u32::MAX;

impl Limits {
    /// The limits as the header can say them.
    fn new(minimum: u64, maximum: Option<u64>) -> Self {
        let word = |limit: u64| u32::try_from(limit).unwrap_or(NO_MAXIMUM);
        Self { min: word(minimum), max: maximum.map_or(NO_MAXIMUM, word) }
    }
}

/// The maximum of limits, if there is one.
pub(crate) fn limits_max(limits: &Limits) -> Option<u32> {
    (limits.max != NO_MAXIMUM).then_some(limits.max)
}

impl CExternType {
    pub(crate) fn signature(params: ValTypes, results: ValTypes) -> Self {
        Self { kind: Kind::Func(Signature { params, results, exact: None }) }
    }

    pub(crate) fn memory(ty: MemoryType) -> Self {
        let limits = Limits::new(ty.minimum(), ty.maximum());
        Self { kind: Kind::Memory(ty, limits) }
    }

    fn table(ty: TableType) -> Self {
        let limits = Limits::new(ty.minimum(), ty.maximum());
        Self { kind: Kind::Table(CValType(ValType::Ref(ty.element().clone())), ty, limits) }
    }

    /// The number that `wasm_externtype_kind` returns.
    pub(crate) fn number(&self) -> u8 {
        match &self.kind {
            Kind::Func(_) => 0,
            Kind::Global(..) => 1,
            Kind::Table(..) => 2,
            Kind::Memory(..) => 3,
            Kind::Tag(_) => 4,
        }
    }

    fn expect_signature(&self) -> &Signature {
        match &self.kind {
            Kind::Func(signature) => signature,
            _ => abort("wasm_functype_t", "this is not the type of a function"),
        }
    }

    pub(crate) fn params(&self) -> &ValTypes {
        &self.expect_signature().params
    }

    pub(crate) fn results(&self) -> &ValTypes {
        &self.expect_signature().results
    }

    /// The type of a function, in an engine.
    pub(crate) fn func_type(&self, engine: &Engine) -> FuncType {
        let signature = self.expect_signature();
        match &signature.exact {
            Some(ty) if Engine::same(ty.engine(), engine) => ty.clone(),
            _ => FuncType::new(engine, val_types(&signature.params), val_types(&signature.results)),
        }
    }

    pub(crate) fn global_type(&self) -> GlobalType {
        match &self.kind {
            Kind::Global(content, mutability) => GlobalType::new(content.0.clone(), *mutability),
            _ => abort("wasm_globaltype_t", "this is not the type of a global"),
        }
    }

    pub(crate) fn table_type(&self) -> &TableType {
        match &self.kind {
            Kind::Table(_, ty, _) => ty,
            _ => abort("wasm_tabletype_t", "this is not the type of a table"),
        }
    }

    pub(crate) fn memory_type(&self) -> &MemoryType {
        match &self.kind {
            Kind::Memory(ty, _) => ty,
            _ => abort("wasm_memorytype_t", "this is not the type of a memory"),
        }
    }

    /// The type of a tag, in an engine.
    pub(crate) fn tag_type(&self, engine: &Engine) -> TagType {
        TagType::new(self.expect_tag().func_type(engine))
    }

    pub(super) fn expect_tag(&self) -> &CExternType {
        match &self.kind {
            Kind::Tag(signature) => signature,
            _ => abort("wasm_tagtype_t", "this is not the type of a tag"),
        }
    }
}

impl From<FuncType> for CExternType {
    fn from(ty: FuncType) -> Self {
        let (params, results) = (ty.params().collect(), ty.results().collect());
        Self { kind: Kind::Func(Signature { params, results, exact: Some(ty) }) }
    }
}

impl From<ExternType> for CExternType {
    fn from(ty: ExternType) -> Self {
        match ty {
            ExternType::Func(ty) => ty.into(),
            ExternType::Global(ty) => {
                Self { kind: Kind::Global(CValType(ty.content().clone()), ty.mutability()) }
            }
            ExternType::Table(ty) => Self::table(ty),
            ExternType::Memory(ty) => Self::memory(ty),
            ExternType::Tag(ty) => Self { kind: Kind::Tag(Box::new(ty.ty().clone().into())) },
        }
    }
}

type_family!(CExternType: wasm_externtype_delete wasm_externtype_copy wasm_externtype_vec_new_empty
    wasm_externtype_vec_new_uninitialized wasm_externtype_vec_new wasm_externtype_vec_copy
    wasm_externtype_vec_delete);

#[unsafe(no_mangle)]
extern "C" fn wasm_externtype_kind(ty: &CExternType) -> u8 {
    ty.number()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_functype_new(params: &mut ValTypes, results: &mut ValTypes) -> Box<CExternType> {
    // What is in the vectors is given away.
    Box::new(CExternType::signature(params.take().into(), results.take().into()))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_functype_params(ty: &CExternType) -> &ValTypes {
    ty.params()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_functype_results(ty: &CExternType) -> &ValTypes {
    ty.results()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_globaltype_new(content: Box<CValType>, mutability: u8) -> Box<CExternType> {
    let mutability = if mutability == 0 { Mutability::Const } else { Mutability::Var };
    Box::new(CExternType { kind: Kind::Global(*content, mutability) })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_globaltype_content(ty: &CExternType) -> &CValType {
    match &ty.kind {
        Kind::Global(content, _) => content,
        _ => abort("wasm_globaltype_content", "this is not the type of a global"),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_globaltype_mutability(ty: &CExternType) -> u8 {
    ty.global_type().mutability().is_var().into()
}

/// Null if the elements are no references, or the limits are out of order.
#[unsafe(no_mangle)]
extern "C" fn wasm_tabletype_new(
    element: Box<CValType>,
    limits: &Limits,
) -> Option<Box<CExternType>> {
    let element: RefType = element.0.as_ref()?.clone();
    if limits.min > limits.max {
        return None;
    }
    let ty = TableType::new(element, limits.min, limits_max(limits));
    Some(Box::new(CExternType::table(ty)))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_tabletype_element(ty: &CExternType) -> &CValType {
    match &ty.kind {
        Kind::Table(element, ..) => element,
        _ => abort("wasm_tabletype_element", "this is not the type of a table"),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_tabletype_limits(ty: &CExternType) -> &Limits {
    match &ty.kind {
        Kind::Table(_, _, limits) => limits,
        _ => abort("wasm_tabletype_limits", "this is not the type of a table"),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_tagtype_new(signature: Box<CExternType>) -> Box<CExternType> {
    Box::new(CExternType { kind: Kind::Tag(signature) })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_tagtype_functype(ty: &CExternType) -> &CExternType {
    ty.expect_tag()
}
