//! Snapshots: the state of instances at rest.

#![allow(unsafe_code)]

mod builder;
mod fork;
mod gate;
mod host_state;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

pub use builder::{Outside, SnapshotBuilder};
pub use fork::ForkPre;
pub use host_state::HostState;
use host_state::SavedHost;

use crate::engine::Engine;
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::{Instance, Module, check_open};
use crate::store::{AsContextMut, StoreContextMut, StoreId, StoreOpaque};
use crate::vm::{Plan, VmState};
use wasm_types::ModuleState;

/// The state of an instance, or of several that are linked, while none of their functions runs.
///
/// It holds what calls can change: memories and tables with their sizes, globals, which segments
/// were dropped, and the host's own state if it implements [`HostState`]. It can be restored
/// ([`Snapshot::restore`]), and new instances can be made that start from it, in other stores and
/// on other threads ([`Snapshot::fork`]). A snapshot is a handle that is cheap to clone. It
/// outlives its store.
///
/// # What it costs
///
/// The first snapshot of a memory copies its content to a sealed file in memory. The memory itself
/// then maps that file copy-on-write. Later snapshots copy the pages that were written since. When
/// these are more than an eighth of the memory, and more than 512, the next snapshot copies
/// everything. Restoring touches the pages that were written since the copy. A fork maps the file;
/// memories share its pages until they write to them. Each copy takes a file descriptor and a
/// mapping, until the last snapshot and the last memory that use it are gone. Tables and globals
/// are copied each time, 8 bytes for each element and 16 for each global.
///
/// # Memories and references from outside
///
/// Instances of the set may import memories, tables and mutable globals of each other. To import
/// those of other instances is an error, unless [`SnapshotBuilder::outside`] says to include them
/// or to leave them out. References to functions that no instance of the set defines or imports,
/// and to values of the host ([`ExternRef`](crate::ExternRef)), are kept as they are. Restoring
/// brings them back. Forking with them is an error, except for values that
/// [`HostState::copy_extern`] copies.
///
/// # Objects on the heap
///
/// Structures, arrays and exceptions that the instances refer to are part of the snapshot with what
/// they hold, and so is what they refer to in turn. The snapshot keeps them alive. Restoring gives
/// them back what they held: they stay the same objects to everybody who refers to them, such as an
/// instance that is not in the set, or the host. Objects made since stay as they are. A fork gets
/// copies.
///
/// ```
/// use wasm_store::{Engine, Memory, MemoryType, Snapshot, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// memory.write(&mut store, 0, b"before")?;
/// let snapshot = Snapshot::of_store(&mut store)?;
/// memory.write(&mut store, 0, b"after!")?;
/// memory.grow(&mut store, 2)?;
/// snapshot.restore(&mut store)?;
/// assert_eq!(&memory.data(&store)[..6], b"before");
/// assert_eq!(memory.size(&store), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Snapshot {
    inner: Arc<Inner>,
}

struct Inner {
    store: StoreId,
    engine: Engine,
    /// The instances as they were given, each with its number in the state.
    instances: Box<[(Instance, usize)]>,
    /// The modules of the state's instances, which keep alive what the state refers to. `None` is
    /// for an instance that failed half-way.
    modules: Box<[Option<Module>]>,
    state: VmState,
    host: Option<SavedHost>,
    /// Copies of the host's values that the state refers to, by the places of their objects in the
    /// image of the heap.
    externs: BTreeMap<usize, Box<dyn Any + Send + Sync>>,
    plan: OnceLock<Plan>,
}

impl Snapshot {
    /// Takes a snapshot of instances of one store.
    ///
    /// # Errors
    ///
    /// If an instance is of another store, Wasm code of the store is running, an instance imports a
    /// memory, table or mutable global that no instance of the list defines, an instance or memory
    /// has lost its state (see [`Snapshot::restore`]), the store has attachments, which can't be
    /// copied ([`Store::attachment`](crate::Store::attachment): instances of components need some),
    /// or the machine has no room.
    pub fn take(store: impl AsContextMut, instances: &[Instance]) -> Result<Snapshot> {
        Self::builder().instances(instances).take(store)
    }

    /// Takes a snapshot of all instances of a store, and of the memories, tables and globals that
    /// the host has made in it.
    ///
    /// # Errors
    ///
    /// If Wasm code of the store is running, an instance or memory has lost its state (see
    /// [`Snapshot::restore`]), the store has attachments
    /// ([`Store::attachment`](crate::Store::attachment)), or the machine has no room.
    pub fn of_store(store: impl AsContextMut) -> Result<Snapshot> {
        Self::builder().take(store)
    }

    /// A builder, with more choices of what the snapshot contains.
    pub fn builder() -> SnapshotBuilder {
        SnapshotBuilder::new()
    }

    /// The instances in the snapshot, in the order in which they were given. For a snapshot of a
    /// store, in the order in which they were made. [`Snapshot::fork`] returns the new ones in this
    /// order.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = Instance> + '_ {
        self.inner.instances.iter().map(|(instance, _)| *instance)
    }

    /// The modules of the instances, in the same order.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.inner.instances.iter().filter_map(|(_, number)| self.inner.modules[*number].as_ref())
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The sum of the sizes of all memories, in bytes.
    pub fn memory_size(&self) -> usize {
        self.inner.state.memories.iter().map(|memory| memory.contents.len()).sum()
    }

    /// Sets everything in the snapshot back to what it was when the snapshot was taken: memories
    /// and tables with their sizes, globals, dropped segments, and the host's state if it was taken
    /// too. What was made since stays, but nothing in the snapshot refers to it any more.
    ///
    /// The store's limiter is not queried, since memories and tables were as large before. What is
    /// brought back counts: beyond [a limit for all
    /// together](crate::ResourceLimiter::total_memory_size), nothing grows. Handles stay valid, and
    /// so do references to what was made since.
    ///
    /// A table or memory may become smaller than an instance that was made since needs for its
    /// import. That instance can't run any more: calls of its functions are errors until its
    /// imports are as large again, by growing or by restoring another snapshot. Code that grows
    /// them and goes on may have to return to the host before it can call the instance. Nothing
    /// else changes for the instance.
    ///
    /// # Errors
    ///
    /// If the snapshot is of another store, Wasm code of the store is running, there is no room for
    /// tables, or the host's part fails. In all these cases nothing has changed.
    ///
    /// If the machine has no room for memories. In this case all memories of the snapshot are
    /// empty. Calls of functions of its instances, and of all others that have one of these
    /// memories, are errors until a snapshot of these memories is restored that was taken before.
    pub fn restore<T: 'static>(&self, mut store: impl AsContextMut<Data = T>) -> Result<()> {
        let store = store.as_context_mut();
        crate::ensure!(
            store.0.admits(&self.inner.store),
            "the snapshot is of another store: restore it there, or make new instances with \
             `Snapshot::fork`"
        );
        check_rest(store.0, "restored")?;
        // SAFETY: the state is of this store, which is at rest and borrowed exclusively.
        unsafe { self.inner.state.make_room(&mut store.0.vm)? };
        if let Some(host) = &self.inner.host {
            host.restore(store.0.data_mut()).context("the state of the host can't be restored")?;
        }
        // SAFETY: the state is of this store, which is at rest and borrowed exclusively.
        unsafe { self.inner.state.put_back(&mut store.0.vm) }
    }

    /// Makes new instances that start where the snapshot was taken, in another store or in the same
    /// one. Start functions are not called. The instances share pages of memory with each other as
    /// long as they do not write to them.
    ///
    /// What the instances of the set import from each other, the new ones import from each other.
    /// What they import from outside, mostly functions of the host, comes from the linker. To look
    /// names up once for many forks, use [`Snapshot::fork_pre`].
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::fork_pre`] and [`ForkPre::fork`].
    pub fn fork<T: 'static>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        linker: &crate::Linker<T>,
    ) -> Result<Vec<Instance>> {
        let mut store: StoreContextMut<'_, T> = store.as_context_mut();
        let pre = ForkPre::new(self, linker, Some(store.0))?;
        pre.fork(&mut store)
    }

    /// Looks up and checks what new instances will import from outside, to fork many times.
    ///
    /// # Errors
    ///
    /// If the linker is of another engine, or has no item for an import, or one of another type. If
    /// the snapshot has an instance that can't run because its imports are too small (see
    /// [`Snapshot::restore`]). If it refers to a function that no instance of it defines or
    /// imports, or to a value of the host that has no copy.
    pub fn fork_pre<T: 'static>(&self, linker: &crate::Linker<T>) -> Result<ForkPre<T>> {
        ForkPre::new(self, linker, None)
    }

    /// The state of one of the instances as plain data, in terms of the indices of its module. This
    /// is for tools that write modules or artifacts. Memories, tables and globals that are imported
    /// are part of it if they are part of the snapshot.
    ///
    /// # Errors
    ///
    /// If the snapshot is not of the instance. If the host may not read the internals of its module
    /// ([`Internals::Sealed`](crate::Internals)). If a table or global refers to a value of the
    /// host, or to a function that the module neither defines nor imports.
    pub fn state(&self, instance: Instance) -> Result<ModuleState> {
        self.admit(&instance)?;
        let found = self.inner.instances.iter().find(|(other, _)| *other == instance);
        let Some((_, number)) = found else { crate::bail!("the snapshot is not of this instance") };
        if let Some(module) = &self.inner.modules[*number] {
            check_open(module)?;
        }
        self.inner.state.module_state(*number)
    }

    /// The store that it was taken in, which may have been dropped.
    pub(crate) fn store_id(&self) -> StoreId {
        self.inner.store
    }

    /// The state in terms that are valid in other stores. Made when it is first needed.
    fn plan(&self) -> Result<&Plan> {
        if let Some(plan) = self.inner.plan.get() {
            return Ok(plan);
        }
        let plan = Plan::new(&self.inner.state)?;
        Ok(self.inner.plan.get_or_init(|| plan))
    }
}

/// Checks that no code of a store is running.
fn check_rest(store: &StoreOpaque, what: &str) -> Result<()> {
    crate::ensure!(
        store.vm.is_at_rest(),
        "a snapshot can't be {what} while WebAssembly of its store is running: return from the host \
         function first, with an error if the call is to end"
    );
    Ok(())
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("instances", &self.inner.instances.len())
            .field("memory_size", &self.memory_size())
            .finish_non_exhaustive()
    }
}
