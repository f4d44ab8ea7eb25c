//! Modules and artifacts: from files or standard input, and recognized by their content.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use wasm_artifact::FileKind;
#[cfg(feature = "component")]
use wasm_runtime::component::Component;
use wasm_runtime::error::Context;
use wasm_runtime::{Config, Engine, Module, Result, bail};

use crate::cache::Cached;
use crate::source::Source;

/// How many bytes of a file are read to recognize its kind.
const HEAD: u64 = 4096;

/// What was opened, by its kind.
pub(crate) enum Input {
    /// A module that is compiled already. It stays in its file, which the loader maps. Only what
    /// has no file is read.
    Artifact(Option<Vec<u8>>),
    /// A module in the binary format.
    Wasm(Vec<u8>),
}

impl Input {
    /// The module in the binary format, if it is not compiled yet.
    pub(crate) fn wasm(&self) -> Option<&[u8]> {
        match self {
            Self::Wasm(bytes) => Some(bytes),
            Self::Artifact(_) => None,
        }
    }

    /// All bytes of what was opened.
    pub(crate) fn bytes(&self, source: &Source) -> Result<Cow<'_, [u8]>> {
        match self {
            Self::Artifact(Some(bytes)) | Self::Wasm(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::Artifact(None) => source.read().map(Cow::Owned),
        }
    }
}

/// What a file can be.
pub(crate) enum Opened {
    /// A module.
    Module(Input),
    /// A component.
    #[cfg(feature = "component")]
    Component(Input),
}

/// Like [`open_any`], for commands that are for modules only.
pub(crate) fn open(source: &Source) -> Result<Input> {
    module_of(open_any(source)?, source)
}

fn module_of(opened: Opened, #[allow(unused)] source: &Source) -> Result<Input> {
    match opened {
        Opened::Module(input) => Ok(input),
        #[cfg(feature = "component")]
        Opened::Component(_) => bail!(
            "{source} is a WebAssembly component, and a module is needed here: components can be \
             run, compiled and inspected"
        ),
    }
}

/// Recognizes the kind of a file, and reads the file if it is to be compiled. Text becomes binary.
/// Nothing is read beyond the beginning of what is neither a module, a component nor an artifact,
/// since it may have no end.
pub(crate) fn open_any(source: &Source) -> Result<Opened> {
    let about = || source.unreadable();
    let (mut reader, can_be_mapped) = source.open()?;
    let mut bytes = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut bytes).with_context(about)?;
    let mut identity = wasm_artifact::identify(&bytes);
    if can_be_mapped && let Some(opened) = artifact(identity.kind, None) {
        return Ok(opened);
    }
    let is_component = |kind| {
        cfg!(feature = "component")
            && matches!(kind, FileKind::ComponentArtifact | FileKind::WasmComponent)
    };
    let is_input = |kind| {
        matches!(kind, FileKind::Artifact | FileKind::WasmModule | FileKind::Text)
            || is_component(kind)
    };
    if is_input(identity.kind) || !identity.is_certain() {
        reader.read_to_end(&mut bytes).with_context(about)?;
        identity = wasm_artifact::identify(&bytes);
    }
    match identity.kind {
        // What is not an ordinary file, such as a pipe, can't be mapped.
        FileKind::Artifact => Ok(Opened::Module(Input::Artifact(Some(bytes)))),
        FileKind::WasmModule => Ok(Opened::Module(Input::Wasm(bytes))),
        FileKind::Text => Ok(Opened::Module(Input::Wasm(text(source, &bytes)?))),
        #[cfg(feature = "component")]
        FileKind::ComponentArtifact => Ok(Opened::Component(Input::Artifact(Some(bytes)))),
        #[cfg(feature = "component")]
        FileKind::WasmComponent => {
            let is_binary = bytes.starts_with(b"\0asm");
            let bytes = if is_binary { bytes } else { text(source, &bytes)? };
            Ok(Opened::Component(Input::Wasm(bytes)))
        }
        #[cfg(not(feature = "component"))]
        FileKind::ComponentArtifact | FileKind::WasmComponent => bail!(
            "{source} is {identity}: this program was built without the feature `component`, and \
             takes only core modules, which may use WASI preview 1"
        ),
        _ => bail!(
            "{source} is {identity}; expected a WebAssembly module{}, in the binary or the text \
             format, or an artifact made by `wasm-runtime compile`",
            if cfg!(feature = "component") { " or component" } else { "" }
        ),
    }
}

/// An artifact, by its kind: what is in a file that can be mapped has no bytes.
fn artifact(kind: FileKind, bytes: Option<Vec<u8>>) -> Option<Opened> {
    match kind {
        FileKind::Artifact => Some(Opened::Module(Input::Artifact(bytes))),
        #[cfg(feature = "component")]
        FileKind::ComponentArtifact => Some(Opened::Component(Input::Artifact(bytes))),
        _ => None,
    }
}

#[cfg(feature = "disassemble")]
impl Opened {
    /// Whether it is a component.
    pub(crate) fn is_component(&self) -> bool {
        match self {
            Self::Module(_) => false,
            #[cfg(feature = "component")]
            Self::Component(_) => true,
        }
    }
}

/// The module or component, if it is one that is not compiled yet.
#[cfg(feature = "disassemble")]
pub(crate) fn any_wasm_of(opened: Opened, source: &Source) -> Result<Vec<u8>> {
    match opened {
        #[cfg(feature = "component")]
        Opened::Component(input) => uncompiled(input, source),
        Opened::Module(input) => uncompiled(input, source),
    }
}

/// Like [`open`], for commands that require a module which is not compiled yet.
#[cfg(feature = "jit")]
pub(crate) fn open_wasm(source: &Source) -> Result<Vec<u8>> {
    wasm_of(open_any(source)?, source)
}

/// The module, if it is one that is not compiled yet.
#[cfg(feature = "jit")]
pub(crate) fn wasm_of(opened: Opened, source: &Source) -> Result<Vec<u8>> {
    uncompiled(module_of(opened, source)?, source)
}

#[cfg(feature = "jit")]
fn uncompiled(input: Input, source: &Source) -> Result<Vec<u8>> {
    match input {
        Input::Wasm(bytes) => Ok(bytes),
        Input::Artifact(_) => bail!(
            "{source} is an artifact: it is compiled already. `wasm-runtime inspect` says what is \
             in it"
        ),
    }
}

/// An engine, and the progress of its compiler.
pub(crate) struct Loader {
    engine: Engine,
    #[cfg(feature = "jit")]
    progress: crate::progress::Progress,
    #[cfg(feature = "jit")]
    cache: Option<wasm_runtime::Cache>,
}

impl Loader {
    /// An engine with these settings, for modules of which some may have to be compiled.
    #[cfg(feature = "jit")]
    pub(crate) fn new(mut config: Config, cached: Cached, compiles: bool) -> Result<Self> {
        let progress = crate::progress::Progress::default();
        let cache = if compiles { cached.open() } else { None };
        config.compiler(std::sync::Arc::new(progress.compiler())).cache(cache.clone());
        Ok(Self { engine: Engine::new(&config)?, progress, cache })
    }

    /// An engine with these settings.
    #[cfg(not(feature = "jit"))]
    pub(crate) fn new(config: Config, _: Cached, _: bool) -> Result<Self> {
        Ok(Self { engine: Engine::new(&config)? })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Loads the module that was opened. It is compiled if it is not yet.
    pub(crate) fn load(&self, source: &Source, input: &Input) -> Result<Module> {
        let loaded = match (input, source.path()) {
            (Input::Wasm(wasm), _) => self.compile(source, wasm),
            (Input::Artifact(None), Some(path)) => load_artifact_file(&self.engine, path),
            (Input::Artifact(_), _) => {
                input.bytes(source).and_then(|bytes| load_artifact(&self.engine, &bytes))
            }
        };
        loaded.with_context(|| format!("can't load {source}"))
    }

    /// Loads the component that was opened. It is compiled if it is not yet.
    #[cfg(feature = "component")]
    pub(crate) fn load_component(&self, source: &Source, input: &Input) -> Result<Component> {
        let loaded = match (input, source.path()) {
            (Input::Wasm(wasm), _) => {
                self.during(source, wasm, || Component::new(&self.engine, wasm))
            }
            (Input::Artifact(None), Some(path)) => load_component_file(&self.engine, path),
            (Input::Artifact(_), _) => {
                input.bytes(source).and_then(|bytes| load_component(&self.engine, &bytes))
            }
        };
        loaded.with_context(|| format!("can't load {source}"))
    }

    fn compile(&self, source: &Source, wasm: &[u8]) -> Result<Module> {
        self.during(source, wasm, || Module::new(&self.engine, wasm))
    }

    #[cfg(feature = "jit")]
    fn during<R>(&self, source: &Source, wasm: &[u8], work: impl FnOnce() -> R) -> R {
        let result = self.progress.during(source, wasm.len(), work);
        crate::cache::report(self.cache.as_ref());
        result
    }

    #[cfg(not(feature = "jit"))]
    fn during<R>(&self, _: &Source, _: &[u8], work: impl FnOnce() -> R) -> R {
        // The engine has no compiler, and its own error says so.
        work()
    }
}

/// As [`load_artifact_file`], for a component.
#[cfg(feature = "component")]
#[allow(unsafe_code)]
fn load_component_file(engine: &Engine, path: &Path) -> Result<Component> {
    #[cfg(feature = "sign")]
    if engine.config().trust_policy().is_some() {
        return Component::deserialize_file_verified(engine, path);
    }
    // SAFETY: as for modules, the user has named it to be run.
    unsafe { Component::deserialize_file(engine, path) }
}

/// As [`load_artifact`], for a component.
#[cfg(feature = "component")]
#[allow(unsafe_code)]
fn load_component(engine: &Engine, bytes: &[u8]) -> Result<Component> {
    #[cfg(feature = "sign")]
    if engine.config().trust_policy().is_some() {
        return Component::deserialize_verified(engine, bytes);
    }
    // SAFETY: as for modules, the user has named it to be run.
    unsafe { Component::deserialize(engine, bytes) }
}

/// Loads an artifact from its file. If the user has named keys or hashes to trust, it must be
/// trusted by them.
#[allow(unsafe_code)]
fn load_artifact_file(engine: &Engine, path: &Path) -> Result<Module> {
    #[cfg(feature = "sign")]
    if engine.config().trust_policy().is_some() {
        return Module::deserialize_file_verified(engine, path);
    }
    // SAFETY: an artifact is machine code. It is trusted like any program that is run from the
    // command line, since the user has named it.
    unsafe { Module::deserialize_file(engine, path) }
}

/// Loads an artifact that was read. If the user has named keys or hashes to trust, it must be
/// trusted by them.
#[allow(unsafe_code)]
fn load_artifact(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    #[cfg(feature = "sign")]
    if engine.config().trust_policy().is_some() {
        return Module::deserialize_verified(engine, bytes);
    }
    // SAFETY: as above, the user has named it to be run.
    unsafe { Module::deserialize(engine, bytes) }
}

/// Compiles a module into an artifact and loads that.
#[cfg(feature = "wast")]
pub(crate) fn through_artifact(engine: &Engine, wasm: &[u8]) -> Result<Module> {
    load_artifact(engine, &engine.precompile_module(wasm)?)
}

/// As [`through_artifact`], for a component.
#[cfg(all(feature = "wast", feature = "component"))]
pub(crate) fn component_through_artifact(engine: &Engine, wasm: &[u8]) -> Result<Component> {
    load_component(engine, &engine.precompile_component(wasm)?)
}

#[cfg(feature = "wat")]
fn text(source: &Source, bytes: &[u8]) -> Result<Vec<u8>> {
    let wasm = wat::Parser::new().parse_bytes(source.path(), bytes)?;
    Ok(wasm.into_owned())
}

#[cfg(not(feature = "wat"))]
fn text(source: &Source, _: &[u8]) -> Result<Vec<u8>> {
    bail!(
        "{source} looks like WebAssembly's text format, which this program was built not to read: \
         its feature `wat` is off"
    )
}
