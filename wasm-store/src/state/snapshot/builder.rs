//! Taking snapshots.

#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::host_state::SavedHost;
use super::{HostState, Inner, Snapshot, check_rest};
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::Instance;
use crate::store::{AsContextMut, StoreOpaque};
use crate::vm::{Plan, VmOutside};

/// What happens to a memory, table or mutable global that an instance of a snapshot imports and
/// that no instance of the snapshot defines: see [`SnapshotBuilder::outside`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Outside {
    /// Taking the snapshot is an error, which names the import.
    #[default]
    Refuse,
    /// It is not part of the snapshot. Restoring leaves it as it is; forks get one from their
    /// linker.
    LeaveOut,
    /// It is part of the snapshot. Restoring brings it back, and each fork has one of its own.
    Include,
}

/// The choices for a snapshot: see [`Snapshot::builder`].
#[derive(Clone, Debug, Default)]
pub struct SnapshotBuilder {
    instances: Option<Vec<Instance>>,
    outside: Outside,
    /// Whether it is for restoring in place only.
    transient: bool,
}

impl SnapshotBuilder {
    /// A builder for a snapshot of everything in a store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The instances in the snapshot, all of one store. Without this call, the snapshot has all
    /// instances of the store, and the memories, tables and globals of the host.
    pub fn instances(&mut self, instances: &[Instance]) -> &mut Self {
        self.instances = Some(instances.to_vec());
        self
    }

    /// What happens to memories, tables and mutable globals that are imported from outside of the
    /// set. Functions and immutable globals may always come from outside.
    ///
    /// Default: [`Outside::Refuse`].
    pub fn outside(&mut self, outside: Outside) -> &mut Self {
        self.outside = outside;
        self
    }

    /// For restoring in place only: references are not translated to terms that are valid in other
    /// stores.
    pub(crate) fn transient(&mut self) -> &mut Self {
        self.transient = true;
        self
    }

    /// Takes the snapshot, without the host's state.
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::take`].
    pub fn take(&self, mut store: impl AsContextMut) -> Result<Snapshot> {
        let store = store.as_context_mut();
        self.build(store.0, None)
    }

    /// Takes the snapshot, together with what the store's data save.
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::take`], and if the data can't be saved.
    pub fn take_with_host<T: HostState>(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Snapshot> {
        let store = store.as_context_mut();
        self.check(store.0)?;
        let host = SavedHost::save(store.0.data_mut());
        let host = host.context("the state of the host can't be saved")?;
        self.build(store.0, Some(host))
    }

    /// Checks what can be known before the host saves its state.
    fn check(&self, store: &StoreOpaque) -> Result<()> {
        check_rest(store, "taken")?;
        if let Some(name) = store.attachment_name() {
            crate::bail!(
                "the store has state attached to it that can't be part of a snapshot: `{name}` (see \
                 `Store::attachment`)"
            );
        }
        if let Some(instances) = &self.instances {
            crate::ensure!(!instances.is_empty(), "a snapshot is of at least one instance");
            instances.iter().try_for_each(|instance| store.admit(instance))?;
        }
        Ok(())
    }

    fn build(&self, store: &mut StoreOpaque, host: Option<SavedHost>) -> Result<Snapshot> {
        self.check(store)?;
        let (instances, modules, chosen) = match &self.instances {
            Some(given) => {
                // In the order in which they were made: none imports from a later one.
                let mut numbers: Vec<_> = given.iter().map(|it| it.number_in(store)).collect();
                numbers.sort_unstable();
                numbers.dedup();
                let place = |instance: &Instance| {
                    let number = instance.number_in(store);
                    (*instance, numbers.partition_point(|other| *other < number))
                };
                let instances: Box<[_]> = given.iter().map(place).collect();
                let entries = numbers.iter().map(|number| &store.instances[*number]);
                let modules = entries.clone().map(|entry| Some(entry.module.clone())).collect();
                (instances, modules, Some(entries.map(|entry| entry.vm).collect::<Vec<_>>()))
            }
            None => {
                let mut instances = Vec::new();
                let mut modules = Vec::new();
                for (place, vm) in store.vm.instances().iter().enumerate() {
                    // SAFETY: an instance lives as long as its store, which is borrowed.
                    let number = unsafe { vm.as_ref() }.user_data();
                    let instance = Instance::from_user_data(store, number);
                    modules.push(
                        instance.map(|it| store.instances[it.number_in(store)].module.clone()),
                    );
                    instances.extend(instance.map(|instance| (instance, place)));
                }
                (instances.into(), modules.into_boxed_slice(), None)
            }
        };
        let outside = match self.outside {
            Outside::Refuse => VmOutside::Refuse,
            Outside::LeaveOut => VmOutside::LeaveOut,
            Outside::Include => VmOutside::Include,
        };
        // SAFETY: the instances are of this store, which is at rest and borrowed exclusively.
        let state = unsafe { store.vm.take_state(chosen.as_deref(), outside, !self.transient)? };
        let mut snapshot = Inner {
            store: store.id(),
            engine: store.engine().clone(),
            instances,
            modules,
            state,
            host,
            externs: BTreeMap::new(),
            plan: OnceLock::new(),
        };
        snapshot.copy_externs(store);
        Ok(Snapshot { inner: Arc::new(snapshot) })
    }
}

impl Inner {
    /// Copies the host's values that the state refers to, if the host can copy them.
    fn copy_externs(&mut self, store: &StoreOpaque) {
        let Some(host) = &self.host else { return };
        // For a state that can't be forked, no values need to be copied.
        let Ok(plan) = Plan::new(&self.state) else { return };
        let objects = self.state.held.objects(&store.vm);
        for place in self.state.held.host_values() {
            let value = objects.get(place).and_then(|object| store.vm.gc.value(*object));
            if let Some(copy) = value.and_then(|value| host.copy_extern(&**value)) {
                self.externs.insert(place, copy);
            }
        }
        self.plan = plan.into();
    }
}
