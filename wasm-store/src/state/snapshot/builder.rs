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

/// What becomes of a memory, table or mutable global that an instance of a snapshot imports and that none of
/// them defines: see [`SnapshotBuilder::outside`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Outside {
    /// Taking the snapshot is an error, which names the import.
    #[default]
    Refuse,
    /// It is no part of the snapshot. Restoring leaves it as it is; forks get one from their linker.
    LeaveOut,
    /// It is part of the snapshot: restoring brings it back, and each fork has one of its own.
    Include,
}

/// What a snapshot is to be of: see [`Snapshot::builder`].
#[derive(Clone, Debug, Default)]
pub struct SnapshotBuilder {
    instances: Option<Vec<Instance>>,
    outside: Outside,
    /// For restoring in place only.
    transient: bool,
}

impl SnapshotBuilder {
    /// A builder for a snapshot of everything in a store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The instances that the snapshot is of, all of one store. Without this call it is of all that the store
    /// has, and of the memories, tables and globals of the host.
    pub fn instances(&mut self, instances: &[Instance]) -> &mut Self {
        self.instances = Some(instances.to_vec());
        self
    }

    /// What becomes of memories, tables and mutable globals that are imported from outside of the set. Functions
    /// and immutable globals may always come from outside.
    pub fn outside(&mut self, outside: Outside) -> &mut Self {
        self.outside = outside;
        self
    }

    /// For restoring in place only: references are not given names that other stores understand.
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

    /// Takes the snapshot, together with the state that the store's data save.
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

    /// What can be found out before the host is asked for its state.
    fn check(&self, store: &StoreOpaque) -> Result<()> {
        check_rest(store, "taken")?;
        if let Some(instances) = &self.instances {
            crate::ensure!(!instances.is_empty(), "a snapshot is of at least one instance");
            instances.iter().try_for_each(|instance| store.admit(instance))?;
        }
        Ok(())
    }

    fn build(&self, store: &mut StoreOpaque, host: Option<SavedHost>) -> Result<Snapshot> {
        self.check(store)?;
        let (instances, modules, chosen) = match &self.instances {
            Some(asked) => {
                // In the order they were made: none imports from a later one.
                let mut numbers: Vec<_> = asked.iter().map(|it| it.number_in(store)).collect();
                numbers.sort_unstable();
                numbers.dedup();
                let place = |instance: &Instance| {
                    let number = instance.number_in(store);
                    (*instance, numbers.partition_point(|other| *other < number))
                };
                let instances: Box<[_]> = asked.iter().map(place).collect();
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
    /// Copies the host's values that the state refers to, as far as the host can.
    fn copy_externs(&mut self, store: &StoreOpaque) {
        let Some(host) = &self.host else { return };
        // A state that can't be forked has no values that are to be copied.
        let Ok(plan) = Plan::new(&self.state) else { return };
        for number in plan.externs() {
            let value = number.checked_sub(1).and_then(|place| store.externs.get(place as usize));
            if let Some(copy) = value.and_then(|value| host.copy_extern(&**value)) {
                self.externs.insert(number, copy);
            }
        }
        self.plan = plan.into();
    }
}
