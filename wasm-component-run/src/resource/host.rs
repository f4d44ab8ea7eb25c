//! Handles of resources that the host defines.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_component::{InterfaceType, ResourceIndex};
use wasm_store::{AsContextMut, Result, StoreContextMut, bail};

use super::{ResourceAny, ResourceType};
use crate::context::{LiftContext, LowerContext};
use crate::state::state;
use crate::tables::HostIndex;

/// A resource that the host defines, by the number that the host knows it by: an own or a borrow.
///
/// `T` only tells types of resources apart ([`ResourceType::host`]). The number is often that of an
/// entry of a [`ResourceTable`](crate::ResourceTable).
///
/// An own that is passed to a guest is gone: passing it again is an error. One that is dropped here
/// is only forgotten; destroying what it stands for is up to the host.
pub struct Resource<T> {
    handle: Handle,
    _type: PhantomData<fn() -> T>,
}

/// A resource that the host defines, whose type is a number that is known at run time
/// ([`ResourceType::host_dynamic`]); else as [`Resource`].
pub struct ResourceDynamic {
    handle: Handle,
    payload: u32,
}

/// What both have.
struct Handle {
    rep: u32,
    state: AtomicU64,
}

/// What a handle is, as a word. Others are handles in the table of a store.
const BORROW: u64 = u64::MAX;
/// An own that was not lent yet.
const OWN: u64 = u64::MAX - 1;
/// An own that was passed on.
const TAKEN: u64 = u64::MAX - 2;

impl Handle {
    fn new(rep: u32, state: u64) -> Self {
        Self { rep, state: AtomicU64::new(state) }
    }

    fn state(&self) -> u64 {
        self.state.load(Ordering::Relaxed)
    }

    fn lower<U: 'static>(
        &self,
        cx: &mut LowerContext<'_, U>,
        expected: ResourceType,
        ty: InterfaceType,
    ) -> Result<u32> {
        let check = |cx: &LowerContext<'_, U>, resource| {
            if cx.resource_type(resource)? != expected {
                bail!("resource type mismatch");
            }
            Ok(())
        };
        match ty {
            InterfaceType::Own(resource) => {
                check(cx, resource)?;
                let rep = match self.state() {
                    BORROW => bail!("cannot lower a `borrow` resource into an `own`"),
                    TAKEN => bail!("host resource already consumed"),
                    OWN => self.rep,
                    place => cx.resources().host_lift_own(HostIndex::of_word(place))?,
                };
                self.state.store(TAKEN, Ordering::Relaxed);
                cx.lower_own(resource, rep)
            }
            InterfaceType::Borrow(resource) => {
                check(cx, resource)?;
                let rep = match self.state() {
                    BORROW => self.rep,
                    TAKEN => bail!("host resource already consumed"),
                    OWN => {
                        // From now on it counts what is lent.
                        let index = cx.resources().host_lower_own(self.rep, None)?;
                        self.state.store(index.word(), Ordering::Relaxed);
                        cx.resources().host_lift_borrow(index)?
                    }
                    place => cx.resources().host_lift_borrow(HostIndex::of_word(place))?,
                };
                cx.lower_borrow(resource, rep)
            }
            other => bail!("expected `own` or `borrow`, found `{}`", other.desc()),
        }
    }

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, index: u32) -> Result<Self> {
        match ty {
            InterfaceType::Own(resource) => Ok(Self::new(cx.lift_own(resource, index)?, OWN)),
            InterfaceType::Borrow(resource) => {
                Ok(Self::new(cx.lift_borrow(resource, index)?, BORROW))
            }
            other => bail!("expected `own` or `borrow`, found `{}`", other.desc()),
        }
    }

    fn into_any<U: 'static>(
        self,
        store: &mut StoreContextMut<'_, U>,
        ty: ResourceType,
    ) -> Result<ResourceAny> {
        let resources = &mut state(store).resources;
        let (index, owned) = match self.state() {
            BORROW => (resources.host_lower_borrow(self.rep)?, false),
            TAKEN => bail!("host resource already consumed"),
            OWN => (resources.host_lower_own(self.rep, None)?, true),
            place => (HostIndex::of_word(place), true),
        };
        Ok(ResourceAny::new(index, ty, owned))
    }

    fn from_any<U: 'static>(any: ResourceAny, store: &mut StoreContextMut<'_, U>) -> Result<Self> {
        let resources = &mut state(store).resources;
        if any.owned() {
            return Ok(Self::new(resources.host_lift_own(any.index())?, OWN));
        }
        let rep = resources.host_rep(any.index())?;
        resources.host_drop(any.index())?;
        Ok(Self::new(rep, BORROW))
    }

    fn describe(&self) -> &'static str {
        match self.state() {
            BORROW => "borrow",
            OWN => "own (not in table)",
            TAKEN => "taken",
            _ => "own",
        }
    }
}

/// The resource of a type of handles.
fn resource_of(ty: InterfaceType) -> Result<ResourceIndex> {
    match ty.resource() {
        Some(resource) => Ok(resource),
        None => bail!("expected `own` or `borrow`, found `{}`", ty.desc()),
    }
}

impl<T: 'static> Resource<T> {
    /// An own of the resource that the host knows by that number.
    pub fn new_own(rep: u32) -> Resource<T> {
        Resource { handle: Handle::new(rep, OWN), _type: PhantomData }
    }

    /// A borrow of the resource that the host knows by that number.
    pub fn new_borrow(rep: u32) -> Resource<T> {
        Resource { handle: Handle::new(rep, BORROW), _type: PhantomData }
    }

    /// The number that the host knows the resource by.
    pub fn rep(&self) -> u32 {
        self.handle.rep
    }

    /// Whether it is an own.
    pub fn owned(&self) -> bool {
        self.handle.state() != BORROW
    }

    /// The handle with a static type in place of one without.
    ///
    /// # Errors
    ///
    /// If the resource is of another type, or the handle is no longer valid.
    pub fn try_from_resource_any(
        resource: ResourceAny,
        mut store: impl AsContextMut,
    ) -> Result<Self> {
        if !resource.ty().is_host::<T>() {
            bail!("resource type mismatch");
        }
        let handle = Handle::from_any(resource, &mut store.as_context_mut())?;
        Ok(Resource { handle, _type: PhantomData })
    }

    /// The handle without a static type.
    ///
    /// # Errors
    ///
    /// If it is an own that was passed on, or a borrow outside of a call.
    pub fn try_into_resource_any(self, mut store: impl AsContextMut) -> Result<ResourceAny> {
        self.handle.into_any(&mut store.as_context_mut(), ResourceType::host::<T>())
    }

    /// Whether a type is that of handles of this resource.
    pub(crate) fn is_type(ty: ResourceType) -> bool {
        ty.is_host::<T>()
    }

    /// Passes the handle to a guest. Returns the guest's index.
    pub(crate) fn lower<U: 'static>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
    ) -> Result<u32> {
        self.handle.lower(cx, ResourceType::host::<T>(), ty)
    }

    /// Takes a handle of a guest, by the guest's index.
    pub(crate) fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, index: u32) -> Result<Self> {
        if !Self::is_type(cx.resource_type(resource_of(ty)?)?) {
            bail!("resource type mismatch");
        }
        Ok(Resource { handle: Handle::lift(cx, ty, index)?, _type: PhantomData })
    }
}

impl ResourceDynamic {
    /// An own of the resource that the host knows by that number, of the type with that payload.
    pub fn new_own(rep: u32, payload: u32) -> ResourceDynamic {
        ResourceDynamic { handle: Handle::new(rep, OWN), payload }
    }

    /// A borrow of the resource that the host knows by that number, of the type with that payload.
    pub fn new_borrow(rep: u32, payload: u32) -> ResourceDynamic {
        ResourceDynamic { handle: Handle::new(rep, BORROW), payload }
    }

    /// The number that the host knows the resource by.
    pub fn rep(&self) -> u32 {
        self.handle.rep
    }

    /// The number that tells its type from others.
    pub fn ty(&self) -> u32 {
        self.payload
    }

    /// Whether it is an own.
    pub fn owned(&self) -> bool {
        self.handle.state() != BORROW
    }

    /// The handle with its payload in place of one of any type.
    ///
    /// # Errors
    ///
    /// If the resource is of no type of [`ResourceType::host_dynamic`], or the handle is no longer
    /// valid.
    pub fn try_from_resource_any(
        resource: ResourceAny,
        mut store: impl AsContextMut,
    ) -> Result<Self> {
        let Some(payload) = resource.ty().as_host_dynamic() else {
            bail!("resource type mismatch");
        };
        let handle = Handle::from_any(resource, &mut store.as_context_mut())?;
        Ok(ResourceDynamic { handle, payload })
    }

    /// The handle as one of any type.
    ///
    /// # Errors
    ///
    /// If it is an own that was passed on, or a borrow outside of a call.
    pub fn try_into_resource_any(self, mut store: impl AsContextMut) -> Result<ResourceAny> {
        let ty = ResourceType::host_dynamic(self.payload);
        self.handle.into_any(&mut store.as_context_mut(), ty)
    }

    /// Passes the handle to a guest. Returns the guest's index.
    pub(crate) fn lower<U: 'static>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
    ) -> Result<u32> {
        self.handle.lower(cx, ResourceType::host_dynamic(self.payload), ty)
    }

    /// Takes a handle of a guest, by the guest's index.
    pub(crate) fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, index: u32) -> Result<Self> {
        let Some(payload) = cx.resource_type(resource_of(ty)?)?.as_host_dynamic() else {
            bail!("resource type mismatch");
        };
        Ok(ResourceDynamic { handle: Handle::lift(cx, ty, index)?, payload })
    }
}

impl<T> fmt::Debug for Resource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("rep", &self.handle.rep)
            .field("state", &self.handle.describe())
            .finish()
    }
}

impl fmt::Debug for ResourceDynamic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceDynamic")
            .field("rep", &self.handle.rep)
            .field("ty", &self.payload)
            .field("state", &self.handle.describe())
            .finish()
    }
}
