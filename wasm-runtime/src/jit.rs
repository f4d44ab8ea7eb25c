//! The compiler that engines get by default (feature `jit`): it parses and validates a module,
//! translates it, and writes an artifact.
//!
//! Engines execute what it makes. In this file the facade asserts that this is safe.

#![allow(unsafe_code)]

mod code_builder;
#[cfg(feature = "component")]
mod component;
mod function_hooks;
mod identity;
mod text;
mod timings;
mod variables;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use code_builder::{CodeBuilder, CodeHint};
pub use timings::CompileTimings;

use wasm_artifact::WriteOptions;
#[cfg(feature = "component")]
use wasm_component_translate::HostAccess;
use wasm_store::{CompileRequest, Compiler, Error, Inlining, Result, WasmFeatures};
use wasm_translate::{ClifPass, PassPoint, Progress, Settings};
use wasm_types::{Module, SubType, TypeKind};

/// Compiles with Cranelift: `wasm-types` validates, `wasm-translate` generates code, and
/// `wasm-artifact` writes the artifact.
///
/// With the feature `jit`, every engine uses it by default;
/// [`Config::compiler`](crate::Config::compiler) sets another one. It can also compile without an
/// engine:
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
    /// The compiler with default settings. Each [`CompileRequest`] says how to compile.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a callback for progress. After each function it receives the number of functions that
    /// are done, and the total. It is called on the threads that compile.
    #[must_use]
    pub fn progress(mut self, progress: Arc<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Adds a pass over Cranelift's intermediate form of each function: see `wasm-translate`.
    ///
    /// # Safety
    ///
    /// The function is executed as the pass leaves it. The caller vouches that it only accesses and
    /// calls what the function did before, or what the run-time provides for it.
    #[must_use]
    pub unsafe fn pass(mut self, point: PassPoint, pass: Arc<dyn ClifPass>) -> Self {
        self.passes.push((point, pass));
        self
    }

    /// Changes settings that are not part of a [`CompileRequest`], for example the switches of
    /// `wasm-translate` for single optimizations. Modules that are compiled with this are not
    /// cached.
    ///
    /// # Safety
    ///
    /// Settings can change the assumptions of the code about the machine and the run-time. The
    /// caller vouches that these assumptions hold. Settings that only change how the compiler works
    /// are always safe, for example the switches for optimizations, the number of threads, and the
    /// verifier.
    #[must_use]
    pub unsafe fn adjust(mut self, adjust: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        self.adjust = Some(Arc::new(adjust));
        self
    }

    /// The settings of `wasm-translate` that correspond to a request.
    ///
    /// # Errors
    ///
    /// If the target, a flag or a target feature is not known, or if a pattern for function hooks
    /// is invalid.
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
        // For `wasm-translate`, 0 means as many threads as the machine can run at once.
        let threads = if request.parallel { request.threads.unwrap_or(0) } else { 1 };
        settings.tunables(request.tunables).threads(threads).verifier(request.verify_ir);
        settings.limits(request.limits).inlining(request.inlining.is_on(true));
        if !request.function_hooks.is_empty() {
            settings.function_hooks(function_hooks::selection(&request.function_hooks)?);
        }
        if let Some(profile) = &request.profile {
            settings.profile(profile.clone());
        }
        if let Some(costs) = &request.operator_cost {
            settings.operator_cost(costs.clone());
        }
        if let Some(progress) = &self.progress {
            settings.progress(progress.clone());
        }
        for (point, pass) in &self.passes {
            settings.pass(*point, pass.clone());
        }
        if let Some(adjust) = &self.adjust {
            adjust(&mut settings);
        }
        Ok(settings)
    }

    /// Compiles like [`Compiler::compile`], and reports where the time went.
    ///
    /// # Errors
    ///
    /// Those of [`Compiler::compile`].
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
        let wishes = Wishes::of(request);
        let settings = for_module(&settings, wishes, parsed.module(), &wasm);
        let (compiled, functions) = wasm_translate::compile_module_timed(&parsed, &wasm, &settings)
            .map_err(unwrap_invalid)?;
        let mut options = WriteOptions::new();
        options.address_map = request.address_map;
        options.debug_sections = request.debug_sections;
        options.producer = request.producer();
        let before_writing = start.elapsed();
        let artifact = wasm_artifact::write(parsed.module(), &wasm, &compiled, &options)?;
        let total = start.elapsed();
        let writing = total - before_writing;
        Ok((artifact, CompileTimings { declarations, functions, writing, total }))
    }

    /// Compiles like [`Compiler::compile_component`], and reports where the time went, summed over
    /// the modules of the component.
    ///
    /// # Errors
    ///
    /// Those of [`Compiler::compile_component`].
    #[cfg(feature = "component")]
    pub fn compile_component_timed(
        &self,
        wasm: &[u8],
        request: &CompileRequest,
    ) -> Result<(Vec<u8>, CompileTimings)> {
        component::compile(self, wasm, request, &HostAccess::default())
    }
}

/// What a request says that leads to settings of its own for each module.
#[derive(Clone, Copy)]
struct Wishes {
    inlining: Inlining,
    native_variables: bool,
}

impl Wishes {
    fn of(request: &CompileRequest) -> Self {
        Self { inlining: request.inlining, native_variables: request.native_variables }
    }
}

/// The settings for one module of those that a request is about.
fn for_module<'s>(
    settings: &'s Settings,
    wishes: Wishes,
    module: &Module,
    wasm: &[u8],
) -> Cow<'s, Settings> {
    let Wishes { inlining, native_variables } = wishes;
    let is_object = |ty: &SubType| ty.composite.kind() != TypeKind::Func;
    let has_objects = || module.types.iter().any(is_object);
    let mut settings = Cow::Borrowed(settings);
    if inlining.is_on(true) && !inlining.is_on(has_objects()) {
        settings.to_mut().inlining(false);
    }
    if native_variables && variables::may_be_kept(module) {
        variables::keep(settings.to_mut(), module, wasm);
    }
    settings
}

// SAFETY: modules are validated, and Cranelift generates their code for the ABI that the store uses
// too. Passes and settings that could change this are only set by unsafe functions.
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

    #[cfg(feature = "component")]
    fn compile_component(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        component::compile(self, wasm, request, &HostAccess::default())
            .map(|(artifact, _)| artifact)
    }

    #[cfg(feature = "component")]
    fn validate_component(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        component::validate(wasm, features)
    }

    fn identity(&self, request: &CompileRequest) -> Option<String> {
        // Nothing identifies what passes and other settings do, so the code can't be cached.
        if !self.passes.is_empty() || self.adjust.is_some() {
            return None;
        }
        identity::of(request.target.is_none())
    }

    fn accepts_text(&self) -> bool {
        cfg!(feature = "wat")
    }
}

/// Errors in a function body get the same type as errors in a declaration. Callers need not know
/// that the compiler validates the bodies.
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
