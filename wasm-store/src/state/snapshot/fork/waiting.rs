//! New instances made from a snapshot, if the limiter may wait.

use super::ForkPre;
use crate::error::Result;
use crate::gate::Gate;
use crate::items::Instance;
use crate::state::Snapshot;
use crate::store::{AsContextMut, StoreContextMut, StoreInner};
use crate::vm::Growing;

impl<T: Send + 'static> ForkPre<T> {
    /// As [`ForkPre::fork`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async). It is asked about memories, tables
    /// and the heap before anything is made.
    ///
    /// # Errors
    ///
    /// As for [`ForkPre::fork`].
    pub async fn fork_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Vec<Instance>> {
        let store = store.as_context_mut();
        store.0.admit(&self.snapshot)?;
        let state = &self.snapshot.inner.state;
        let bytes = state.held.image.size(state.held.forked);
        if bytes > 0 {
            store.0.allocate(|store: &mut StoreInner<T>| store.vm.make_room(bytes.into())).await?;
        }
        store.0.ask_limiter(&self.growing()).await;
        let made = self.fork(StoreContextMut(&mut *store.0));
        store.0.forget_answers();
        made
    }

    /// What grows, in the order in which it is made.
    fn growing(&self) -> Vec<Growing> {
        let state = &self.snapshot.inner.state;
        let clamp = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let memories = state.memories.iter().map(|memory| {
            let bytes = |pages| clamp(memory.ty.bytes_of(pages).unwrap_or(u64::MAX));
            let maximum = memory.ty.maximum.map(bytes);
            Growing { is_table: false, current: 0, desired: memory.contents.len(), maximum }
        });
        let tables = state.tables.iter().map(|table| {
            let maximum = table.ty.maximum.map(clamp);
            Growing { is_table: true, current: 0, desired: table.slots.len(), maximum }
        });
        memories.chain(tables).collect()
    }
}

impl Snapshot {
    /// As [`Snapshot::fork`], and waits for the limiter: see [`ForkPre::fork_async`].
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::fork`].
    pub async fn fork_async<T: Send + 'static>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        linker: &crate::Linker<T>,
    ) -> Result<Vec<Instance>> {
        let mut store: StoreContextMut<'_, T> = store.as_context_mut();
        let pre = ForkPre::new(self, linker, Some(store.0))?;
        pre.fork_async(&mut store).await
    }
}
