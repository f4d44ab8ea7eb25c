//! Coverage of functions.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_hooks::FunctionEvent;
use wasm_hooks::observe::{Coverage, CoveredModule};

use super::modules::Modules;
use crate::engine::display_name;
use crate::error::Result;
use crate::items::Module;
use crate::watch::function_hook::FunctionHookContext;

/// Counts which functions are called, of those that were compiled to notify hooks, and writes the
/// counts in the format of LCOV. It is coverage of functions: what a function does inside is not
/// observed. Source files are known if they are given (`add_source_lines`, with feature `dwarf`).
///
/// A handle that can be cloned and can be used for several stores at the same time.
///
/// ```no_run
/// use wasm_store::observe::FunctionCoverage;
/// use wasm_store::{Config, Engine, Module, NamePattern, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::new(Config::new().function_hooks([NamePattern::any()]))?;
/// let module = Module::from_file(&engine, "app.wasm")?;
/// let coverage = FunctionCoverage::new();
/// // Without this, a module is known once one of its functions is called.
/// coverage.add_module("app.wasm", &module)?;
/// let mut store = Store::new(&engine, ());
/// store.function_hook(coverage.hook());
/// // … call functions …
/// coverage.write_lcov("", std::fs::File::create("app.info")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, Debug)]
pub struct FunctionCoverage {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default, Debug)]
struct Inner {
    modules: Modules,
    covered: Vec<CoveredModule>,
    coverage: Coverage,
}

impl Inner {
    fn covered(&mut self, module: &Module, name: Option<&str>) -> Result<CoveredModule> {
        if let Some(number) = self.modules.find(module) {
            return Ok(self.covered[number]);
        }
        // A module is entered only when nothing can fail any more.
        let artifact = module.artifact();
        let functions = artifact.hooked_functions()?;
        let functions =
            functions.map(|func| (func.as_u32(), display_name(artifact, func).into_owned()));
        let name = match name.or(module.name()) {
            Some(name) => name.to_string(),
            None => format!("module{}", self.covered.len()),
        };
        let covered = self.coverage.add_module(name, functions);
        self.modules.number(module);
        self.covered.push(covered);
        Ok(covered)
    }
}

impl FunctionCoverage {
    /// Coverage of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module under a name, which is the source file in the output. Modules that are not
    /// added have their own name or, if they have none, `moduleN`, where `N` is how many modules
    /// were known before.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged where it lists the functions that notify hooks.
    pub fn add_module(&self, name: &str, module: &Module) -> Result<()> {
        self.lock().covered(module, Some(name)).map(|_| ())
    }

    /// Finds the places in the source where the functions of a module begin, from the debugging
    /// information of its binary. Returns how many have such a place. They are then listed in their
    /// source files.
    ///
    /// # Errors
    ///
    /// If the debugging information is not well-formed, or as for [`FunctionCoverage::add_module`].
    #[cfg(feature = "dwarf")]
    pub fn add_source_lines(&self, module: &Module, wasm: &[u8]) -> Result<usize> {
        let lines = wasm_hooks::observe::SourceLines::of_module(wasm)?;
        let inner = &mut *self.lock();
        let covered = inner.covered(module, None)?;
        let counts = module.artifact().counts();
        for defined in 0..counts.functions - counts.imported_functions {
            if let Some((file, line)) = lines.function(defined) {
                let index = counts.imported_functions + defined;
                inner.coverage.set_source(covered, index, file, line);
            }
        }
        Ok(lines.len())
    }

    /// Counts the event that a function hook was notified of.
    ///
    /// # Errors
    ///
    /// As for [`FunctionCoverage::add_module`].
    pub fn observe<T: 'static>(&self, call: &FunctionHookContext<'_, T>) -> Result<()> {
        if call.event() == FunctionEvent::Entered {
            let inner = &mut *self.lock();
            let module = inner.covered(call.module(), None)?;
            inner.coverage.hit(module, call.function_index());
        }
        Ok(())
    }

    /// A hook that counts, for [`Store::function_hook`](crate::Store::function_hook).
    pub fn hook<T: 'static>(
        &self,
    ) -> impl FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync + 'static {
        let coverage = self.clone();
        move |call| coverage.observe(&call)
    }

    /// How many functions were called, and how many there are that notify hooks.
    pub fn summary(&self) -> (usize, usize) {
        self.lock().coverage.summary()
    }

    /// Writes a tracefile: see [`Coverage::write_lcov`].
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write_lcov(&self, test: &str, out: impl io::Write) -> io::Result<()> {
        self.lock().coverage.write_lcov(test, out)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic with the lock held leaves counts that are correct up to then.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
