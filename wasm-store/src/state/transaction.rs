//! Transactions: calls whose effects stay only if they succeed.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::error::Result;
use crate::state::{HostState, Snapshot};
use crate::store::{AsContext, AsContextMut, Store, StoreContext, StoreContextMut};

/// A borrow of a store that undoes what calls change in the store, unless the transaction is
/// committed.
///
/// It can be used wherever a store can. Dropping it rolls back, also when a panic unwinds. It
/// undoes what a [`Snapshot`] of the whole store holds, and costs what such a snapshot costs.
/// Instances made during the transaction stay. An instance that imports a table or memory which is
/// too small for it after the rollback can't run any more (see [`Snapshot::restore`]).
///
/// ```
/// use wasm_store::{Engine, Global, GlobalType, Mutability, Store, Val, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// let balance = Global::new(&mut store, ty, Val::I32(10))?;
///
/// let mut transaction = store.begin()?;
/// balance.set(&mut transaction, Val::I32(3))?;
/// transaction.rollback()?;
/// assert_eq!(balance.get(&mut store).i32(), Some(10));
/// # Ok(())
/// # }
/// ```
pub struct Transaction<'a, T: 'static> {
    store: &'a mut Store<T>,
    /// The state to go back to; `None` once the transaction is over.
    before: Option<Snapshot>,
}

impl<T: 'static> Transaction<'_, T> {
    /// Keeps what has changed.
    pub fn commit(mut self) {
        self.before = None;
    }

    /// Undoes what has changed.
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::restore`].
    pub fn rollback(mut self) -> Result<()> {
        match self.before.take() {
            Some(before) => before.restore(&mut *self.store),
            None => Ok(()),
        }
    }
}

impl<T: 'static> Drop for Transaction<'_, T> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            // A caller that needs to know about a failure calls `rollback`. After a failure, none
            // of the instances in the snapshot runs, so that a state that is half undone is never
            // used.
            let _ = before.restore(&mut *self.store);
        }
    }
}

impl<T: 'static> Deref for Transaction<'_, T> {
    type Target = Store<T>;

    fn deref(&self) -> &Store<T> {
        self.store
    }
}

impl<T: 'static> DerefMut for Transaction<'_, T> {
    fn deref_mut(&mut self) -> &mut Store<T> {
        self.store
    }
}

impl<T: 'static> AsContext for Transaction<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Transaction<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<T: 'static> fmt::Debug for Transaction<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl<T: 'static> Store<T> {
    /// Begins a transaction: what changes from here on, in instances and in memories, tables and
    /// globals of the host, is undone unless it is committed. The store's data belong to the host,
    /// and stay as they are: see [`Store::begin_with_host`].
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::of_store`].
    pub fn begin(&mut self) -> Result<Transaction<'_, T>> {
        let before = Snapshot::builder().transient().take(&mut *self)?;
        Ok(Transaction { store: self, before: Some(before) })
    }

    /// As [`Store::begin`], and also for the store's data.
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::of_store`], and if the data can't be saved.
    pub fn begin_with_host(&mut self) -> Result<Transaction<'_, T>>
    where
        T: HostState,
    {
        let before = Snapshot::builder().transient().take_with_host(&mut *self)?;
        Ok(Transaction { store: self, before: Some(before) })
    }

    /// Runs a closure that calls functions of the store. If it fails or panics, everything that it
    /// has changed is undone. The store's data belong to the host, and stay as they are.
    ///
    /// ```
    /// use wasm_store::{Engine, Memory, MemoryType, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), ());
    /// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    /// let result = store.transaction(|store| {
    ///     memory.write(&mut *store, 0, b"half of it")?;
    ///     wasm_store::bail!("and then it failed")
    /// });
    /// let error: wasm_store::Error = result.map(|()| ()).unwrap_err();
    /// assert_eq!(error.to_string(), "and then it failed");
    /// assert_eq!(memory.data(&store)[0], 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the closure. As for [`Snapshot::of_store`], before the closure is called. As
    /// for [`Snapshot::restore`], with the closure's error as its cause.
    pub fn transaction<R>(&mut self, run: impl FnOnce(&mut Store<T>) -> Result<R>) -> Result<R> {
        finish(self.begin()?, run)
    }

    /// As [`Store::transaction`], and also for the store's data.
    ///
    /// # Errors
    ///
    /// As for [`Store::transaction`], and if the data can't be saved.
    pub fn transaction_with_host<R>(
        &mut self,
        run: impl FnOnce(&mut Store<T>) -> Result<R>,
    ) -> Result<R>
    where
        T: HostState,
    {
        finish(self.begin_with_host()?, run)
    }
}

fn finish<T: 'static, R>(
    mut transaction: Transaction<'_, T>,
    run: impl FnOnce(&mut Store<T>) -> Result<R>,
) -> Result<R> {
    match run(&mut transaction) {
        Ok(value) => {
            transaction.commit();
            Ok(value)
        }
        Err(error) => match transaction.rollback() {
            Ok(()) => Err(error),
            Err(failed) => {
                Err(error.context(format!("what it changed could not be undone: {failed}")))
            }
        },
    }
}
