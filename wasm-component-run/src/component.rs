//! Components: compiled, and ready to be instantiated.

mod deserialize;
mod exports;
mod image;
mod program;
mod signature;
#[cfg(feature = "sign")]
mod verified;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use wasm_component::{Plan, Types};
use wasm_store::{Bundle, Engine, Module, Result};

pub use exports::{ComponentExportIndex, ExportLookup};
pub(crate) use exports::{ExportItem, Exports, LiftedFunc};
pub(crate) use program::{Def, NamedArg, Program, ResourceSource, Step, TrampolineType};
pub(crate) use signature::Signature;

use crate::types;
use crate::types::{ComponentItem, InstanceType};

/// A component that was compiled.
///
/// Copies are cheap and stand for the same component.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    /// Tells it from all other components of this process.
    id: u64,
    engine: Engine,
    bundle: Bundle,
    /// Whether it may have access to the host's memory.
    intrinsics: AtomicBool,
    /// Set when all types were looked at.
    checked: OnceLock<()>,
    /// Looked up when it is first needed.
    exports: OnceLock<Exports>,
    program: OnceLock<Program>,
}

impl Component {
    /// Compiles a component, and loads it: the bytes of one, or its text format where the engine's
    /// compiler takes that.
    ///
    /// # Errors
    ///
    /// If the bytes are not a valid component, or one that is not supported, or the engine has no
    /// compiler.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        Self::from_bundle(engine, Bundle::new(engine, bytes.as_ref())?)
    }

    /// Compiles the component in a file, and loads it: see [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new), and if the file can't be read.
    pub fn from_file(engine: &Engine, file: impl AsRef<Path>) -> Result<Component> {
        Self::from_bundle(engine, Bundle::from_file(engine, file.as_ref())?)
    }

    /// Compiles a component in the binary format, and loads it.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn from_binary(engine: &Engine, binary: &[u8]) -> Result<Component> {
        Self::from_bundle(engine, Bundle::from_binary(engine, binary)?)
    }

    pub(crate) fn from_bundle(engine: &Engine, bundle: Bundle) -> Result<Component> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Whether it is one of this version is known before anything is asked of it.
        Plan::parse(bundle.plan())?;
        Ok(Component(Arc::new(Inner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            engine: engine.clone(),
            bundle,
            intrinsics: AtomicBool::new(false),
            checked: OnceLock::new(),
            exports: OnceLock::new(),
            program: OnceLock::new(),
        })))
    }

    /// The artifact, to be kept and loaded later.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        self.0.bundle.serialize()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The core modules that it consists of, those that were made for calls between the components
    /// in it among them: what observers of their functions need. They are instantiated as the
    /// component says, so that they are of little use by themselves.
    pub fn modules(&self) -> &[Module] {
        self.0.bundle.modules()
    }

    /// Whether it may have access to the host's memory.
    pub(crate) fn allows_unsafe_intrinsics(&self) -> bool {
        self.0.intrinsics.load(Ordering::Relaxed)
    }

    /// What it imports and exports.
    pub fn component_type(&self) -> types::Component {
        types::Component::new(self, None)
    }

    /// An export of the component, or of an instance that it exports: what it is, and an index by
    /// which instances find it without its name.
    ///
    /// Where there is no export of exactly that name, one whose version is compatible stands for it
    /// (`wasi:cli/run@0.2.0` for `@0.2.9`).
    pub fn get_export(
        &self,
        instance: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<(ComponentItem, ComponentExportIndex)> {
        let index = self.get_export_index(instance, name)?;
        let item = self.exports().ok()?.item_type(self, &index)?;
        Some((item, index))
    }

    /// The index of an export: see [`get_export`](Self::get_export).
    pub fn get_export_index(
        &self,
        instance: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<ComponentExportIndex> {
        self.exports().ok()?.find(self, instance, name)
    }

    /// The artifact's parts.
    pub(crate) fn bundle(&self) -> &Bundle {
        &self.0.bundle
    }

    /// What tells it from all other components.
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    /// The plan.
    pub(crate) fn plan(&self) -> Result<Plan<'_>> {
        Ok(Plan::parse(self.0.bundle.plan())?)
    }

    /// The plan, after all types were looked at: what is found of them later has an answer to
    /// everything that is asked.
    pub(crate) fn checked_plan(&self) -> Result<Plan<'_>> {
        let plan = self.plan()?;
        if self.0.checked.get().is_none() {
            plan.check_types()?;
            let _ = self.0.checked.set(());
        }
        Ok(plan)
    }

    /// The types.
    pub(crate) fn types(&self) -> Result<Types<'_>> {
        Ok(self.plan()?.types())
    }

    /// The types, with resources of nobody.
    pub(crate) fn instance_type(&self) -> InstanceType<'_> {
        InstanceType::uninstantiated(self)
    }

    pub(crate) fn exports(&self) -> Result<&Exports> {
        // Two threads may both read them; then one result is dropped.
        match self.0.exports.get() {
            Some(exports) => Ok(exports),
            None => {
                let exports = Exports::new(self)?;
                Ok(self.0.exports.get_or_init(|| exports))
            }
        }
    }

    /// What an instantiation does.
    pub(crate) fn program(&self) -> Result<&Program> {
        match self.0.program.get() {
            Some(program) => Ok(program),
            None => {
                let program = Program::new(self)?;
                Ok(self.0.program.get_or_init(|| program))
            }
        }
    }
}

/// The artifact, for what is interested in the modules only.
impl AsRef<Bundle> for Component {
    fn as_ref(&self) -> &Bundle {
        self.bundle()
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("id", &self.0.id).finish_non_exhaustive()
    }
}
