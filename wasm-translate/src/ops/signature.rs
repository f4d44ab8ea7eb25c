//! What a construct takes from the operand stack and leaves on it (Wasm 3.0, section 3.2.2).

use smallvec::SmallVec;
use wasm_types::wasmparser::BlockType;
use wasm_types::{FuncType, TypeIndex, ValType};

use crate::environ::FuncEnvironment;
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// What a construct takes and leaves.
pub(super) struct Signature {
    pub(super) num_params: usize,
    pub(super) params: SmallVec<[ValType; 4]>,
    pub(super) results: SmallVec<[ValType; 4]>,
}

impl Signature {
    pub(super) fn new<E: FuncEnvironment + ?Sized>(
        t: &mut FuncTranslator<'_, '_, E>,
        ty: BlockType,
    ) -> Result<Self, Error> {
        let (params, results) = match ty {
            BlockType::Empty => Default::default(),
            BlockType::Type(ty) => {
                let ty = ValType::from_parser(ty, t.env.module()).map_err(Error::unsupported)?;
                (SmallVec::new(), SmallVec::from_slice(&[ty]))
            }
            BlockType::FuncType(index) => {
                let ty = t.env.module().func_type(TypeIndex::new(index));
                let lists = |ty: &FuncType| (ty.params().into(), ty.results().into());
                ty.map(lists).ok_or_else(|| {
                    Error::new(ErrorKind::Codegen, format!("type {index} is no function type"))
                })?
            }
        };
        t.budget.signature(params.len(), results.len())?;
        t.budget.blocks(1, params.len() + results.len())?;
        Ok(Self { num_params: params.len(), params, results })
    }
}
