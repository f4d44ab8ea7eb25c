//! Unboxed integers, and what the type of an object is when the program runs (Wasm 3.0, section
//! 4.6.3).

use cranelift_codegen::ir::{Block, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::RefType;

use super::{Extension, Functions, Reference, Result};
use crate::error::Error;

/// What is asked of a reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeTest {
    /// The reference.
    pub reference: Reference,
    /// Whether it may be an unboxed integer, as far as validation knows.
    pub may_be_i31: bool,
    /// Whether it is of the type that is asked for, as far as validation knows, or null.
    pub is_certain: bool,
    /// The type that is asked for.
    pub target: RefType,
}

/// How references are told apart. Each operator is refused by default.
pub trait Casts: Functions {
    /// `ref.i31`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_i31(&mut self, _builder: &mut FunctionBuilder<'_>, _value: Value) -> Result<Value> {
        Err(refused("ref.i31"))
    }

    /// `i31.get_s`, `i31.get_u`. Traps if the reference is null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn i31_get(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _reference: Reference,
        _extension: Extension,
    ) -> Result<Value> {
        Err(refused("i31.get"))
    }

    /// `ref.eq`: 0 or 1, of type `i32`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_eq(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _a: Value,
        _b: Value,
    ) -> Result<Value> {
        Err(refused("ref.eq"))
    }

    /// `ref.test`: 0 or 1, of type `i32`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_test(&mut self, _builder: &mut FunctionBuilder<'_>, _test: TypeTest) -> Result<Value> {
        Err(refused("ref.test"))
    }

    /// `ref.cast`: traps if the reference is not of the type. It stays what it is.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn ref_cast(&mut self, _builder: &mut FunctionBuilder<'_>, _test: TypeTest) -> Result<()> {
        Err(refused("ref.cast"))
    }

    /// `br_on_cast`, `br_on_cast_fail`: ends the block, and goes on in one of two others, which
    /// have no parameters and may get several branches.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn branch_on_cast(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _test: TypeTest,
        _is_of_type: Block,
        _is_not: Block,
    ) -> Result<()> {
        Err(refused("br_on_cast"))
    }

    /// `any.convert_extern`: by default the reference as it is.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn any_convert_extern(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        reference: Value,
    ) -> Result<Value> {
        Ok(reference)
    }

    /// `extern.convert_any`: by default the reference as it is.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn extern_convert_any(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        reference: Value,
    ) -> Result<Value> {
        Ok(reference)
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Casts", operator)
}
