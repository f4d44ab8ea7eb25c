//! The engine: what all stores and modules of one kind share.

mod allocation;
mod cache;
mod collector;
pub(crate) mod compat;
pub mod compiler;
#[cfg(feature = "component")]
mod component;
mod config;
#[cfg(feature = "function-hook")]
mod function_names;
mod profiling;
mod trust;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Weak};

pub use allocation::{
    Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, PoolingAllocatorMetrics,
    ReuseConfig,
};
pub(crate) use cache::{CacheEntry, CacheSetting, serialized};
pub use collector::Collector;
pub use compiler::{CompileRequest, Compiler};
#[cfg(feature = "component")]
pub(crate) use component::COMPILE_MODULE;
pub use config::{
    Config, CustomCodeMemory, Inlining, ModuleVersionStrategy, RRConfig, RegallocAlgorithm,
    Strategy, WasmBacktraceDetails,
};
#[cfg(feature = "function-hook")]
pub(crate) use function_names::{display_name, exported_as};
#[cfg(feature = "profile")]
pub use profiling::ProfilingStrategy;
pub(crate) use profiling::{Profiling, Registration};
pub(crate) use trust::Trust;

use wasm_artifact::{FileKind, identify};

use crate::error::{Context, Result};
use crate::types::TypeRegistry;
use crate::vm::VmEngine;

/// The part that modules, linkers and stores share: the settings, the compiler, the types, and what
/// dropped stores have left for the next.
///
/// A handle that is cheap to clone. Things of two engines can't be used together.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

struct EngineInner {
    config: Config,
    compiler: Option<Arc<dyn Compiler>>,
    types: TypeRegistry,
    vm: Arc<VmEngine>,
}

/// The result of [`Engine::detect_precompiled`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Precompiled {
    /// A compiled module, for [`Module::deserialize`](crate::Module::deserialize).
    Module,
    /// A compiled component, for `component::Component::deserialize` of `wasm-runtime`.
    Component,
}

impl Engine {
    /// An engine with the given settings.
    ///
    /// # Errors
    ///
    /// If the settings contradict each other or what this machine offers.
    pub fn new(config: &Config) -> Result<Engine> {
        let mut config = config.clone();
        config.finish_debugging();
        let tunables = config.request.tunables;
        config.check_sizes()?;
        config.check_machinery()?;
        let compiler = match (&config.compiler, config.use_compiler) {
            (_, false) => None,
            (Some(compiler), true) => Some(compiler.clone()),
            (None, true) => compiler::provided(),
        };
        let (limits, pool) = config.allocation_limits();
        let mut vm = VmEngine::new(tunables, config.wasm_stack_size(), limits, pool)?;
        if config.epochs {
            vm.require_deadlines();
        }
        vm.set_gc(config.gc_settings());
        vm.allow_shared_memories(config.shared_memory);
        if !config.memories_may_move() {
            vm.keep_memories_in_place();
        }
        if config.guards_all_memories() {
            vm.guard_all_memories();
        }
        if let Some(provider) = &config.memory_provider {
            vm.provide_memories(Arc::clone(provider))?;
        }
        let vm = Arc::new(vm);
        let types = TypeRegistry::default();
        Ok(Self { inner: Arc::new(EngineInner { config, compiler, types, vm }) })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Whether two handles are of the same engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    /// A handle that does not keep the engine alive.
    pub fn weak(&self) -> EngineWeak {
        EngineWeak { inner: Arc::downgrade(&self.inner) }
    }

    /// Compiles a module to the bytes of an artifact, for
    /// [`Module::deserialize`](crate::Module::deserialize) on this machine or another.
    ///
    /// # Errors
    ///
    /// If the engine has no compiler, or the module is not valid.
    pub fn precompile_module(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let compiler = self.compiler_for(bytes)?;
        compiler.compile(bytes, &self.inner.config.request)
    }

    /// What an artifact holds; `None` if the bytes are not an artifact.
    pub fn detect_precompiled(bytes: &[u8]) -> Option<Precompiled> {
        match identify(bytes).kind {
            FileKind::Artifact => Some(Precompiled::Module),
            FileKind::ComponentArtifact => Some(Precompiled::Component),
            _ => None,
        }
    }

    /// What an artifact holds; `None` if the file is not an artifact. Only the beginning of the
    /// file is read.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn detect_precompiled_file(path: impl AsRef<Path>) -> Result<Option<Precompiled>> {
        let (_, head) = open_and_read_head(path.as_ref())?;
        Ok(Self::detect_precompiled(&head))
    }

    /// The compiler, if the bytes are input for a compiler. Otherwise the error says what they look
    /// like and what to do with them.
    pub(crate) fn compiler_for(&self, bytes: &[u8]) -> Result<&Arc<dyn Compiler>> {
        let identity = identify(bytes);
        match identity.kind {
            FileKind::Artifact => crate::bail!(
                "expected a WebAssembly module, found a module that is compiled already: load it \
                 with `Module::deserialize` or `Module::deserialize_file`"
            ),
            FileKind::ComponentArtifact => {
                crate::bail!("expected a WebAssembly module, found {identity}{LOAD_COMPONENT}")
            }
            #[cfg(feature = "component")]
            FileKind::WasmComponent => {
                crate::bail!(
                    "expected a WebAssembly module but was given {identity}{COMPILE_COMPONENT}"
                )
            }
            #[cfg(not(feature = "component"))]
            FileKind::WasmComponent => {
                crate::bail!(
                    "expected a WebAssembly module but was given {identity}{}",
                    identity.hint()
                )
            }
            FileKind::WasmModule | FileKind::Text => {}
            _ => crate::bail!("expected a WebAssembly module, found {identity}"),
        }
        let Some(compiler) = &self.inner.compiler else {
            crate::bail!(
                "Engine was not configured with a compiler, so it only loads artifacts: build the program with \
                 the feature `jit` of `wasm-runtime`, hand one to `Config::compiler`, or compile \
                 the module beforehand and load it with `Module::deserialize_file`"
            );
        };
        if matches!(identity.kind, FileKind::Text) && !compiler.accepts_text() {
            crate::bail!(
                "expected a WebAssembly module in binary form, found {identity}: the compiler of \
                 this engine does not read the text format"
            );
        }
        Ok(compiler)
    }

    pub(crate) fn types(&self) -> &TypeRegistry {
        &self.inner.types
    }

    pub(crate) fn vm(&self) -> &Arc<VmEngine> {
        &self.inner.vm
    }
}

/// What to do with a compiled component where a module is expected.
pub(crate) const LOAD_COMPONENT: &str = ": load it with `component::Component::deserialize` or \
                                         `deserialize_file`, which need the feature `component`";

/// What to do with a component where a module is expected.
#[cfg(feature = "component")]
pub(crate) const COMPILE_COMPONENT: &str =
    ": compile it with `component::Component::new` or `from_file`";

impl Default for Engine {
    fn default() -> Self {
        Engine::new(&Config::default()).expect("the default settings fit every supported machine")
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

/// How many bytes at the head of a file show whether it is an artifact.
const HEAD: u64 = 4096;

/// Opens a file and reads the bytes that show what it is. The rest is not read yet.
pub(crate) fn open_and_read_head(path: &Path) -> Result<(File, Vec<u8>)> {
    let reading = || format!("failed to read input file: {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head).with_context(reading)?;
    Ok((file, head))
}

/// A handle of an [`Engine`] that does not keep it alive.
#[derive(Clone)]
pub struct EngineWeak {
    inner: Weak<EngineInner>,
}

impl EngineWeak {
    /// The engine, if it still lives.
    pub fn upgrade(&self) -> Option<Engine> {
        self.inner.upgrade().map(|inner| Engine { inner })
    }
}

impl fmt::Debug for EngineWeak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineWeak").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Module;

    #[test]
    fn no_compiler_is_an_error_that_names_the_feature() {
        let engine = Engine::default();
        let error = Module::new(&engine, b"\0asm\x01\0\0\0").unwrap_err();
        assert!(error.to_string().contains("`jit`"), "{error}");
    }

    #[test]
    fn a_wrong_file_says_what_it_looks_like() {
        let engine = Engine::default();
        let error = Module::new(&engine, b"\0asm\x0d\0\x01\0").unwrap_err();
        let way_out =
            if cfg!(feature = "component") { "component::Component::new" } else { "unbundle" };
        assert!(error.to_string().contains(way_out), "{error}");
        let error = Module::new(&engine, ";; text\n(component)").unwrap_err();
        assert!(error.to_string().contains("component in the text format"), "{error}");
        assert!(Module::new(&engine, b"").is_err());
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let mut config = Config::new();
        config.tunables_mut().stack_guard_size = 5000;
        let error = Engine::new(&config).unwrap_err();
        assert!(error.to_string().contains("5000"), "{error}");
        assert!(Engine::new(Config::new().max_wasm_stack(1)).is_err());
    }

    #[test]
    fn a_weak_handle_does_not_keep_the_engine() {
        let engine = Engine::default();
        let weak = engine.weak();
        assert!(Engine::same(&weak.upgrade().unwrap(), &engine));
        drop(engine);
        assert!(weak.upgrade().is_none());
    }
}
