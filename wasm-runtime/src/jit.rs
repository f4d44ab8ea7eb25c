//! The compiler that engines get by default (feature `jit`): parse and validate, translate, write an
//! artifact.
//!
//! Engines run what it makes: here is where the facade says that it may be run.

#![allow(unsafe_code)]

mod function_hooks;
mod identity;
mod text;
mod timings;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use timings::CompileTimings;

use wasm_artifact::WriteOptions;
use wasm_store::{CompileRequest, Compiler, Error, Result, WasmFeatures};
use wasm_translate::{ClifPass, PassPoint, Progress, Settings};
use wasm_types::Module;

/// Compiles with Cranelift: validation by `wasm-types`, code by `wasm-translate`, the artifact by
/// `wasm-artifact`.
///
/// Every engine of a program that has this crate in it, with feature `jit`, uses it unless
/// [`Config::compiler`](crate::Config::compiler) says otherwise. By itself it serves to compile without
/// an engine:
///
/// ```
/// use wasm_runtime::{CompileRequest, Compiler, CraneliftCompiler};
///
/// # fn main() -> wasm_runtime::Result<()> {
/// let mut request = CompileRequest::new();
/// request.target = Some("x86_64-unknown-linux-gnu".to_owned());
/// let artifact = CraneliftCompiler::new().compile(b"\0asm\x01\0\0\0", &request)?;
/// assert!(artifact.starts_with(b"\x7fELF"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct CraneliftCompiler {
    progress: Option<Arc<Progress>>,
    passes: Vec<(PassPoint, Arc<dyn ClifPass>)>,
    adjust: Option<Arc<Adjust>>,
}

/// Changes the settings of `wasm-translate` after a request has set them.
type Adjust = dyn Fn(&mut Settings) + Send + Sync;

impl CraneliftCompiler {
    /// The compiler with nothing added to it. How it compiles is said by each [`CompileRequest`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who is told, after each function, how many are done, of how many. It is called on the
    /// threads that compile.
    #[must_use]
    pub fn progress(mut self, progress: Arc<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Adds a pass over Cranelift's intermediate form of each function: see `wasm-translate`.
    ///
    /// # Safety
    ///
    /// What the pass makes of a function is run as it is. The caller answers for that it accesses and calls nothing
    /// that the function did not before, or only what the run-time has for it.
    #[must_use]
    pub unsafe fn pass(mut self, place: PassPoint, pass: Arc<dyn ClifPass>) -> Self {
        self.passes.push((place, pass));
        self
    }

    /// Changes settings that a [`CompileRequest`] does not have, such as the optimizations that
    /// `wasm-translate` has switches for. What is compiled is not kept in a cache then.
    ///
    /// # Safety
    ///
    /// Settings can change what the code takes for granted about the machine and about the run-time: the caller
    /// answers for that they fit. Those that only say how hard the compiler works always do, such as the switches
    /// for optimizations, the number of threads and the verifier.
    #[must_use]
    pub unsafe fn adjust(mut self, adjust: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        self.adjust = Some(Arc::new(adjust));
        self
    }

    /// What a request amounts to for `wasm-translate`.
    ///
    /// # Errors
    ///
    /// If the target, one of the flags or one of the target features is not known, or if one of the patterns
    /// for function hooks is none.
    pub fn settings(&self, request: &CompileRequest) -> Result<Settings> {
        let mut settings = match &request.target {
            Some(target) => Settings::for_target(target)?,
            None => Settings::host()?,
        };
        for (name, value) in &request.flags {
            settings.flag(name, value)?;
        }
        for (name, allow) in &request.target_features {
            settings.target_feature(name, *allow)?;
        }
        // For `wasm-translate`, 0 is as many threads as there are.
        let threads = if request.parallel { request.threads.unwrap_or(0) } else { 1 };
        settings.tunables(request.tunables).threads(threads).verifier(request.verify_ir);
        settings.limits(request.limits);
        if !request.function_hooks.is_empty() {
            settings.function_hooks(function_hooks::selection(&request.function_hooks)?);
        }
        if let Some(costs) = &request.operator_cost {
            settings.operator_cost(costs.clone());
        }
        if let Some(progress) = &self.progress {
            settings.progress(progress.clone());
        }
        for (place, pass) in &self.passes {
            settings.pass(*place, pass.clone());
        }
        if let Some(adjust) = &self.adjust {
            adjust(&mut settings);
        }
        Ok(settings)
    }

    /// Compiles as [`Compiler::compile`] does, and tells where the time went.
    ///
    /// # Errors
    ///
    /// As [`Compiler::compile`].
    pub fn compile_timed(
        &self,
        wasm: &[u8],
        request: &CompileRequest,
    ) -> Result<(Vec<u8>, CompileTimings)> {
        let wasm = text::to_binary(wasm)?;
        let settings = self.settings(request)?;
        let start = Instant::now();
        let parsed = Module::parse_with_bodies(&wasm, request.features)?;
        let declarations = start.elapsed();
        let (compiled, functions) = wasm_translate::compile_module_timed(&parsed, &wasm, &settings)
            .map_err(unwrap_invalid)?;
        let mut options = WriteOptions::new();
        options.address_map = request.address_map;
        let before_writing = start.elapsed();
        let artifact = wasm_artifact::write(parsed.module(), &wasm, &compiled, &options)?;
        let total = start.elapsed();
        let writing = total - before_writing;
        Ok((artifact, CompileTimings { declarations, functions, writing, total }))
    }
}

// SAFETY: modules are validated, and what is made of them is Cranelift's, by the ABI that the store has too. Passes and
// settings that could change that are added by unsafe functions.
unsafe impl Compiler for CraneliftCompiler {
    fn compile(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        self.compile_timed(wasm, request).map(|(artifact, _)| artifact)
    }

    fn validate(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        let wasm = text::to_binary(wasm)?;
        Ok(Module::validate(&wasm, features)?)
    }

    fn imports(&self, wasm: &[u8], features: WasmFeatures) -> Result<Option<Module>> {
        let wasm = text::to_binary(wasm)?;
        Ok(Some(Module::parse_imports(&wasm, features)?))
    }

    fn identity(&self, request: &CompileRequest) -> Option<String> {
        // What a pass does, or what else was set, nobody knows.
        if !self.passes.is_empty() || self.adjust.is_some() {
            return None;
        }
        identity::of(request.target.is_none())
    }

    fn accepts_text(&self) -> bool {
        cfg!(feature = "wat")
    }
}

/// What is wrong with a body is the same type of error as what is wrong with a declaration: who asks
/// need not know that bodies are validated by the compiler.
fn unwrap_invalid(error: wasm_translate::Error) -> Error {
    match error.as_parse_error() {
        Some(invalid) => Error::new(invalid.clone()),
        None => Error::new(error),
    }
}

impl fmt::Debug for CraneliftCompiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CraneliftCompiler")
            .field("passes", &self.passes.len())
            .finish_non_exhaustive()
    }
}

fn default_compiler() -> Arc<dyn Compiler> {
    Arc::new(CraneliftCompiler::new())
}

wasm_store::provide_compiler!(default_compiler);
