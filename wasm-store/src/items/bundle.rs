//! Compiled components, as far as they are modules.

#![allow(unsafe_code)]

#[cfg(feature = "sign")]
mod verified;

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use wasm_artifact::{FileKind, identify};
use wasm_loader::LoadedComponent;
use wasm_types::WasmFeatures;

use super::Module;
use crate::engine::{
    COMPILE_COMPONENT, COMPILE_MODULE, CacheEntry, Engine, Precompiled, compat, open_and_read_head,
    serialized,
};
use crate::error::{Context, Result};

/// The modules of a compiled component, and the plan by which they are put together: what a crate
/// that runs components is built on. What is in the plan, this crate does not know.
///
/// The functions are those of [`Module`], and so is what they demand: compiled components are
/// loaded from one artifact, sealed, verified and cached as modules are.
///
/// A handle that is cheap to clone and can be used on several threads.
#[derive(Clone)]
pub struct Bundle {
    inner: Arc<Inner>,
}

struct Inner {
    modules: Box<[Module]>,
    loaded: Arc<LoadedComponent>,
    engine: Engine,
}

impl Bundle {
    /// Compiles a component from its binary form, or from the text format if the engine's compiler
    /// reads it.
    ///
    /// # Errors
    ///
    /// If the component is not valid, uses a proposal that is not allowed, or the engine has no
    /// compiler. Compiled components are refused: see [`Bundle::deserialize`].
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Bundle> {
        Self::compile(engine, bytes.as_ref())
    }

    /// Loads or compiles a component, depending on the content of the file, as
    /// [`Module::from_file`] does a module.
    ///
    /// # Errors
    ///
    /// As for [`Module::from_file`].
    pub fn from_file(engine: &Engine, file: impl AsRef<Path>) -> Result<Bundle> {
        let path = file.as_ref();
        let (mut file, mut bytes) = open_and_read_head(path)?;
        if Engine::detect_precompiled(&bytes) == Some(Precompiled::Component) {
            let loaded = engine.config().trust.load_component(engine, file);
            let bundle = loaded.and_then(|loaded| Bundle::from_loaded(engine, loaded));
            return bundle.with_context(|| format!("failed to load: {}", path.display()));
        }
        file.read_to_end(&mut bytes)
            .with_context(|| format!("failed to read input file: {}", path.display()))?;
        Self::compile(engine, &bytes)
            .with_context(|| format!("failed to compile: {}", path.display()))
    }

    /// Compiles a component from its binary form.
    ///
    /// # Errors
    ///
    /// As for [`Bundle::new`]; also if the bytes are in the text format.
    pub fn from_binary(engine: &Engine, binary: &[u8]) -> Result<Bundle> {
        let identity = identify(binary);
        crate::ensure!(
            identity.kind != FileKind::WasmComponent || binary.starts_with(b"\0asm"),
            "expected a WebAssembly component in binary form, found {identity}"
        );
        Self::compile(engine, binary)
    }

    fn compile(engine: &Engine, bytes: &[u8]) -> Result<Bundle> {
        let entry = CacheEntry::of_component(engine, bytes);
        // An entry that does not fit the engine, for whatever reason, is ignored.
        if let Some(loaded) = entry.load_component()
            && let Ok(bundle) = Self::from_loaded(engine, loaded)
        {
            return Ok(bundle);
        }
        let artifact = engine.precompile_component(bytes)?;
        // SAFETY: the engine's compiler has just made the code, and answers for it.
        let loaded = unsafe { LoadedComponent::from_bytes(&artifact) };
        let loaded = compat::add_engine_mismatches(engine, loaded)?;
        let bundle = Self::from_loaded(engine, loaded)?;
        // SAFETY: as above.
        unsafe { entry.keep(artifact) };
        Ok(bundle)
    }

    /// Loads a component from the bytes of an artifact: what [`Engine::precompile_component`] and
    /// [`Bundle::serialize`] give.
    ///
    /// # Safety
    ///
    /// As for [`Module::deserialize`].
    ///
    /// # Errors
    ///
    /// If the bytes are not the artifact of a component, are damaged, or were compiled for another
    /// machine or with settings that the engine does not provide for. The error has all reasons.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Bundle> {
        let bytes = bytes.as_ref();
        expect_artifact(bytes)?;
        // SAFETY: as the caller promises.
        let loaded = unsafe { LoadedComponent::from_bytes(bytes) };
        Self::from_loaded(engine, compat::add_engine_mismatches(engine, loaded)?)
    }

    /// Loads a component from the file of an artifact. The file is mapped, not read.
    ///
    /// # Safety
    ///
    /// As for [`Module::deserialize_file`].
    ///
    /// # Errors
    ///
    /// If the file can't be read, and as for [`Bundle::deserialize`].
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Bundle> {
        let path = path.as_ref();
        let failed = || format!("failed to load: {}", path.display());
        // SAFETY: as the caller promises.
        let loaded = unsafe { LoadedComponent::from_file(path) };
        let loaded = match compat::add_engine_mismatches(engine, loaded) {
            Ok(loaded) => loaded,
            Err(error) => {
                // The kind of the file says more than what is wrong with it as an artifact.
                if let Ok((_, head)) = open_and_read_head(path) {
                    expect_artifact(&head).with_context(failed)?;
                }
                return Err(crate::Error::new(error).context(failed()));
            }
        };
        Self::from_loaded(engine, loaded).with_context(failed)
    }

    /// Validates a component without compiling it.
    ///
    /// # Errors
    ///
    /// If it is not valid, uses a proposal that is not allowed, or the engine has no compiler for
    /// components.
    pub fn validate(engine: &Engine, binary: &[u8]) -> Result<()> {
        let compiler = engine.component_compiler_for(binary)?;
        compiler.validate_component(binary, engine.config().request.features)
    }

    /// The bytes of the component's artifact, for [`Bundle::deserialize`]: as
    /// [`Module::serialize`].
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        Ok(serialized(self.engine(), self.inner.loaded.artifact().whole()))
    }

    fn from_loaded(engine: &Engine, loaded: Arc<LoadedComponent>) -> Result<Bundle> {
        crate::ensure!(
            engine.config().request.features.contains(WasmFeatures::COMPONENT_MODEL),
            "components are switched off in this engine: `Config::wasm_component_model(true)` allows them"
        );
        compat::check_version(engine, loaded.artifact().whole())?;
        compat::check(engine, loaded.artifact().whole())?;
        let modules = loaded
            .modules()
            .iter()
            .map(|module| Module::from_loaded(engine, Arc::clone(module)))
            .collect::<Result<_>>()?;
        Ok(Bundle { inner: Arc::new(Inner { modules, loaded, engine: engine.clone() }) })
    }

    /// How the modules are put together, in the form of the crate `wasm-component`.
    #[inline]
    pub fn plan(&self) -> &[u8] {
        self.inner.loaded.artifact().plan()
    }

    /// The modules, in the order in which the plan counts them. Each can be used as any other, but
    /// for [`Module::serialize`], and keeps what it shares with the others.
    #[inline]
    pub fn modules(&self) -> &[Module] {
        &self.inner.modules
    }

    /// A module by its number.
    #[inline]
    pub fn module(&self, index: usize) -> Option<&Module> {
        self.inner.modules.get(index)
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Whether two handles are of the same component.
    pub fn same(a: &Bundle, b: &Bundle) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    /// The machine code of all modules.
    pub fn text(&self) -> &[u8] {
        self.inner.loaded.artifact().whole().text()
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle").field("modules", &self.inner.modules).finish_non_exhaustive()
    }
}

/// Refuses what is to be compiled, and says by what. The loader says what is wrong with the rest.
fn expect_artifact(bytes: &[u8]) -> Result<()> {
    let identity = identify(bytes);
    let instead = match identity.kind {
        FileKind::WasmComponent => COMPILE_COMPONENT,
        FileKind::WasmModule | FileKind::Text => COMPILE_MODULE,
        _ => return Ok(()),
    };
    crate::bail!("expected a compiled component, found {identity}{instead}")
}
