//! The part of a store that does not depend on the type of its data.

use std::ptr::NonNull;
use std::sync::Arc;

use super::StoreId;
use super::attachments::Attachments;
#[cfg(feature = "debug")]
use crate::debug::Breakpoints;
use crate::engine::Engine;
use crate::error::Result;
use crate::items::{BoundSet, Definition, HostFunc, Module};
use crate::store::{DEFAULT_INSTANCE_LIMIT, DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT};
use crate::vm::{Counted, VmEngine, VmInstance, VmStore};
use crate::watch::call_hook::Watched;

/// An instance of a store.
pub(crate) struct InstanceEntry {
    pub(crate) vm: NonNull<VmInstance>,
    pub(crate) module: Module,
}

/// The limits of a store, and how much of them is in use.
pub(crate) struct Limits {
    instances: Count,
    tables: Count,
    memories: Count,
    /// What counts against the engine's limit of tables.
    pooled: Option<Counted>,
}

struct Count {
    what: &'static str,
    count: usize,
    limit: usize,
}

impl Count {
    fn add(&mut self, more: usize) -> Result<()> {
        let count = self.count.saturating_add(more);
        crate::ensure!(
            count <= self.limit,
            "resource limit exceeded: {} count too high at {count}, the limit is {}",
            self.what,
            self.limit
        );
        self.count = count;
        Ok(())
    }
}

impl Limits {
    fn new() -> Self {
        let count = |what, limit| Count { what, count: 0, limit };
        Self {
            instances: count("instance", DEFAULT_INSTANCE_LIMIT),
            tables: count("table", DEFAULT_TABLE_LIMIT),
            memories: count("memory", DEFAULT_MEMORY_LIMIT),
            pooled: None,
        }
    }

    /// Counts tables, of the store and of the engine.
    fn add_tables(&mut self, engine: &Arc<VmEngine>, more: usize) -> Result<()> {
        let before = self.tables.count;
        self.tables.add(more)?;
        if more == 0 {
            return Ok(());
        }
        match engine.count_tables(more) {
            Ok(None) => {}
            Ok(Some(counted)) => match &mut self.pooled {
                Some(pooled) => pooled.add(counted),
                None => self.pooled = Some(counted),
            },
            Err(error) => {
                self.tables.count = before;
                return Err(error);
            }
        }
        Ok(())
    }

    pub(crate) fn set(&mut self, instances: usize, tables: usize, memories: usize) {
        self.instances.limit = instances;
        self.tables.limit = tables;
        self.memories.limit = memories;
    }

    /// Counts a memory that the host makes.
    pub(crate) fn add_memory(&mut self) -> Result<()> {
        self.memories.add(1)
    }
}

/// The things that a store keeps alive because instances refer to them by address.
pub(crate) enum Kept {
    /// A host function made in the store.
    Host(
        #[cfg_attr(not(feature = "call-hook"), allow(dead_code, reason = "is only kept"))] HostFunc,
    ),
    /// The imports of an instance, the host functions of a linker among them.
    Items(Arc<[Definition]>),
    /// Host functions with a context.
    Bound(
        #[cfg_attr(not(feature = "call-hook"), allow(dead_code, reason = "is only kept"))]
        Arc<BoundSet>,
    ),
}

/// A store without its data.
#[doc(hidden)]
pub struct StoreOpaque {
    id: StoreId,
    /// The first of the fields that hold resources, so that it is dropped before the modules whose
    /// code it refers to.
    pub(crate) vm: VmStore,
    /// The instances, in the order in which they were made. Handles hold their number.
    pub(crate) instances: Vec<InstanceEntry>,
    /// The modules that code of this store may come from, for backtraces. Also those of instances
    /// that failed half-way.
    pub(crate) modules: Vec<Module>,
    /// The things that the store refers to by address.
    keep_alive: Vec<Kept>,
    pub(crate) limits: Limits,
    /// Which calls hooks observe.
    pub(crate) watched: Watched,
    /// State that crates above keep here.
    pub(super) attachments: Attachments,
    /// Where code stops for a debugger.
    #[cfg(feature = "debug")]
    pub(crate) breakpoints: Breakpoints,
    #[cfg(feature = "component")]
    pub(super) component_limits: super::ComponentLimits,
    /// The instances of components, if there is a pool.
    #[cfg(feature = "component")]
    component_instances: Option<Counted>,
    /// Whether the calls have to be such that may wait.
    #[cfg(feature = "async")]
    pub(super) requires_async: bool,
    engine: Engine,
}

// SAFETY: the instances belong to the store, and are used only through a borrow of it.
#[allow(unsafe_code, reason = "the list of instances holds pointers")]
unsafe impl Send for StoreOpaque {}
// SAFETY: as above; a shared borrow only reads.
#[allow(unsafe_code, reason = "the list of instances holds pointers")]
unsafe impl Sync for StoreOpaque {}

impl StoreOpaque {
    pub(super) fn new(engine: &Engine) -> Self {
        let id = StoreId::next();
        Self {
            id,
            vm: VmStore::new(engine.vm().clone()),
            instances: Vec::new(),
            modules: Vec::new(),
            keep_alive: Vec::new(),
            limits: Limits::new(),
            watched: Watched::new(id),
            attachments: Attachments::default(),
            #[cfg(feature = "debug")]
            breakpoints: Breakpoints::default(),
            #[cfg(feature = "component")]
            component_limits: super::ComponentLimits::DEFAULT,
            #[cfg(feature = "component")]
            component_instances: None,
            #[cfg(feature = "async")]
            requires_async: false,
            engine: engine.clone(),
        }
    }

    #[inline(always)]
    pub(crate) fn id(&self) -> StoreId {
        self.id
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Counts an instance with the tables and memories that it defines.
    pub(crate) fn count_instance(&mut self, tables: usize, memories: usize) -> Result<()> {
        self.limits.instances.add(1)?;
        self.limits.add_tables(self.engine.vm(), tables)?;
        self.limits.memories.add(memories)
    }

    /// Counts a table that the host makes.
    pub(crate) fn count_table(&mut self) -> Result<()> {
        self.limits.add_tables(self.engine.vm(), 1)
    }

    /// Counts an instance of a component, until the store is dropped.
    #[cfg(feature = "component")]
    pub(super) fn count_component_instance(&mut self) {
        let Some(counted) = self.engine.vm().count_component_instance() else { return };
        match &mut self.component_instances {
            Some(all) => all.add(counted),
            None => self.component_instances = Some(counted),
        }
    }

    /// Keeps what instances refer to until the store is dropped.
    pub(crate) fn keep_alive(&mut self, value: Kept) {
        // A caller that instantiates one module again and again has its items kept already.
        let known = match (&value, self.keep_alive.last()) {
            (Kept::Items(new), Some(Kept::Items(last))) => Arc::ptr_eq(new, last),
            _ => false,
        };
        if !known {
            self.keep_alive.push(value);
        }
    }

    /// The things that are kept until the store is dropped.
    #[cfg(feature = "call-hook")]
    pub(crate) fn kept_alive(&self) -> &[Kept] {
        &self.keep_alive
    }

    /// Remembers that code of a module may run in this store.
    pub(crate) fn add_module(&mut self, module: &Module) {
        if !self.modules.iter().rev().any(|known| Module::same(known, module)) {
            self.modules.push(module.clone());
        }
    }
}
