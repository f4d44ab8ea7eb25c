//! Passes over CLIF that a user puts into the compilation.

use cranelift_codegen::ir;
use cranelift_codegen::isa::TargetIsa;
use wasm_types::{FuncIndex, Module};

use crate::error::Error;

/// Where in the compilation of a function a pass runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PassPoint {
    /// On the CLIF as it was translated.
    BeforeOptimization,
    /// On the CLIF that machine code is made of.
    AfterOptimization,
}

/// What a pass can know of the function that it gets.
#[derive(Clone, Copy)]
pub struct PassContext<'a> {
    /// The module that it belongs to.
    pub module: &'a Module,
    /// Which function it is.
    pub func: FuncIndex,
    /// What it is compiled for.
    pub isa: &'a dyn TargetIsa,
}

impl std::fmt::Debug for PassContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassContext").field("func", &self.func).finish_non_exhaustive()
    }
}

/// A pass over the CLIF of a function.
///
/// A pass may change the function in any way that leaves valid CLIF. It runs on several threads
/// at the same time, each with a function of its own; for output that does not depend on the number
/// of threads, what it does must depend on the function alone. A function may come a second time,
/// with calls in place of what stood for them: the last time is the one that counts.
pub trait ClifPass: Send + Sync {
    /// Changes a function.
    ///
    /// # Errors
    ///
    /// What keeps the module from being compiled.
    fn run(&self, func: &mut ir::Function, context: PassContext<'_>) -> Result<(), Error>;
}

impl<F> ClifPass for F
where
    F: Fn(&mut ir::Function, PassContext<'_>) -> Result<(), Error> + Send + Sync,
{
    fn run(&self, func: &mut ir::Function, context: PassContext<'_>) -> Result<(), Error> {
        self(func, context)
    }
}
