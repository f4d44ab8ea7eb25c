//! Compiling step by step: where the bytes come from, and what is compiled into a component.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use wasm_artifact::{FileKind, identify};
#[cfg(feature = "component")]
use wasm_component_translate::HostAccess;
use wasm_store::error::Context;
use wasm_store::{Engine, Module, Result, bail, ensure};

use super::text;

/// Compiles a module or a component: what [`Module::new`] and `Component::new` do, step by step.
///
/// With the feature `component`, other components can be compiled into a component, in place of
/// what it imports ([`compile_time_builtins_binary`](Self::compile_time_builtins_binary)), and
/// these can have access to the host's memory
/// ([`expose_unsafe_intrinsics`](Self::expose_unsafe_intrinsics)).
///
/// ```
/// use wasm_runtime::{CodeBuilder, CodeHint, Engine};
///
/// # fn main() -> wasm_runtime::Result<()> {
/// let engine = Engine::default();
/// let mut builder = CodeBuilder::new(&engine);
/// builder.wasm_binary(&b"\0asm\x01\0\0\0"[..], None)?;
/// assert!(matches!(builder.hint(), Some(CodeHint::Module)));
/// let module = builder.compile_module()?;
/// # let _ = module;
/// # Ok(())
/// # }
/// ```
pub struct CodeBuilder<'a> {
    engine: &'a Engine,
    wasm: Option<Cow<'a, [u8]>>,
    /// The import that stands for functions with access to the host's memory.
    intrinsics: Option<String>,
    /// The components that are compiled into the one, by the names of imports.
    builtins: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
}

/// What a [`CodeBuilder`] has to compile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeHint {
    /// A module.
    Module,
    /// A component.
    Component,
}

impl fmt::Debug for CodeBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeBuilder").finish_non_exhaustive()
    }
}

impl<'a> CodeBuilder<'a> {
    /// Compiles for an engine.
    pub fn new(engine: &'a Engine) -> Self {
        Self { engine, wasm: None, intrinsics: None, builtins: Vec::new() }
    }

    /// Sets what is compiled: the bytes of a module or a component. Nothing is read from the path,
    /// which is for Wasmtime's debugging information.
    ///
    /// # Errors
    ///
    /// If that was set before.
    pub fn wasm_binary(
        &mut self,
        wasm_bytes: impl Into<Cow<'a, [u8]>>,
        wasm_path: Option<&'a Path>,
    ) -> Result<&mut Self> {
        let _ = wasm_path;
        ensure!(self.wasm.is_none(), "what a `CodeBuilder` compiles can be set only once");
        self.wasm = Some(wasm_bytes.into());
        Ok(self)
    }

    /// As [`wasm_binary`](Self::wasm_binary); with the feature `wat` also the text format. Errors
    /// name the path.
    ///
    /// # Errors
    ///
    /// If the text can't be parsed, or that was set before.
    pub fn wasm_binary_or_text(
        &mut self,
        wasm_bytes: &'a [u8],
        wasm_path: Option<&'a Path>,
    ) -> Result<&mut Self> {
        self.wasm_binary(binary(wasm_bytes, wasm_path)?, wasm_path)
    }

    /// As [`wasm_binary`](Self::wasm_binary), with the bytes of a file.
    ///
    /// # Errors
    ///
    /// If it can't be read, or that was set before.
    pub fn wasm_binary_file(&mut self, file: &'a Path) -> Result<&mut Self> {
        self.wasm_binary(read(file)?, Some(file))
    }

    /// As [`wasm_binary_or_text`](Self::wasm_binary_or_text), with what is in a file.
    ///
    /// # Errors
    ///
    /// If it can't be read or parsed, or that was set before.
    pub fn wasm_binary_or_text_file(&mut self, file: &'a Path) -> Result<&mut Self> {
        let bytes = read(file)?;
        self.wasm_binary(binary(&bytes, Some(file))?.into_owned(), Some(file))
    }

    /// Whether there is a module or a component to compile; `None` if nothing was set, or something
    /// that looks like neither.
    pub fn hint(&self) -> Option<CodeHint> {
        match identify(self.wasm.as_deref()?).kind {
            FileKind::WasmModule => Some(CodeHint::Module),
            FileKind::WasmComponent => Some(CodeHint::Component),
            _ => None,
        }
    }

    /// Compiles the module, and loads it.
    ///
    /// # Errors
    ///
    /// As for [`Module::new`]. If nothing was set, or something that is for components only.
    pub fn compile_module(&self) -> Result<Module> {
        Module::new(self.engine, self.module()?)
    }

    /// Compiles the module to the bytes of an artifact, for [`Module::deserialize`].
    ///
    /// # Errors
    ///
    /// As for [`Engine::precompile_module`]. If nothing was set, or something that is for
    /// components only.
    pub fn compile_module_serialized(&self) -> Result<Vec<u8>> {
        self.engine.precompile_module(self.module()?)
    }

    fn module(&self) -> Result<&[u8]> {
        ensure!(
            self.intrinsics.is_none(),
            "`CodeBuilder::expose_unsafe_intrinsics` can only be used with components"
        );
        ensure!(self.builtins.is_empty(), "compile-time builtins can only be used with components");
        self.wasm()
    }

    fn wasm(&self) -> Result<&[u8]> {
        match &self.wasm {
            Some(wasm) => Ok(wasm),
            None => bail!("nothing to compile was set: call `CodeBuilder::wasm_binary`"),
        }
    }
}

#[cfg(feature = "component")]
impl<'a> CodeBuilder<'a> {
    /// Gives a component access to the host's memory: what it imports by this name, an instance, is
    /// provided when it is compiled. `store-data-address` (`func() -> u64`) is where the data of
    /// the store is. `u8-native-load` (`func(address: u64) -> u8`) and `u8-native-store`
    /// (`func(address: u64, value: u8)`) read and write an integer in the byte order of the
    /// machine; so do those with `u16`, `u32` and `u64`. `u8-checked-native-load` (`func(address:
    /// u64, offset: u64, length: u64) -> u8`) and its like trap if the integer is not within
    /// `length` bytes.
    ///
    /// They are for components that are compiled into others
    /// ([`compile_time_builtins_binary`](Self::compile_time_builtins_binary)), which give guests
    /// safe functions on top of them. If there are such, only they have them. Each is a call of a
    /// host function.
    ///
    /// An artifact of such a component does not have the access by itself: see
    /// [`Component::allow_unsafe_intrinsics`][allow].
    ///
    /// [allow]: crate::component::Component::allow_unsafe_intrinsics
    ///
    /// # Safety
    ///
    /// Whatever the component is called with, it reads and writes only memory that it may read and
    /// write, at addresses that are aligned, which nobody else uses at that time. The data of each
    /// store in which it is instantiated is of the type and layout that it expects.
    pub unsafe fn expose_unsafe_intrinsics(&mut self, import_name: impl Into<String>) -> &mut Self {
        self.intrinsics = Some(import_name.into());
        self
    }

    /// Compiles a component into the one that is compiled: what that imports by this name, an
    /// instance, is what this one exports. It is no import of the result. If nothing imports the
    /// name, it is left out. It may import what
    /// [`expose_unsafe_intrinsics`](Self::expose_unsafe_intrinsics) has named, and components that
    /// were given before it.
    ///
    /// Functions are checked where the component uses them, and not by the type that it declares
    /// for the whole instance.
    ///
    /// # Safety
    ///
    /// As for [`expose_unsafe_intrinsics`](Self::expose_unsafe_intrinsics), for this component.
    pub unsafe fn compile_time_builtins_binary(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        wasm_bytes: impl Into<Cow<'a, [u8]>>,
    ) -> &mut Self {
        let name = name.into();
        self.builtins.retain(|(of, _)| *of != name);
        self.builtins.push((name, wasm_bytes.into()));
        self
    }

    /// As [`compile_time_builtins_binary`](Self::compile_time_builtins_binary); with the feature
    /// `wat` also the text format. Errors name the path.
    ///
    /// # Errors
    ///
    /// If the text can't be parsed.
    ///
    /// # Safety
    ///
    /// As for [`compile_time_builtins_binary`](Self::compile_time_builtins_binary).
    pub unsafe fn compile_time_builtins_binary_or_text(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        wasm_bytes: impl Into<Cow<'a, [u8]>>,
        wasm_path: Option<&Path>,
    ) -> Result<&mut Self> {
        let bytes = binary(&wasm_bytes.into(), wasm_path)?.into_owned();
        // SAFETY: as the caller promises.
        Ok(unsafe { self.compile_time_builtins_binary(name, bytes) })
    }

    /// As [`compile_time_builtins_binary`](Self::compile_time_builtins_binary), with the bytes of a
    /// file.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    ///
    /// # Safety
    ///
    /// As for [`compile_time_builtins_binary`](Self::compile_time_builtins_binary).
    pub unsafe fn compile_time_builtins_binary_file(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        file: &Path,
    ) -> Result<&mut Self> {
        let bytes = read(file)?;
        // SAFETY: as the caller promises.
        Ok(unsafe { self.compile_time_builtins_binary(name, bytes) })
    }

    /// As
    /// [`compile_time_builtins_binary_or_text`](Self::compile_time_builtins_binary_or_text), with
    /// what is in a file.
    ///
    /// # Errors
    ///
    /// If it can't be read or parsed.
    ///
    /// # Safety
    ///
    /// As for [`compile_time_builtins_binary`](Self::compile_time_builtins_binary).
    pub unsafe fn compile_time_builtins_binary_or_text_file(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        file: &Path,
    ) -> Result<&mut Self> {
        let bytes = read(file)?;
        // SAFETY: as the caller promises.
        unsafe { self.compile_time_builtins_binary_or_text(name, bytes, Some(file)) }
    }

    /// Compiles the component with all that is compiled into it, and loads it.
    ///
    /// # Errors
    ///
    /// As for [`Component::new`](crate::component::Component::new). If nothing was set, or a
    /// component imports what it may not, or functions for access to the host's memory that there
    /// are not.
    pub fn compile_component(&self) -> Result<crate::component::Component> {
        if self.intrinsics.is_none() && self.builtins.is_empty() {
            return crate::component::Component::new(self.engine, self.wasm()?);
        }
        let artifact = self.compile_component_serialized()?;
        // SAFETY: the compiler has just made it. Whoever has exposed the functions with access to
        // the host's memory answers for what is done with them.
        unsafe {
            let component = crate::component::Component::deserialize(self.engine, artifact)?;
            component.allow_unsafe_intrinsics();
            Ok(component)
        }
    }

    /// Compiles the component with all that is compiled into it to the bytes of an artifact, for
    /// [`Component::deserialize`](crate::component::Component::deserialize). If something is
    /// compiled into it, that is done by a [`CraneliftCompiler`](crate::CraneliftCompiler),
    /// whatever compiler the engine has.
    ///
    /// # Errors
    ///
    /// As for [`compile_component`](Self::compile_component).
    pub fn compile_component_serialized(&self) -> Result<Vec<u8>> {
        let wasm = self.wasm()?;
        let request = self.engine.config().compile_request();
        let compile = |wasm: &[u8], access: &HostAccess| {
            let compiler = super::CraneliftCompiler::new();
            let compiled = super::component::compile(&compiler, wasm, request, access);
            compiled.map(|(artifact, _)| artifact)
        };
        match (&self.intrinsics, self.builtins.is_empty()) {
            (None, true) => self.engine.precompile_component(wasm),
            (Some(intrinsics), true) => {
                let intrinsics = vec![intrinsics.clone()];
                compile(wasm, &HostAccess { intrinsics, builtins: 0 })
            }
            (None, false) => bail!(
                "must configure the unsafe-intrinsics import when using compile-time builtins: \
                 call `CodeBuilder::expose_unsafe_intrinsics`"
            ),
            (Some(intrinsics), false) => {
                let builtins = self.builtins.iter().map(|(name, wasm)| (&**name, &**wasm));
                let builtins: Vec<_> = builtins.collect();
                let features = request.features;
                let composed =
                    wasm_component_translate::compose(wasm, &builtins, intrinsics, features)
                        .context("failed to compose compile-time builtins with the main Wasm")?;
                compile(&composed.wasm, &composed.access)
            }
        }
    }
}

/// The binary format of what may be text.
fn binary<'b>(bytes: &'b [u8], path: Option<&Path>) -> Result<Cow<'b, [u8]>> {
    text::to_binary(bytes).with_context(|| match path {
        Some(path) => format!("failed to parse: {}", path.display()),
        None => "failed to parse what is to be compiled".to_owned(),
    })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("failed to read input file: {}", file.display()))
}
