//! Continuations (the stack switching proposal).

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::{TagIndex, TypeIndex};

use super::{Functions, Result, Values};
use crate::error::Error;

/// What handles the suspension of a continuation that is resumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResumeHandler {
    /// A label, where a suspension with the tag goes on.
    Label(TagIndex),
    /// A switch with the tag goes on with another continuation in place of this one.
    Switch(TagIndex),
}

/// How a continuation is resumed.
#[derive(Clone, Copy, Debug)]
pub enum ResumeWith<'a> {
    /// With arguments.
    Values(&'a [Value]),
    /// By an exception with a tag and values, thrown where the continuation was suspended.
    Throw(TagIndex, &'a [Value]),
    /// By an exception, thrown there.
    ThrowRef(Value),
}

/// What has become of a continuation that was resumed.
#[derive(Clone, Copy, Debug)]
pub struct Resumed {
    /// 0 if its function has returned, or else which label handles its suspension, counted from 1
    /// among the handlers that are labels: an `i32`.
    pub outcome: Value,
    /// Whatever the environment finds the values by.
    pub values: Value,
}

/// How continuations are made, suspended and resumed. Each operator is refused by default.
pub trait Continuations: Functions {
    /// `cont.new`, of the function that a reference leads to, which may be null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn cont_new(&mut self, _builder: &mut FunctionBuilder<'_>, _func: Value) -> Result<Value> {
        Err(refused("cont.new"))
    }

    /// `cont.bind`, of a continuation of a type, which may be null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn cont_bind(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _continuation: Value,
        _args: &[Value],
    ) -> Result<Value> {
        Err(refused("cont.bind"))
    }

    /// `resume`, `resume_throw` or `resume_throw_ref`, of a continuation that may be null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn resume(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _continuation: Value,
        _with: ResumeWith<'_>,
        _handlers: &[ResumeHandler],
    ) -> Result<Resumed> {
        Err(refused("resume"))
    }

    /// The results of a continuation of a type whose function has returned, before anything else
    /// is called.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn resumed_results(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _resumed: Resumed,
    ) -> Result<Values> {
        Err(refused("resume"))
    }

    /// What a continuation was suspended with by a tag, and at last the continuation, before
    /// anything else is called.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn suspended_values(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _tag: TagIndex,
        _resumed: Resumed,
    ) -> Result<Values> {
        Err(refused("resume"))
    }

    /// `suspend`: what it is resumed with.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn suspend(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _tag: TagIndex,
        _values: &[Value],
    ) -> Result<Values> {
        Err(refused("suspend"))
    }

    /// `switch` to a continuation of a type, which may be null: what it is resumed with.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn switch(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _tag: TagIndex,
        _continuation: Value,
        _args: &[Value],
    ) -> Result<Values> {
        Err(refused("switch"))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Continuations", operator)
}
