//! How an engine gets from Wasm bytes to an artifact. The compiler is a value that is handed in, so
//! that this crate depends on none.
//!
//! [`Config::compiler`](crate::Config::compiler) hands one to an engine. A crate that brings a
//! compiler along makes it the default of the whole program with
//! [`provide_compiler!`](crate::provide_compiler).

use std::fmt;
use std::sync::{Arc, OnceLock};

use wasm_types::profile::Profile;
use wasm_types::{CompileLimits, OperatorCost, Tunables, WasmFeatures};

use super::Inlining;
use crate::error::Result;

/// Turns the bytes of WebAssembly modules into artifacts.
///
/// # Safety
///
/// An engine runs what its compiler makes without a further look, since machine code can't be
/// checked. Whoever implements this trait answers for what the rest of the program relies on:
///
/// - What [`compile`](Self::compile) returns does what the module says and nothing else, by the
///   run-time ABI of `wasm_types::abi` and with the settings that its note says, whatever bytes it
///   is given. So it is what a correct compiler has made of these bytes, and nobody has changed it
///   since.
/// - [`identity`](Self::identity) is different for two compilers that may make different artifacts.
#[allow(unsafe_code, reason = "whoever implements the trait answers for machine code")]
pub unsafe trait Compiler: Send + Sync + fmt::Debug {
    /// Validates and compiles a module, and returns the bytes of an artifact.
    ///
    /// # Errors
    ///
    /// If the module is invalid, uses a proposal that the request does not allow, or cannot be
    /// compiled for the target.
    fn compile(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>>;

    /// Validates a module without compiling it.
    ///
    /// # Errors
    ///
    /// If the module is invalid or uses a proposal that is not allowed.
    fn validate(&self, wasm: &[u8], features: WasmFeatures) -> Result<()>;

    /// Validates and compiles a component, and returns the bytes of an artifact with all of its
    /// modules and its plan. What [`compile`](Self::compile) has to answer for holds of each module
    /// in it.
    ///
    /// # Errors
    ///
    /// If the component is invalid, uses a proposal that the request does not allow, or cannot be
    /// compiled for the target. By default, always: that this compiler takes no components.
    fn compile_component(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        let _ = (wasm, request);
        no_components()
    }

    /// Validates a component without compiling it.
    ///
    /// # Errors
    ///
    /// If the component is invalid or uses a proposal that is not allowed. By default, always.
    fn validate_component(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        let _ = (wasm, features);
        no_components()
    }

    /// The imports of a module, with the types that they refer to. The rest of the module that is
    /// returned may be empty. `None`, the default, if the compiler can't list imports.
    ///
    /// # Errors
    ///
    /// If that part of the module is invalid or uses a proposal that is not allowed.
    fn imports(&self, wasm: &[u8], features: WasmFeatures) -> Result<Option<wasm_types::Module>> {
        let _ = (wasm, features);
        Ok(None)
    }

    /// An identity that decides, with the module and the request, what [`Compiler::compile`] makes.
    /// With it, an artifact that was made before need not be made again (`Config::cache`).
    ///
    /// That is the name and the version of the compiler and of its code generator, and, if the
    /// request names no target, this machine with the extensions of its instruction set. Two
    /// compilers, or two versions, that may make different artifacts must have different
    /// identities. `None`, the default, means that nothing is kept.
    fn identity(&self, request: &CompileRequest) -> Option<String> {
        let _ = request;
        None
    }

    /// Whether [`Compiler::compile`] also takes the text format.
    fn accepts_text(&self) -> bool {
        false
    }
}

fn no_components<R>() -> Result<R> {
    crate::bail!(
        "the compiler of this engine takes no components, only modules: build the program with the \
         feature `component` of `wasm-runtime`"
    )
}

/// The request to a compiler: everything but the module.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompileRequest {
    /// Settings that the code and the run-time agree on, the optimisation level among them.
    pub tunables: Tunables,
    /// The proposals that the module may use.
    pub features: WasmFeatures,
    /// The target, as a triple; `None` for this host with the instruction set extensions it has.
    pub target: Option<String>,
    /// Settings of the code generator and its instruction set, in its own names. A flag that is
    /// just switched on has the value `"true"`.
    pub flags: Vec<(String, String)>,
    /// Extensions of the instruction set, such as `avx2`, that the code may or may not use. They
    /// override the target and the flags. Later ones win.
    pub target_features: Vec<(String, bool)>,
    /// The functions that notify a hook when they are entered and left: patterns for their names,
    /// as `NamePattern` of the crate `wasm-hooks` defines them.
    pub function_hooks: Vec<String>,
    /// What operators cost, if the tunables say that the code counts fuel and identify these costs;
    /// `None` for [`OperatorCost::new`].
    pub operator_cost: Option<Arc<OperatorCost>>,
    /// What the code did in earlier runs, for modules that the profile is of.
    pub profile: Option<Arc<Profile>>,
    /// Whether functions may be compiled on several threads. The artifact is the same either way.
    pub parallel: bool,
    /// How many threads to use; `None` for as many as the machine has.
    pub threads: Option<usize>,
    /// How large functions may be, and how long compiling may take. The limits decide whether there
    /// is an artifact, and do not change it.
    pub limits: CompileLimits,
    /// Whether the code generator checks its own intermediate form.
    pub verify_ir: bool,
    /// Whether functions are put in place of calls of them.
    pub inlining: Inlining,
    /// Whether the artifact maps code to places of the Wasm binary, so that backtraces have
    /// offsets.
    pub address_map: bool,
    /// Whether the artifact has the debugging information of the module, so that backtraces have
    /// places in the source.
    pub debug_sections: bool,
    /// A version that the program gives its artifacts, beside those of their format and of the
    /// run-time ABI: see [`producer`](Self::producer).
    pub version: Option<String>,
    /// Whether functions keep in their frames what native debuggers find variables of the source
    /// by, as far as the module's debugging information says. Without it, the code is as if there
    /// was none.
    pub native_variables: bool,
}

impl CompileRequest {
    /// A request for this host with default settings.
    pub fn new() -> Self {
        Self {
            tunables: Tunables::new(),
            features: WasmFeatures::default(),
            target: None,
            flags: Vec::new(),
            target_features: Vec::new(),
            function_hooks: Vec::new(),
            operator_cost: None,
            profile: None,
            parallel: true,
            threads: None,
            limits: CompileLimits::new(),
            verify_ir: false,
            inlining: Inlining::Yes,
            address_map: true,
            debug_sections: false,
            version: None,
            native_variables: false,
        }
    }

    /// What an artifact is to say about what has made it, if it is to have a version of the
    /// program's own.
    pub fn producer(&self) -> Option<String> {
        self.version.as_ref().map(|version| format!("{OWN_VERSION}{version}"))
    }
}

/// What is before the version in an artifact that has one of the program's own.
pub(super) const OWN_VERSION: &str = "version ";

impl Default for CompileRequest {
    fn default() -> Self {
        Self::new()
    }
}

static PROVIDED: OnceLock<fn() -> Arc<dyn Compiler>> = OnceLock::new();

/// The compiler that a crate of the program provides.
pub(crate) fn provided() -> Option<Arc<dyn Compiler>> {
    PROVIDED.get().map(|make| make())
}

/// Registers a compiler: what [`provide_compiler!`](crate::provide_compiler) expands to. The first
/// one stays.
#[doc(hidden)]
pub fn __provide(make: fn() -> Arc<dyn Compiler>) {
    let _ = PROVIDED.set(make);
}

/// Makes a compiler the default of every engine in the program, from before `main`.
///
/// Takes the name of a function `fn() -> Arc<dyn Compiler>`. Linking the crate that has this line
/// is enough. If several crates have one, the first to be initialised stays.
///
/// ```
/// use std::sync::Arc;
/// use wasm_store::{CompileRequest, Compiler, Result, WasmFeatures};
///
/// #[derive(Debug)]
/// struct Refusing;
///
/// // SAFETY: it makes no code.
/// unsafe impl Compiler for Refusing {
///     fn compile(&self, _: &[u8], _: &CompileRequest) -> Result<Vec<u8>> {
///         wasm_store::bail!("no code today")
///     }
///     fn validate(&self, _: &[u8], _: WasmFeatures) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// fn refusing() -> Arc<dyn Compiler> {
///     Arc::new(Refusing)
/// }
///
/// wasm_store::provide_compiler!(refusing);
///
/// # fn main() {
/// let engine = wasm_store::Engine::default();
/// let error = wasm_store::Module::new(&engine, b"\0asm\x01\0\0\0").unwrap_err();
/// assert!(format!("{error:#}").contains("no code today"));
/// # }
/// ```
#[macro_export]
macro_rules! provide_compiler {
    ($make:path) => {
        const _: () = {
            extern "C" fn provide() {
                $crate::compiler::__provide($make);
            }

            // The dynamic loader calls what is listed in this section before `main`.
            #[used]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
            #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
            static PROVIDE: extern "C" fn() = provide;
        };
    };
}
