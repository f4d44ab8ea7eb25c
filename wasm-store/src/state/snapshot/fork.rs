//! New instances made from a snapshot.

#![allow(unsafe_code)]

#[cfg(feature = "async")]
mod waiting;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::{GcHeapOutOfMemory, Result};
use crate::gate::Gate;
use crate::items::{Definition, Instance, check_import};
use crate::linker::Linker;
use crate::state::Snapshot;
use crate::store::{
    AsContextMut, CollectionsPutOff, InstanceEntry, Kept, StoreContextMut, StoreInner, StoreOpaque,
};
use crate::vm::{HostValue, NoRoom, Room, Source, VmImport, Wanted, host_value_bytes, table_bytes};
use crate::watch::call_hook;

/// A snapshot with everything looked up that new instances will import from outside, to be forked
/// many times: see [`Snapshot::fork_pre`]. It can be sent to other threads and be used by several.
pub struct ForkPre<T> {
    snapshot: Snapshot,
    /// The items that are imported from outside, instance by instance.
    items: Arc<[Definition]>,
    /// How many of them each instance imports.
    counts: Box<[usize]>,
    /// As for a linker.
    _data: PhantomData<fn(T) -> T>,
}

impl<T: 'static> ForkPre<T> {
    pub(super) fn new(
        snapshot: &Snapshot,
        linker: &Linker<T>,
        store: Option<&StoreOpaque>,
    ) -> Result<Self> {
        let inner = &*snapshot.inner;
        linker.admit(snapshot)?;
        snapshot.plan()?;
        let mut values = inner.state.held.host_values();
        if let Some(place) = values.find(|place| !inner.externs.contains_key(place)) {
            let number = place + 1;
            crate::bail!(
                "the snapshot refers to a value of the host (`externref` number {number}) that has no copy: \
                 take it with `SnapshotBuilder::take_with_host`, and implement `HostState::copy_extern`"
            );
        }
        let mut items = Vec::new();
        let mut counts = Vec::with_capacity(inner.modules.len());
        for (number, module) in inner.modules.iter().enumerate() {
            let Some(module) = module else {
                crate::bail!(
                    "the store of the snapshot has an instance whose making failed: name the instances to \
                     fork with `SnapshotBuilder::instances`"
                );
            };
            let before = items.len();
            let wanted = module.wanted()?;
            let sources = &inner.state.instances[number].imports;
            for (place, (import, source)) in module.imports().zip(sources).enumerate() {
                if *source != Source::Outside {
                    continue;
                }
                let item = linker.definition_for(&import, store)?;
                check_import(module, place, &wanted[place], &item.provided())?;
                items.push(item);
            }
            counts.push(items.len() - before);
        }
        let snapshot = snapshot.clone();
        Ok(Self { snapshot, items: items.into(), counts: counts.into(), _data: PhantomData })
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Makes new instances that start where the snapshot was taken, in the order of
    /// [`Snapshot::instances`].
    ///
    /// # Errors
    ///
    /// If the store is of another engine. If an item of the linker is of another store, or is a
    /// table or memory that is now smaller than an instance needs. If the store's limits do not
    /// allow so many instances or so much memory. If the snapshot has state of a host, and the
    /// store's data are of another type or fail to restore it. If the machine has no room.
    pub fn fork(&self, mut store: impl AsContextMut<Data = T>) -> Result<Vec<Instance>> {
        let store = store.as_context_mut();
        // The objects that the new instances refer to are known to nobody until these are there.
        let mut put_off = CollectionsPutOff::new(store.0);
        let store = StoreContextMut(put_off.store());
        let inner = &*self.snapshot.inner;
        // This covers all modules and items of the snapshot.
        store.0.admit(&self.snapshot)?;
        let imports = self.bind(store.0)?;
        // Items that were looked up before may have become smaller since then. SAFETY: they are of
        // this store, which is borrowed exclusively.
        unsafe { inner.state.check_outside_sizes(&imports)? };
        let room = self.reserve(store.0)?;
        if let Some(host) = &inner.host {
            host.restore(store.0.data_mut())?;
        }
        let plan = self.snapshot.plan()?;
        let mut values = self.copy_externs(store.0, room)?;
        let held = &inner.state.held;
        // SAFETY: the snapshot is of this engine, and collections are put off.
        let placed = unsafe { store.0.vm.place(&held.image, held.forked, &mut values) };
        let placed = placed.map_err(|error| {
            forget(store.0, &values);
            match error {
                NoRoom::Full(bytes) => GcHeapOutOfMemory::new((), bytes).into(),
                NoRoom::Failed(error) => error,
            }
        })?;
        store.0.keep_alive(Kept::Items(Arc::clone(&self.items)));
        #[cfg(feature = "async")]
        if self.items.iter().any(Definition::waits) {
            store.0.require_async();
        }
        inner.modules.iter().flatten().for_each(|module| store.0.add_module(module));
        // SAFETY: the plan is that of the state. The items were checked to fit and to be of this
        // store. Host functions among them are made for data of its type, and are kept alive.
        let made = unsafe { store.0.vm.fork(&inner.state, plan, &imports, &placed) };
        call_hook::bind_new(store.0);
        let made = made?;
        let mut instances = Vec::with_capacity(made.len());
        for (mut vm, module) in made.into_iter().zip(inner.modules.iter().flatten()) {
            store.0.instances.push(InstanceEntry { vm, module: module.clone() });
            let number = store.0.instances.len();
            // SAFETY: just made, and not used by anything else now.
            unsafe { vm.as_mut().set_user_data(number) };
            instances.extend(Instance::from_user_data(store.0, number));
        }
        Ok(inner.instances.iter().map(|(_, number)| instances[*number]).collect())
    }

    fn bind(&self, store: &StoreOpaque) -> Result<Vec<Vec<VmImport>>> {
        let mut items = self.items.iter();
        let mut of_one = |count: &usize| -> Result<Vec<_>> {
            items.by_ref().take(*count).map(|item| item.bind(store)).collect()
        };
        self.counts.iter().map(&mut of_one).collect()
    }

    /// Counts what the instances need against the store's limits.
    fn reserve(&self, store: &mut StoreInner<T>) -> Result<Room> {
        let state = &self.snapshot.inner.state;
        let (store, host) = store.opaque_and_host();
        for instance in &state.instances {
            store.count_instance(instance.tables.len(), instance.memories.len())?;
        }
        // Each fork also has its own of the tables and memories that none of the instances defines.
        let owned = state.instances.last().map_or((0, 0), |it| (it.tables.end, it.memories.end));
        for _ in owned.0..state.tables.len() {
            store.count_table()?;
        }
        for _ in owned.1..state.memories.len() {
            store.limits.add_memory()?;
        }
        let clamp = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let mut room = store.vm.room();
        for memory in &state.memories {
            let bytes = |pages| clamp(memory.ty.bytes_of(pages).unwrap_or(u64::MAX));
            let maximum = memory.ty.maximum.map(bytes);
            let len = memory.contents.len();
            if !host.memory_growing(0, len, maximum)? {
                let why = host.refusal();
                crate::bail!(
                    "a memory of the snapshot, of {len} bytes, exceeds memory limits: {why}"
                );
            }
            room.take(len, Wanted::Memory)?;
        }
        for table in &state.tables {
            let len = table.slots.len();
            if !host.table_growing(0, len, table.ty.maximum.map(clamp))? {
                let why = host.refusal();
                crate::bail!(
                    "a table of the snapshot, of {len} elements, exceeds table limits: {why}"
                );
            }
            room.take(table_bytes(len as u64), Wanted::Table)?;
        }
        // The limiter is asked when the heap grows.
        room.take(state.held.image.size(state.held.forked) as usize, Wanted::Heap)?;
        Ok(room)
    }

    /// Copies of the host's values, which the store counts, by the places of their objects in the
    /// image of the heap.
    fn copy_externs(
        &self,
        store: &mut StoreOpaque,
        mut room: Room,
    ) -> Result<BTreeMap<usize, HostValue>> {
        let inner = &*self.snapshot.inner;
        let mut copies = BTreeMap::new();
        for (place, value) in &inner.externs {
            let copy = match inner.host.as_ref().and_then(|host| host.copy_extern(&**value)) {
                Some(copy) => {
                    let bytes = host_value_bytes(&*copy);
                    // What was reserved above is not made yet, so the store does not count it yet.
                    let counted = room.take(bytes, Wanted::HostValue);
                    counted.and_then(|()| store.vm.count_host_value(bytes)).map(|()| copy)
                }
                None => Err(crate::format_err!(
                    "`HostState::copy_extern` does not copy what it has copied before"
                )),
            };
            match copy {
                Ok(copy) => copies.insert(*place, copy),
                Err(error) => {
                    forget(store, &copies);
                    return Err(error);
                }
            };
        }
        Ok(copies)
    }
}

/// The store does not get these values.
fn forget(store: &mut StoreOpaque, values: &BTreeMap<usize, HostValue>) {
    let bytes = values.values().map(|value| host_value_bytes(&**value)).sum();
    store.vm.forget_host_values(bytes);
}

impl<T> Clone for ForkPre<T> {
    fn clone(&self) -> Self {
        Self {
            snapshot: self.snapshot.clone(),
            items: Arc::clone(&self.items),
            counts: self.counts.clone(),
            _data: PhantomData,
        }
    }
}

impl<T> fmt::Debug for ForkPre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkPre").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}
