//! Pollables: what a guest can wait for.

use crate::p2::runtime::{Interest, Resource, ResourceTable, ResourceTableError};
use std::fmt;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll};

/// A resource that a guest can wait for, with the function `subscribe` of its interface.
///
/// Where the trait of the same name in Wasmtime is a future, this one says what the host has to
/// wait for. So a store without executor waits in one system call, and what interrupts the store's
/// code ends the wait. A future can be waited for, too ([`Readiness::Task`]).
pub trait Pollable: Send + 'static {
    /// What has to happen until the resource is ready. This does not wait, and is asked again after
    /// each wait.
    fn readiness(&self) -> Readiness<'_>;

    /// Goes on with the work of a resource that says [`Readiness::Task`], and has the waker called
    /// when there is more to do, as [`Future::poll`] does.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }
}

/// What has to happen until a resource is ready.
#[derive(Debug)]
#[non_exhaustive]
pub enum Readiness<'a> {
    /// Nothing.
    Ready,
    /// Something is found for a descriptor of the host.
    Descriptor(BorrowedFd<'a>, Interest),
    /// The guest's monotonic clock reaches this time, in nanoseconds.
    Until(u64),
    /// [`Pollable::poll_ready`] returns [`Poll::Ready`].
    Task,
}

/// The resource `pollable`: waits for another resource.
pub struct DynPollable {
    pub(crate) source: Source,
    /// Deletes what is waited for, if it belongs to the pollable.
    delete: Option<Delete>,
}

type Delete = fn(&mut ResourceTable, u32) -> Result<(), ResourceTableError>;

/// A resource that is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    rep: u32,
    get: for<'a> fn(&'a ResourceTable, u32) -> Result<&'a dyn Pollable, ResourceTableError>,
    get_mut:
        for<'a> fn(&'a mut ResourceTable, u32) -> Result<&'a mut dyn Pollable, ResourceTableError>,
}

impl Source {
    pub(crate) fn of<T: Pollable>(resource: &Resource<T>) -> Self {
        Self {
            rep: resource.rep(),
            get: |table, rep| Ok(table.get(&Resource::<T>::new_borrow(rep))? as &dyn Pollable),
            get_mut: |table, rep| {
                Ok(table.get_mut(&Resource::<T>::new_borrow(rep))? as &mut dyn Pollable)
            },
        }
    }

    pub(crate) fn get(self, table: &ResourceTable) -> Result<&dyn Pollable, ResourceTableError> {
        (self.get)(table, self.rep)
    }

    pub(crate) fn get_mut(
        self,
        table: &mut ResourceTable,
    ) -> Result<&mut dyn Pollable, ResourceTableError> {
        (self.get_mut)(table, self.rep)
    }
}

/// Makes a pollable that waits for a resource. If the resource is owned, it is deleted with the
/// pollable; else it has to outlive it.
///
/// # Errors
///
/// If there is no such resource, or no room in the table.
pub fn subscribe<T: Pollable>(
    table: &mut ResourceTable,
    resource: Resource<T>,
) -> Result<Resource<DynPollable>, ResourceTableError> {
    let delete: Delete = |table, rep| table.delete(Resource::<T>::new_own(rep)).map(drop);
    let pollable =
        DynPollable { source: Source::of(&resource), delete: resource.owned().then_some(delete) };
    table.push_child(pollable, &resource)
}

/// Drops a pollable, and what belongs to it.
pub(crate) fn delete(
    table: &mut ResourceTable,
    pollable: Resource<DynPollable>,
) -> Result<(), ResourceTableError> {
    let DynPollable { source, delete } = table.delete(pollable)?;
    delete.map_or(Ok(()), |delete| delete(table, source.rep))
}

impl fmt::Debug for DynPollable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynPollable").field("of", &self.source.rep).finish_non_exhaustive()
    }
}
