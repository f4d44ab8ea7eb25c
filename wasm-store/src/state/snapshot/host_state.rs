//! The host's part of a snapshot.

use std::any::Any;

use crate::error::Result;

/// How a host's data, the `T` of its [`Store<T>`](crate::Store), become part of snapshots.
///
/// A snapshot that is taken with
/// [`SnapshotBuilder::take_with_host`](crate::SnapshotBuilder::take_with_host) saves the data.
/// Restoring the snapshot restores them, and a fork restores them into the data of the new store.
///
/// ```
/// use wasm_store::{Engine, HostState, Result, Snapshot, Store};
///
/// struct Counter {
///     calls: u64,
///     log: std::fs::File,
/// }
///
/// impl HostState for Counter {
///     type Saved = u64;
///
///     fn save(&mut self) -> Result<u64> {
///         Ok(self.calls)
///     }
///
///     // The file is no part of it.
///     fn restore(&mut self, saved: &u64) -> Result<()> {
///         self.calls = *saved;
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<()> {
/// # let log = std::fs::File::open("/dev/null")?;
/// let mut store = Store::new(&Engine::default(), Counter { calls: 1, log });
/// let snapshot = Snapshot::builder().take_with_host(&mut store)?;
/// store.data_mut().calls += 1;
/// snapshot.restore(&mut store)?;
/// assert_eq!(store.data().calls, 1);
/// # Ok(())
/// # }
/// ```
pub trait HostState: 'static {
    /// The saved data. Forks on other threads read them.
    type Saved: Send + Sync + 'static;

    /// Saves what is to be part of a snapshot.
    ///
    /// # Errors
    ///
    /// If it can't be saved. Then no snapshot is taken.
    fn save(&mut self) -> Result<Self::Saved>;

    /// Restores what was saved, here or, for a fork, in the data of another store.
    ///
    /// # Errors
    ///
    /// If that is not possible. Then restoring or forking fails.
    fn restore(&mut self, saved: &Self::Saved) -> Result<()>;

    /// A copy of a value that Wasm holds a reference to ([`ExternRef`](crate::ExternRef)). It is
    /// called once for the snapshot and once for each fork. `None` if the value can't be copied,
    /// which makes forking an error.
    fn copy_extern(value: &(dyn Any + Send + Sync)) -> Option<Box<dyn Any + Send + Sync>> {
        let _ = value;
        None
    }
}

/// The data that a host has saved, and the functions that restore and copy them.
pub(super) struct SavedHost {
    saved: Box<dyn Any + Send + Sync>,
    restore: fn(&mut dyn Any, &dyn Any) -> Option<Result<()>>,
    copy_extern: fn(&(dyn Any + Send + Sync)) -> Option<Box<dyn Any + Send + Sync>>,
    /// The name of the type of the data.
    name: &'static str,
}

impl SavedHost {
    pub(super) fn save<T: HostState>(host: &mut T) -> Result<Self> {
        fn restore<T: HostState>(host: &mut dyn Any, saved: &dyn Any) -> Option<Result<()>> {
            let (host, saved) = (host.downcast_mut::<T>()?, saved.downcast_ref::<T::Saved>()?);
            Some(host.restore(saved))
        }
        Ok(Self {
            saved: Box::new(host.save()?),
            restore: restore::<T>,
            copy_extern: T::copy_extern,
            name: std::any::type_name::<T>(),
        })
    }

    /// Restores what was saved.
    pub(super) fn restore<T: 'static>(&self, host: &mut T) -> Result<()> {
        match (self.restore)(host, &*self.saved) {
            Some(result) => result,
            None => crate::bail!(
                "the snapshot has the state of a host whose data are of type `{}`, and the store's are of \
                 type `{}`",
                self.name,
                std::any::type_name::<T>()
            ),
        }
    }

    /// A copy of a host's value.
    pub(super) fn copy_extern(
        &self,
        value: &(dyn Any + Send + Sync),
    ) -> Option<Box<dyn Any + Send + Sync>> {
        (self.copy_extern)(value)
    }
}
