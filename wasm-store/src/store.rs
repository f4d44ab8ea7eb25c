//! The store: everything that belongs to one set of instances, and the host's data.

#![allow(unsafe_code)]

mod asyncness;
mod attachments;
mod caller;
#[cfg(feature = "component")]
mod component_limits;
mod context;
mod exceptions;
mod fuel;
mod gate;
mod gc;
mod heap_summary;
mod host_side;
pub(crate) mod id;
pub mod interruption;
mod limits;
mod opaque;
mod stack;
pub mod wait;

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};

#[cfg(feature = "async")]
pub(crate) use asyncness::requires_async;
pub use caller::Caller;
#[cfg(feature = "component")]
pub use component_limits::ComponentLimits;
pub use context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub(crate) use gc::CollectionsPutOff;
pub use heap_summary::{HeapObjectKind, HeapSummary, HeapSummaryType};
use host_side::HostSide;
pub(crate) use id::StoreId;
pub(crate) use interruption::EpochSlot;
pub use interruption::{InterruptHandle, UpdateDeadline};
#[cfg(feature = "async")]
pub use limits::waiting::ResourceLimiterAsync;
pub use limits::{
    DEFAULT_INSTANCE_LIMIT, DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT, ResourceLimiter,
    StoreLimits, StoreLimitsBuilder,
};
pub(crate) use opaque::{InstanceEntry, Kept, StoreOpaque};
pub use wait::{Awaited, Interest, Waiter, Woken};

#[cfg(feature = "debug")]
use crate::debug::DebugSlot;
use crate::engine::Engine;
use crate::vm::{StoreHost, VMStoreContext};
use crate::watch::call_hook::HookSlot;
use crate::watch::function_hook::FunctionHookSlot;

/// A set of instances with what they share, and data of the host that its functions have access to.
///
/// Functions, memories, tables, globals and instances belong to a store and live as long as the
/// store. Their handles are small and can be copied; using one with another store is a panic.
/// Nothing is freed before the store is dropped, so use one store for a program's run or a request,
/// not for a server's lifetime.
///
/// ```
/// use wasm_store::{Engine, Func, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), 20);
/// let add = Func::wrap(&mut store, |caller: wasm_store::Caller<'_, i32>, x: i32| {
///     x + *caller.data()
/// });
/// let add = add.typed::<i32, i32>(&store)?;
/// assert_eq!(add.call(&mut store, 22)?, 42);
/// # Ok(())
/// # }
/// ```
pub struct Store<T: 'static> {
    /// Made by a box, but not kept as one: compiled code and shims also hold this address, and a
    /// box may not be aliased.
    inner: NonNull<StoreInner<T>>,
    _owns: PhantomData<Box<StoreInner<T>>>,
}

// SAFETY: the store owns what its pointer leads to.
unsafe impl<T: Send> Send for Store<T> {}
// SAFETY: as above; a shared borrow of it gives shared borrows only.
unsafe impl<T: Sync> Sync for Store<T> {}

/// The content of a store, at an address that does not change.
#[repr(C)]
pub(crate) struct StoreInner<T: 'static> {
    opaque: StoreOpaque,
    host: HostSide<T>,
    pub(crate) hook: HookSlot<T>,
    pub(crate) epoch: EpochSlot<T>,
    pub(crate) function_hook: FunctionHookSlot<T>,
    #[cfg(feature = "debug")]
    pub(crate) debug: DebugSlot<T>,
}

impl<T: 'static> Store<T> {
    /// As [`Store::new`]: nothing that may fail is done before it is needed, and running out of the
    /// host's heap ends the program.
    ///
    /// # Errors
    ///
    /// None.
    pub fn try_new(engine: &Engine, data: T) -> crate::error::Result<Self> {
        Ok(Self::new(engine, data))
    }

    /// A store with the given data.
    pub fn new(engine: &Engine, data: T) -> Self {
        let inner = Box::new(StoreInner {
            opaque: StoreOpaque::new(engine),
            host: HostSide::new(data),
            hook: HookSlot::default(),
            epoch: EpochSlot::default(),
            function_hook: FunctionHookSlot::default(),
            #[cfg(feature = "debug")]
            debug: DebugSlot::default(),
        });
        let inner = NonNull::from(Box::leak(inner));
        let store = Self { inner, _owns: PhantomData };
        // SAFETY: the store has just been made, and stays where it is until it is dropped.
        unsafe {
            let host: *mut dyn StoreHost = &raw mut (*inner.as_ptr()).host;
            let vm = &mut (*inner.as_ptr()).opaque.vm;
            vm.pin(inner.as_ptr().cast(), NonNull::new(host));
        }
        store
    }

    /// The data.
    #[inline]
    pub fn data(&self) -> &T {
        self.inner().data()
    }

    /// The data, to be changed.
    #[inline]
    pub fn data_mut(&mut self) -> &mut T {
        self.inner_mut().data_mut()
    }

    /// Drops the store and returns its data.
    pub fn into_data(self) -> T {
        let inner = self.inner.as_ptr();
        std::mem::forget(self);
        // SAFETY: the store is not used any more. Each of its parts is dropped or taken once, and
        // then its memory is freed as it was made.
        unsafe {
            ptr::drop_in_place(&raw mut (*inner).opaque);
            ptr::drop_in_place(&raw mut (*inner).hook);
            ptr::drop_in_place(&raw mut (*inner).epoch);
            ptr::drop_in_place(&raw mut (*inner).function_hook);
            #[cfg(feature = "debug")]
            ptr::drop_in_place(&raw mut (*inner).debug);
            let host = (&raw mut (*inner).host).read();
            drop(Box::from_raw(inner.cast::<MaybeUninit<StoreInner<T>>>()));
            host.data
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.inner().engine()
    }

    /// Sets the limiter that decides how much the code of this store may use. The function is given
    /// the data and returns the limiter in it.
    pub fn limiter(
        &mut self,
        mut limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        let inner = self.inner_mut();
        let limits = limiter(&mut inner.host.data);
        let (instances, tables, memories) =
            (limits.instances(), limits.tables(), limits.memories());
        let total_memory_size = limits.total_memory_size();
        inner.opaque.limits.set(instances, tables, memories);
        inner.opaque.vm.set_memory_limit(total_memory_size);
        inner.host.limiter = Some(Box::new(limiter));
    }

    #[inline]
    pub(crate) fn inner(&self) -> &StoreInner<T> {
        // SAFETY: the store owns it.
        unsafe { self.inner.as_ref() }
    }

    #[inline]
    pub(crate) fn inner_mut(&mut self) -> &mut StoreInner<T> {
        // SAFETY: the store owns it.
        unsafe { self.inner.as_mut() }
    }
}

impl<T: 'static> Drop for Store<T> {
    fn drop(&mut self) {
        // SAFETY: made by a box, and not used any more.
        drop(unsafe { Box::from_raw(self.inner.as_ptr()) });
    }
}

impl<T: Default> Default for Store<T> {
    fn default() -> Self {
        Store::new(&Engine::default(), T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("data", self.data()).finish_non_exhaustive()
    }
}

impl<T: 'static> StoreInner<T> {
    #[inline]
    pub(crate) fn data(&self) -> &T {
        &self.host.data
    }

    #[inline]
    pub(crate) fn data_mut(&mut self) -> &mut T {
        &mut self.host.data
    }

    /// The parts that are used together when something grows: the store's content, and the host's
    /// part that decides.
    pub(crate) fn opaque_and_host(&mut self) -> (&mut StoreOpaque, &mut dyn StoreHost) {
        (&mut self.opaque, &mut self.host)
    }

    /// The context, made ready for a call that may come back to the store through it. While the
    /// call lasts, nothing else of this borrow may be used.
    #[inline(always)]
    pub(crate) fn context_for_call(&mut self) -> *mut VMStoreContext {
        let context = self.opaque.vm.context();
        // SAFETY: the store owns its context. The address that is written is the one that is there
        // already; it is written anew so that it is derived from the borrow that the caller holds.
        unsafe { (*context).host_data = ptr::from_mut(self).cast() };
        context
    }

    /// The store that a shim is called for.
    ///
    /// # Safety
    ///
    /// To be called by a shim of a function that belongs to a store with data of type `T`, with the
    /// store's context. The shim uses nothing else of the store while it has the reference.
    #[inline(always)]
    pub(crate) unsafe fn from_context<'a>(context: *mut VMStoreContext) -> &'a mut StoreInner<T> {
        // SAFETY: as the caller promises; what the pointer leads to lives as long as the context.
        unsafe { &mut *(*context).host_data.cast::<StoreInner<T>>() }
    }
}

impl<T: 'static> Deref for StoreInner<T> {
    type Target = StoreOpaque;

    #[inline]
    fn deref(&self) -> &StoreOpaque {
        &self.opaque
    }
}

impl<T: 'static> DerefMut for StoreInner<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut StoreOpaque {
        &mut self.opaque
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn data_comes_back() {
        let shared = Arc::new(5);
        let mut store = Store::new(&Engine::default(), (shared.clone(), 1));
        store.data_mut().1 += 1;
        assert_eq!(store.data().1, 2);
        assert_eq!(store.into_data().1, 2);
        drop(Store::new(&Engine::default(), shared.clone()));
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
