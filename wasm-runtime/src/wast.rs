//! Scripts in the format of the specification's test suite (`.wast`): modules with assertions
//! about them.
//!
//! A [`Runner`] runs the directives of a script one after the other. They apply to the modules
//! before them. Scripts can import the host module `spectest`. The caller decides how a module's
//! bytes become a [`Module`] ([`Runner::load_modules_with`]), so the same script can also test
//! modules that went through an artifact.
//!
//! ```
//! use wasm_runtime::{Engine, wast::Runner};
//!
//! let script = r#"
//!     (module (func (export "add") (param i32 i32) (result i32)
//!         (i32.add (local.get 0) (local.get 1))))
//!     (assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const 5))
//! "#;
//! let summary = Runner::new(&Engine::default())?.run("add.wast", script)?;
//! assert_eq!(summary.passed(), 2);
//! # Ok::<(), wasm_runtime::Error>(())
//! ```

#[cfg(feature = "component")]
mod component;
mod directive;
mod error;
mod functions;
mod host;
mod modules;
mod outcome;
mod sources;
mod summary;
mod threads;
mod value;

use std::sync::{Arc, Mutex, PoisonError};

use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};

pub use error::WastError;
pub use summary::{Skipped, Summary};

#[cfg(feature = "component")]
use crate::component::Component;
use crate::{Engine, Error, Module, Result, Store};
#[cfg(feature = "component")]
use component::Components;
use modules::Modules;
use threads::Script;

/// Makes a module from the bytes of a binary module.
type Load = dyn FnMut(&Engine, &[u8]) -> Result<Module> + Send;

/// Makes a component from the bytes of a binary component.
#[cfg(feature = "component")]
type LoadComponent = dyn FnMut(&Engine, &[u8]) -> Result<Component> + Send;

/// Whether a module was refused because it needs something that is known to be missing.
type Missing = dyn FnMut(&Error) -> bool + Send;

/// Runs `.wast` scripts.
///
/// All scripts of a runner share a store, and the names under which modules were registered.
pub struct Runner {
    store: Store<()>,
    modules: Modules,
    #[cfg(feature = "component")]
    components: Components,
    shared: Arc<Shared>,
}

/// What threads of a script have together.
struct Shared {
    load: Mutex<Box<Load>>,
    #[cfg(feature = "component")]
    load_component: Mutex<Box<LoadComponent>>,
    missing: Mutex<Box<Missing>>,
}

impl Runner {
    /// A runner with a store of its own, in which the module `spectest` is defined.
    ///
    /// # Errors
    ///
    /// If the store can't hold the memories and tables of `spectest`.
    pub fn new(engine: &Engine) -> Result<Self> {
        let shared = Arc::new(Shared {
            load: Mutex::new(Box::new(Module::from_binary)),
            #[cfg(feature = "component")]
            load_component: Mutex::new(Box::new(Component::from_binary)),
            missing: Mutex::new(Box::new(|_| false)),
        });
        Self::with_shared(engine, shared)
    }

    fn with_shared(engine: &Engine, shared: Arc<Shared>) -> Result<Self> {
        let mut store = Store::new(engine, ());
        let linker = host::spectest(&mut store)?;
        Ok(Self {
            store,
            modules: Modules::new(linker),
            #[cfg(feature = "component")]
            components: Components::new(engine)?,
            shared,
        })
    }

    /// A runner for a thread of this one's script: with another store, and nothing in it.
    fn beside(&self) -> Result<Self> {
        Self::with_shared(self.store.engine(), Arc::clone(&self.shared))
    }

    /// Makes modules with the given function instead of [`Module::from_binary`].
    ///
    /// The function also gets modules that must be refused. If it returns an error for them, the
    /// script does not fail.
    pub fn load_modules_with(
        &mut self,
        load: impl FnMut(&Engine, &[u8]) -> Result<Module> + Send + 'static,
    ) -> &mut Self {
        *lock(&self.shared.load) = Box::new(load);
        self
    }

    /// Makes components with the given function instead of [`Component::from_binary`]; else as
    /// [`load_modules_with`](Self::load_modules_with).
    #[cfg(feature = "component")]
    pub fn load_components_with(
        &mut self,
        load: impl FnMut(&Engine, &[u8]) -> Result<Component> + Send + 'static,
    ) -> &mut Self {
        *lock(&self.shared.load_component) = Box::new(load);
        self
    }

    /// Skips directives that depend on a module that was refused because of a missing proposal. The
    /// function returns whether an error means this. By default such modules fail the script.
    ///
    /// The [`Summary`] lists what was skipped.
    pub fn skip_if_refused(
        &mut self,
        missing: impl FnMut(&Error) -> bool + Send + 'static,
    ) -> &mut Self {
        *lock(&self.shared.missing) = Box::new(missing);
        self
    }

    /// Runs the script up to the first directive that fails. `name` is the file's name in errors.
    ///
    /// This returns when the threads that the script has started have ended: a script whose threads
    /// wait for ever does not end.
    ///
    /// # Errors
    ///
    /// [`WastError`] for that directive, with its position, or if the script itself can't be read.
    pub fn run(&mut self, name: &str, script: &str) -> Result<Summary, WastError> {
        self.all(Script { name, text: script, to_end: false })
    }

    /// Runs the whole script, even after a directive has failed. [`Summary::failures`] lists those.
    ///
    /// # Errors
    ///
    /// [`WastError`] if the script itself can't be read.
    pub fn run_to_end(&mut self, name: &str, script: &str) -> Result<Summary, WastError> {
        self.all(Script { name, text: script, to_end: true })
    }

    fn all(&mut self, script: Script<'_>) -> Result<Summary, WastError> {
        let mut lexer = Lexer::new(script.text);
        // The suite tests identifiers and strings with characters from all of Unicode.
        lexer.allow_confusing_unicode(true);
        let parse_error = |error| WastError::in_text(script.name, script.text, error);
        let buffer = ParseBuffer::new_with_lexer(lexer).map_err(parse_error)?;
        let wast = parser::parse::<Wast<'_>>(&buffer).map_err(parse_error)?;
        std::thread::scope(|scope| self.directives(script, wast.directives, scope))
    }
}

/// A closure of the caller's. One that has panicked can be called again.
fn lock<F: ?Sized>(closure: &Mutex<Box<F>>) -> std::sync::MutexGuard<'_, Box<F>> {
    closure.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").finish_non_exhaustive()
    }
}
