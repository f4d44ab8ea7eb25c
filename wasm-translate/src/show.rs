//! What the compiler makes of one function, as text: for those who read it, and for goldens.

use wasm_types::{DefinedFuncIndex, ParsedModule};

use crate::codegen::{Job, Worker};
use crate::error::Error;
use crate::pass::PassPoint;
use crate::settings::Settings;

/// Which CLIF is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClifStage {
    /// As it was translated, before any pass.
    Raw,
    /// As machine code is made of it, after optimisation and all passes.
    Optimized,
}

/// The CLIF of a function, as text.
///
/// # Errors
///
/// As [`compile_module`](crate::compile_module), for this one function.
///
/// # Panics
///
/// If the module does not define the function, or if `wasm` is shorter than the binary that was
/// parsed.
pub fn clif(
    parsed: &ParsedModule,
    wasm: &[u8],
    func: DefinedFuncIndex,
    settings: &Settings,
    stage: ClifStage,
) -> Result<String, Error> {
    show(parsed, wasm, func, settings, |worker| {
        let raw = worker.translate(func)?;
        if stage == ClifStage::Raw {
            return Ok(raw.display().to_string());
        }
        let index = parsed.module().func_index(func);
        worker.run_passes(PassPoint::BeforeOptimization, index)?;
        Ok(worker.optimize(index)?.display().to_string())
    })
}

/// The machine code of a function, as the code generator writes its instructions: registers are
/// those of the machine, calls and branches have names for where they go.
///
/// # Errors
///
/// As [`compile_module`](crate::compile_module), for this one function.
///
/// # Panics
///
/// As [`clif`].
pub fn assembly(
    parsed: &ParsedModule,
    wasm: &[u8],
    func: DefinedFuncIndex,
    settings: &Settings,
) -> Result<String, Error> {
    show(parsed, wasm, func, settings, |worker| {
        let index = parsed.module().func_index(func);
        worker.translate(func)?;
        worker.run_passes(PassPoint::BeforeOptimization, index)?;
        worker.optimize(index)?;
        worker.assembly()
    })
}

/// Lets a worker compile one function, and shows the result.
fn show(
    parsed: &ParsedModule,
    wasm: &[u8],
    func: DefinedFuncIndex,
    settings: &Settings,
    make: impl FnOnce(&mut Worker<'_>) -> Result<String, Error>,
) -> Result<String, Error> {
    let module = parsed.module();
    let index = module.func_index(func);
    let isa = settings.isa()?;
    let layout = Job::layout(parsed, settings);
    let job = Job::new(parsed, wasm, settings, &*isa, &layout);
    make(&mut Worker::new(&job))
        .map_err(|error| error.in_function(index, module.names.function(index)))
}
