//! A module from its binary to machine code: all functions, on as many threads as are wanted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use wasm_types::{CompileLimit, CompiledModule, DefinedFuncIndex, ParsedModule};

use crate::codegen::{FunctionCode, Job, Worker};
use crate::error::Error;
use crate::link::{self, Items};
use crate::parallel;
use crate::settings::Settings;
use crate::timings::{Lap, Timings};

/// Compiles a module for the run-time ABI of [`wasm_types::abi`].
///
/// Function bodies are validated in the pass that translates them. `wasm` is the binary that
/// `parsed` was made from.
///
/// ```
/// use wasm_translate::{Settings, compile_module};
/// use wasm_types::{Module, WasmFeatures};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str("(module (func (result i32) i32.const 1))")?;
/// let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default())?;
/// let settings = Settings::for_target("riscv64gc-unknown-linux-gnu")?;
/// let compiled = compile_module(&parsed, &wasm, &settings)?;
/// assert_eq!(compiled.functions.len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If a function body is not valid, or if code can't be made of it. Of several functions with an
/// error, the error of the first one is returned.
///
/// # Panics
///
/// If `wasm` is shorter than the binary that was parsed.
pub fn compile_module(
    parsed: &ParsedModule,
    wasm: &[u8],
    settings: &Settings,
) -> Result<CompiledModule, Error> {
    compile_module_timed(parsed, wasm, settings).map(|(compiled, _)| compiled)
}

/// As [`compile_module`], and reports where the time went.
///
/// # Errors
///
/// As [`compile_module`].
///
/// # Panics
///
/// As [`compile_module`].
pub fn compile_module_timed(
    parsed: &ParsedModule,
    wasm: &[u8],
    settings: &Settings,
) -> Result<(CompiledModule, Timings), Error> {
    settings.check_operator_cost()?;
    let isa = settings.isa()?;
    let layout = Job::layout(parsed, settings);
    let mut clock = Lap::start();
    let job = Job::new(parsed, wasm, settings, &*isa, &layout);
    job.counters.as_ref().map_or(Ok(()), |counters| counters.check())?;
    let analysis = clock.lap();
    let (functions, mut timings) = compile_functions(&job)?;
    timings.analysis = analysis;
    let items = compile_thunks(&job, &functions)?;
    clock.lap();
    let mut compiled = link::link(&job, &functions, &items)?;
    compiled.hooked_functions = job.hooked.to_vec();
    compiled.counters = job.counters.as_ref().map_or_else(Vec::new, |counters| counters.encode());
    compiled.frames = functions.into_iter().filter_map(|code| code.frame).collect();
    compiled.profile = job.profiled.as_ref().map(|profiled| profiled.identity);
    timings.linking = clock.lap();
    Ok((compiled, timings))
}

/// What the functions refer to beside each other. Imported functions in tables are few, if there
/// are any.
fn compile_thunks<'a>(job: &'a Job<'_>, functions: &[FunctionCode]) -> Result<Items<'a>, Error> {
    let mut items = Items::used_by(job, functions);
    let imports = items.imports(job);
    if !imports.is_empty() {
        let mut worker = Worker::new(job);
        for func in imports {
            items.add_thunk(func, worker.import_thunk(func)?);
        }
    }
    Ok(items)
}

/// Compiles all functions; the result is in the order of their indices.
fn compile_functions(job: &Job<'_>) -> Result<(Vec<FunctionCode>, Timings), Error> {
    let bodies = &job.parsed.module().bodies;
    // The largest functions come first, so that no thread is left alone with one at the end.
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_key(|number| std::cmp::Reverse(bodies[*number].range.len()));

    let mut functions: Vec<Option<FunctionCode>> = Vec::new();
    functions.resize_with(bodies.len(), || None);
    let results = Mutex::new((functions, Timings::default()));
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    // The first function that has an error. Those after it need not be compiled any more; those
    // before it might have an error, too.
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let first_failed = AtomicUsize::new(usize::MAX);
    // Whether the time is up, so that no function is to be compiled any more.
    let late = AtomicBool::new(false);

    let work = || {
        let mut worker = Worker::new(job);
        let mut compiled = Vec::new();
        while let Some(&number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            if late.load(Ordering::Relaxed) {
                break;
            }
            if number > first_failed.load(Ordering::Relaxed) {
                continue;
            }
            match worker.compile(DefinedFuncIndex::new(number as u32)) {
                Ok(code) => compiled.push((number, code)),
                Err(error) => {
                    if error.limit() == Some(CompileLimit::Time) {
                        late.store(true, Ordering::Relaxed);
                    }
                    first_failed.fetch_min(number, Ordering::Relaxed);
                    let mut failed = failed.lock().expect("no thread panics with the lock");
                    if failed.as_ref().is_none_or(|(other, _)| number < *other) {
                        *failed = Some((number, error));
                    }
                }
            }
            if let Some(progress) = &job.settings.progress {
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, order.len());
            }
        }
        let mut results = results.lock().expect("no thread panics with the lock");
        results.1.add(worker.timings);
        for (number, code) in compiled {
            results.0[number] = Some(code);
        }
    };
    let bytes = bodies.iter().map(|body| body.range.len()).sum();
    parallel::run(job.settings.threads, bodies.len(), bytes, work);

    if let Some((_, error)) = failed.into_inner().expect("no thread panics with the lock") {
        return Err(error);
    }
    let (functions, timings) = results.into_inner().expect("no thread panics with the lock");
    let functions = functions
        .into_iter()
        .map(|code| code.expect("every function is compiled or has an error"))
        .collect();
    Ok((functions, timings))
}
