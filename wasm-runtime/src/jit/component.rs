//! Components: each becomes modules and a plan, and the modules are compiled as others are.

mod concurrent;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use wasm_artifact::{Artifact, WriteOptions};
use wasm_component_translate::HostAccess;
use wasm_store::error::Context;
use wasm_store::{CompileRequest, Result, WasmFeatures};
use wasm_translate::Settings;
use wasm_types::{Module, ParsedModule};

use super::{CompileTimings, CraneliftCompiler, Wishes, for_module, text, unwrap_invalid};

/// Compiles a component to the bytes of an artifact.
pub(super) fn compile(
    compiler: &CraneliftCompiler,
    wasm: &[u8],
    request: &CompileRequest,
    access: &HostAccess,
) -> Result<(Vec<u8>, CompileTimings)> {
    let wasm = text::to_binary(wasm)?;
    let start = Instant::now();
    let translation =
        wasm_component_translate::translate_with_access(&wasm, request.features, access)?;
    let mut parsed = Vec::with_capacity(translation.modules.len());
    for (number, module) in translation.modules.iter().enumerate() {
        // What is borrowed is a module of the component. Other modules are adapters, which are made
        // by the translation and use what they need, whatever components may use.
        let features = match module {
            Cow::Borrowed(_) => request.features,
            Cow::Owned(_) => request.features | WasmFeatures::default(),
        };
        parsed.push(Parsed::new(number, module, features)?);
    }
    let declarations = start.elapsed();
    let work = Work::new(compiler, request, &parsed)?;
    let (mut modules, mut timings) = (Vec::new(), CompileTimings::default());
    let sizes: Vec<usize> = parsed.iter().map(|module| module.wasm.len()).collect();
    for compiled in concurrent::run(work.workers, &sizes, |number| work.compile(&parsed[number]))? {
        let (artifact, took) = compiled;
        modules.push(artifact);
        timings.functions.add(took.functions);
        timings.writing += took.writing;
    }
    // What the code is for, any module says; without one, an empty module does.
    let empty;
    let any = match modules.first() {
        Some(first) => first,
        None => {
            let parsed = Parsed::new(0, EMPTY, request.features)?;
            empty = work.compile(&parsed)?.0;
            &empty
        }
    };
    let any = Artifact::parse(any)?;
    let (target, tunables) = (any.target(), any.tunables());
    let before_writing = Instant::now();
    let mut options = work.options.clone();
    options.symbols = true;
    let artifact =
        wasm_artifact::write_component(&translation.plan, &modules, target, &tunables, &options)?;
    timings.writing += before_writing.elapsed();
    timings.declarations = declarations;
    timings.total = start.elapsed();
    Ok((artifact, timings))
}

/// A core module of a component, whose declarations are read.
struct Parsed<'a> {
    number: usize,
    wasm: &'a [u8],
    module: ParsedModule,
}

impl<'a> Parsed<'a> {
    fn new(number: usize, wasm: &'a [u8], features: WasmFeatures) -> Result<Self> {
        let parsed = Module::parse_with_bodies(wasm, features);
        Ok(Self { number, wasm, module: parsed.with_context(|| place(number))? })
    }
}

/// Where an error is.
fn place(number: usize) -> String {
    format!("in the core module {number} of the component")
}

/// How the modules of a component are compiled.
struct Work {
    /// How many are compiled at the same time.
    workers: usize,
    /// For a module that is a large part of the component: with all threads.
    large: Settings,
    /// For others, of which many are compiled at the same time.
    small: Settings,
    /// How many bytes a large module has at least.
    threshold: usize,
    options: WriteOptions,
    features: WasmFeatures,
    wishes: Wishes,
}

impl Work {
    fn new(
        compiler: &CraneliftCompiler,
        request: &CompileRequest,
        modules: &[Parsed<'_>],
    ) -> Result<Self> {
        let (mut large, mut small) = (compiler.settings(request)?, compiler.settings(request)?);
        small.threads(1);
        if let Some(progress) = &compiler.progress {
            // Each module reports its own functions.
            let functions = |of: &Parsed<'_>| of.module.module().num_defined_functions() as usize;
            let all = modules.iter().map(functions).sum();
            let (progress, done) = (Arc::clone(progress), AtomicUsize::new(0));
            let count: Arc<wasm_translate::Progress> = Arc::new(move |_, _| {
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, all);
            });
            large.progress(Arc::clone(&count));
            small.progress(count);
        }
        let mut options = WriteOptions::new();
        options.address_map = request.address_map;
        options.debug_sections = request.debug_sections;
        options.producer = request.producer();
        // Symbols of the whole artifact are written when the modules are put together.
        options.symbols = false;
        let all: usize = modules.iter().map(|module| module.wasm.len()).sum();
        Ok(Self {
            workers: concurrent::workers(request),
            large,
            small,
            // So there are at most three that have all threads.
            threshold: all / 4 + 1,
            options,
            features: request.features,
            wishes: Wishes::of(request),
        })
    }

    /// Compiles a module to the bytes of an artifact.
    fn compile(&self, parsed: &Parsed<'_>) -> Result<(Vec<u8>, CompileTimings)> {
        let large = parsed.wasm.len() >= self.threshold;
        let settings = if large { &self.large } else { &self.small };
        let settings = for_module(settings, self.wishes, parsed.module.module(), parsed.wasm);
        let (mut compiled, functions) =
            wasm_translate::compile_module_timed(&parsed.module, parsed.wasm, &settings)
                .map_err(unwrap_invalid)
                .with_context(|| place(parsed.number))?;
        // That is no proposal which whoever runs the component has to allow.
        compiled.proposals &= self.features;
        let before_writing = Instant::now();
        let module = parsed.module.module();
        let artifact = wasm_artifact::write(module, parsed.wasm, &compiled, &self.options)?;
        let writing = before_writing.elapsed();
        Ok((artifact, CompileTimings { functions, writing, ..CompileTimings::default() }))
    }
}

/// The smallest module.
const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// Validates a component, with the bodies of its functions.
pub(super) fn validate(wasm: &[u8], features: WasmFeatures) -> Result<()> {
    let wasm = text::to_binary(wasm)?;
    let translation = wasm_component_translate::translate(&wasm, features)?;
    for (number, module) in translation.modules.iter().enumerate() {
        if let Cow::Borrowed(module) = module {
            Module::validate(module, features)
                .with_context(|| format!("in the core module {number} of the component"))?;
        }
    }
    Ok(())
}
