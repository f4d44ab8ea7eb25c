//! Globals with their values as initialisers.

use std::collections::BTreeSet;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{ConstExpr, GlobalSection, Ieee32, Ieee64};
use wasm_types::{GlobalState, ModuleState, RefState};
use wasmparser::ValType;

use super::renumber::Renumber;
use crate::error::{Error, ErrorKind};
use crate::sections::{Origin, Source};

/// The functions that occur outside of code, which is what declares them for `ref.func`.
#[derive(Default)]
pub(super) struct Functions(pub(super) BTreeSet<u32>);

impl Functions {
    /// Adds the functions that a constant expression of the input names.
    pub(super) fn add(&mut self, expression: &wasmparser::ConstExpr<'_>) -> Result<(), Error> {
        for operator in expression.get_operators_reader() {
            if let wasmparser::Operator::RefFunc { function_index } = operator? {
                self.0.insert(function_index);
            }
        }
        Ok(())
    }
}

/// The globals that the output defines.
pub(super) fn globals(
    source: &Source<'_>,
    state: &ModuleState,
    renumber: &mut Renumber,
    functions: &mut Functions,
) -> Result<GlobalSection, Error> {
    let mut section = GlobalSection::new();
    for (global, state) in source.globals.iter().zip(&state.globals) {
        let initialiser = match (state, &global.origin) {
            (&Some(value), _) => {
                if let GlobalState::Ref(RefState::Func(function)) = value {
                    functions.0.insert(function.as_u32());
                }
                constant(value, global.ty.content_type)?
            }
            (None, Origin::Defined(expression)) => {
                functions.add(expression)?;
                renumber.const_expr(expression.clone())?
            }
            (None, Origin::Imported { .. }) => continue,
        };
        section.global(renumber.global_type(global.ty)?, &initialiser);
    }
    Ok(section)
}

/// A value as a constant expression, for a place of the given type.
pub(super) fn constant(value: GlobalState, ty: ValType) -> Result<ConstExpr, Error> {
    Ok(match (value, ty) {
        (GlobalState::I32(value), _) => ConstExpr::i32_const(value),
        (GlobalState::I64(value), _) => ConstExpr::i64_const(value),
        (GlobalState::F32(bits), _) => ConstExpr::f32_const(Ieee32::new(bits)),
        (GlobalState::F64(bits), _) => ConstExpr::f64_const(Ieee64::new(bits)),
        (GlobalState::V128(value), _) => ConstExpr::v128_const(value as i128),
        (GlobalState::Ref(RefState::Func(function)), _) => ConstExpr::ref_func(function.as_u32()),
        (GlobalState::Ref(RefState::Null), ValType::Ref(ty)) => ConstExpr::ref_null(
            wasm_encoder::reencode::RoundtripReencoder.heap_type(ty.heap_type())?,
        ),
        (GlobalState::Ref(RefState::Null), ty) => {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!("null is not a value of the type {ty}"),
            ));
        }
    })
}
