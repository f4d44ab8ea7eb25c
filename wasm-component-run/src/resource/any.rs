//! Handles of resources of any type, the guests' among them.

use wasm_component::InterfaceType;
use wasm_store::{AsContextMut, NumericFunc, Result, StoreContextMut, bail};

use super::{Resource, ResourceDynamic, ResourceType};
use crate::context::{LiftContext, LowerContext};
use crate::state::state;
use crate::tables::HostIndex;
use crate::trap::contained;
use crate::unfinished::Unfinished;
#[cfg(feature = "async")]
use crate::unfinished::Waiting;

/// A destructor that is about to be called.
struct Begun {
    destructor: NumericFunc,
    /// The root instance that was entered for it.
    root: Option<usize>,
    rep: u32,
    /// How many calls that resources may be lent to there were before.
    calls: usize,
}

impl Begun {
    /// What is left of it if it is given up.
    fn unfinished(&self) -> Unfinished {
        Unfinished { calls: self.calls, root: self.root, tables: 0..0 }
    }

    /// Leaves the instance again. One whose destructor has trapped is never left.
    fn end<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        outcome: Result<()>,
    ) -> Result<()> {
        let state = state(store);
        match self.root {
            _ if outcome.is_err() => self.unfinished().give_up(state),
            Some(root) => state.leave_after_drop(root),
            None => {}
        }
        outcome.map_err(|error| contained(store, error))
    }
}

/// A resource that the host holds, of whatever type: an own or a borrow.
///
/// One that is no longer needed is dropped with [`resource_drop`](Self::resource_drop). The value
/// itself is only a handle: dropping it changes nothing, and once the resource was dropped or
/// passed on, using a copy of the handle is an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResourceAny {
    index: HostIndex,
    ty: ResourceType,
    owned: bool,
}

impl ResourceAny {
    pub(super) fn new(index: HostIndex, ty: ResourceType, owned: bool) -> Self {
        Self { index, ty, owned }
    }

    pub(super) fn index(&self) -> HostIndex {
        self.index
    }

    /// The handle of a resource of the host as one of any type.
    ///
    /// # Errors
    ///
    /// As for [`Resource::try_into_resource_any`].
    pub fn try_from_resource<T: 'static>(
        resource: Resource<T>,
        store: impl AsContextMut,
    ) -> Result<Self> {
        resource.try_into_resource_any(store)
    }

    /// The handle as one of a resource of the host.
    ///
    /// # Errors
    ///
    /// As for [`Resource::try_from_resource_any`].
    pub fn try_into_resource<T: 'static>(self, store: impl AsContextMut) -> Result<Resource<T>> {
        Resource::try_from_resource_any(self, store)
    }

    /// The handle as one of a resource of the host whose type is a number.
    ///
    /// # Errors
    ///
    /// As for [`ResourceDynamic::try_from_resource_any`].
    pub fn try_into_resource_dynamic(self, store: impl AsContextMut) -> Result<ResourceDynamic> {
        ResourceDynamic::try_from_resource_any(self, store)
    }

    /// The type of the resource.
    pub fn ty(&self) -> ResourceType {
        self.ty
    }

    /// Whether it is an own.
    pub fn owned(&self) -> bool {
        self.owned
    }

    /// Drops the handle, and destroys the resource if it is an own: the destructor of who has
    /// defined it runs.
    ///
    /// # Errors
    ///
    /// If the handle is no longer valid, or it is lent. If the instance that has the destructor
    /// can't be entered, or the destructor traps.
    pub fn resource_drop(self, mut store: impl AsContextMut) -> Result<()> {
        let mut store = store.as_context_mut();
        let Some(begun) = self.begin_drop(&mut store)? else { return Ok(()) };
        let outcome = begun.destructor.call(&mut store, &mut [u64::from(begun.rep)]);
        begun.end(&mut store, outcome)
    }

    /// Drops the handle as [`resource_drop`](Self::resource_drop) does, and waits for what the
    /// destructor waits for. If the future is dropped before it is ready, the handle is gone all
    /// the same, and the instance that has the destructor can't be entered any more.
    ///
    /// # Errors
    ///
    /// As for [`resource_drop`](Self::resource_drop).
    #[cfg(feature = "async")]
    pub async fn resource_drop_async(self, mut store: impl AsContextMut<Data: Send>) -> Result<()> {
        let mut store = store.as_context_mut();
        let Some(begun) = self.begin_drop(&mut store)? else { return Ok(()) };
        let mut waiting = Waiting::new(store.as_context_mut(), begun.unfinished());
        let mut words = [u64::from(begun.rep)];
        let outcome = begun.destructor.call_async(&mut waiting.store, &mut words).await;
        waiting.end();
        begun.end(&mut store, outcome)
    }

    /// Takes the handle out of the table, and enters the instance of the destructor, if there is
    /// one.
    fn begin_drop<T: 'static>(self, store: &mut StoreContextMut<'_, T>) -> Result<Option<Begun>> {
        let state = state(store);
        let Some((rep, Some(destructor))) = state.resources.host_drop(self.index)? else {
            return Ok(None);
        };
        if let Some(root) = destructor.root {
            state.enter_for_drop(root)?;
        }
        let calls = state.resources.calls();
        Ok(Some(Begun { destructor: destructor.func, root: destructor.root, rep, calls }))
    }

    /// Passes the handle to a guest. Returns the guest's index.
    pub(crate) fn lower<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
    ) -> Result<u32> {
        match ty {
            InterfaceType::Own(resource) => {
                if cx.resource_type(resource)? != self.ty {
                    bail!("mismatched resource types");
                }
                let rep = cx.resources().host_lift_own(self.index)?;
                cx.lower_own(resource, rep)
            }
            InterfaceType::Borrow(resource) => {
                if cx.resource_type(resource)? != self.ty {
                    bail!("mismatched resource types");
                }
                let rep = cx.resources().host_lift_borrow(self.index)?;
                cx.lower_borrow(resource, rep)
            }
            other => bail!("expected `own` or `borrow`, found `{}`", other.desc()),
        }
    }

    /// Takes a handle of a guest, by the guest's index.
    pub(crate) fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, index: u32) -> Result<Self> {
        match ty {
            InterfaceType::Own(resource) => {
                let rep = cx.lift_own(resource, index)?;
                let (ty, destructor) = (cx.resource_type(resource)?, cx.destructor(resource)?);
                let index = cx.resources()?.host_lower_own(rep, destructor)?;
                Ok(Self { index, ty, owned: true })
            }
            InterfaceType::Borrow(resource) => {
                let rep = cx.lift_borrow(resource, index)?;
                let ty = cx.resource_type(resource)?;
                let index = cx.resources()?.host_lower_borrow(rep)?;
                Ok(Self { index, ty, owned: false })
            }
            other => bail!("expected `own` or `borrow`, found `{}`", other.desc()),
        }
    }
}
