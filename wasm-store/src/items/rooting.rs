//! Handles to what is in the garbage-collected heap of a store.

mod sealed;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::error::Result;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreId, StoreOpaque};
use crate::vm::Root;

/// What a handle leads to an object by.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RootIndex {
    pub(crate) store: StoreId,
    pub(crate) root: Root,
}

impl RootIndex {
    /// The reference to the object now.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub(crate) fn reference(self, store: &StoreOpaque) -> Result<u32> {
        self.store.assert_is(store.id());
        match store.vm.gc.handles.get(self.root) {
            Some(reference) => Ok(reference),
            None => unrooted(),
        }
    }

    /// The reference to the object of a handle that was found to be valid.
    #[inline]
    pub(crate) fn checked_reference(self, store: &StoreOpaque) -> u32 {
        store.vm.gc.handles.get(self.root).unwrap_or(0)
    }
}

#[cold]
pub(crate) fn unrooted<R>() -> Result<R> {
    crate::bail!("attempted to use a garbage-collected object that has been unrooted")
}

use sealed::RootedGcRef as RootedGcRefImpl;
pub(crate) use sealed::{GcRef as GcRefImpl, Known};

/// A type of references to garbage-collected objects: [`ExternRef`](crate::ExternRef),
/// [`AnyRef`](crate::AnyRef), [`EqRef`](crate::EqRef), [`StructRef`](crate::StructRef),
/// [`ArrayRef`](crate::ArrayRef), [`ExnRef`](crate::ExnRef) and [`ContRef`](crate::ContRef).
pub trait GcRef: GcRefImpl + Copy + Send + Sync + 'static {}

/// Makes a structure with the one field `index` a type of references.
macro_rules! gc_ref {
    ($ty:ident, $heap:expr, Ref::$variant:ident, may_be_concrete: $concrete:literal) => {
        const _: () = {
            use $crate::items::rooting::{GcRefImpl, Known, RootIndex};

            impl GcRefImpl for $ty {
                const HEAP_TYPE: $crate::types::HeapType = $heap;
                const MAY_BE_CONCRETE: bool = $concrete;

                #[inline]
                fn from_index(index: RootIndex, _: Known) -> Self {
                    Self { index }
                }

                #[inline]
                fn index(&self) -> RootIndex {
                    self.index
                }

                fn to_ref(index: Option<RootIndex>, _: Known) -> $crate::items::Ref {
                    $crate::items::Ref::$variant(index.map(Rooted::from_index))
                }
            }
        };

        impl $crate::items::GcRef for $ty {}
    };
}

/// Conversions of handles to handles of supertypes, which end with the former.
macro_rules! upcasts {
    ($from:ident: $($to:ident $method:ident),*) => {
        upcasts!(@ Rooted $from: $($to $method),*);
        upcasts!(@ OwnedRooted $from: $($to $method),*);
    };
    (@ $handle:ident $from:ident: $($to:ident $method:ident),*) => {
        impl $handle<$from> {
            $(
                #[doc = concat!("The same handle, to an [`", stringify!($to), "`].")]
                #[inline]
                pub fn $method(self) -> $handle<$to> {
                    self.cast()
                }
            )*
        }

        $(
            impl From<$handle<$from>> for $handle<$to> {
                #[inline]
                fn from(handle: $handle<$from>) -> Self {
                    handle.cast()
                }
            }
        )*
    };
}

pub(super) use {gc_ref, upcasts};

/// A handle to a garbage-collected object: [`Rooted`] or [`OwnedRooted`].
pub trait RootedGcRef<T: GcRef>: RootedGcRefImpl<T> {}

/// A reference that keeps its object alive until the innermost scope ends: a [`RootScope`], or the
/// host function in which the handle was made. Outside of both, it is kept as long as the store.
///
/// Copies are handles to the same object, and end with it. Whoever uses a handle that has ended
/// gets an error. The object may move, but it stays the same.
///
/// ```
/// use wasm_store::{Engine, ExternRef, RootScope, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let name = {
///     let mut scope = RootScope::new(&mut store);
///     ExternRef::new(&mut scope, "Ada".to_string())?
/// };
/// assert!(name.data(&store).is_err());
/// # Ok(())
/// # }
/// ```
pub struct Rooted<T: GcRef> {
    value: T,
}

impl<T: GcRef> Clone for Rooted<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: GcRef> Copy for Rooted<T> {}

impl<T: GcRef> Rooted<T> {
    pub(crate) fn from_index(index: RootIndex) -> Self {
        Self { value: T::from_index(index, Known(())) }
    }

    /// A handle in the innermost scope to what a reference leads to.
    pub(crate) fn new(store: &mut StoreOpaque, reference: u32) -> Self {
        let root = store.vm.gc.handles.scoped(reference);
        Self::from_index(RootIndex { store: store.id(), root })
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.value.index().store
    }

    /// The handle, to another type of which the object is.
    pub(super) fn cast<U: GcRef>(self) -> Rooted<U> {
        Rooted::from_index(self.value.index())
    }

    /// A new handle in the innermost scope to the object as one of another type, of which it is.
    pub(super) fn converted<U: GcRef>(self, store: &mut StoreOpaque) -> Result<Rooted<U>> {
        let reference = self.value.index().reference(store)?;
        Ok(Rooted::new(store, reference))
    }

    /// A handle to the same object that its owner keeps.
    ///
    /// # Errors
    ///
    /// If this handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn to_owned_rooted(&self, mut store: impl AsContextMut) -> Result<OwnedRooted<T>> {
        let store = store.as_context_mut();
        let reference = self.value.index().reference(store.0)?;
        Ok(OwnedRooted::new(store.0, reference))
    }

    /// Whether both are copies of one handle. Two handles to one object are not: see
    /// [`ref_eq`](Self::ref_eq).
    pub fn rooted_eq(a: Self, b: Self) -> bool {
        a.value.index() == b.value.index()
    }

    /// Whether two handles are to the same object.
    ///
    /// # Errors
    ///
    /// If one of them has ended.
    ///
    /// # Panics
    ///
    /// If one of them is of another store.
    pub fn ref_eq(
        store: impl AsContext,
        a: &impl RootedGcRef<T>,
        b: &impl RootedGcRef<T>,
    ) -> Result<bool> {
        let store = store.as_context();
        Ok(a.root_index().reference(store.0)? == b.root_index().reference(store.0)?)
    }

    /// Hashes the object, as [`ref_eq`](Self::ref_eq) compares it. Objects move, so that the hash
    /// is worth nothing after the next collection.
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn ref_hash<H: Hasher>(&self, store: impl AsContext, state: &mut H) -> Result<()> {
        self.value.index().reference(store.as_context().0)?.hash(state);
        Ok(())
    }

    /// Hashes the handle, as [`rooted_eq`](Self::rooted_eq) compares it.
    pub fn rooted_hash<H: Hasher>(&self, state: &mut H) {
        self.value.index().hash(state);
    }
}

/// A reference that keeps its object alive until it is dropped, with all its clones; or until the
/// store is dropped.
///
/// It costs an allocation, and its object is found to be dead no sooner than at a collection.
pub struct OwnedRooted<T: GcRef> {
    value: T,
    keep: Arc<()>,
}

impl<T: GcRef> Clone for OwnedRooted<T> {
    fn clone(&self) -> Self {
        Self { value: self.value, keep: Arc::clone(&self.keep) }
    }
}

impl<T: GcRef> OwnedRooted<T> {
    /// A handle to what a reference leads to.
    pub(crate) fn new(store: &mut StoreOpaque, reference: u32) -> Self {
        let (root, keep) = store.vm.gc.handles.owned(reference);
        Self { value: T::from_index(RootIndex { store: store.id(), root }, Known(())), keep }
    }

    /// The handle, to another type of which the object is.
    pub(super) fn cast<U: GcRef>(self) -> OwnedRooted<U> {
        OwnedRooted { value: U::from_index(self.value.index(), Known(())), keep: self.keep }
    }

    /// A handle to the same object in the innermost scope.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn to_rooted(&self, mut context: impl AsContextMut) -> Rooted<T> {
        let store = context.as_context_mut();
        let index = self.value.index();
        index.store.assert_is(store.0.id());
        let reference = index.checked_reference(store.0);
        Rooted::new(store.0, reference)
    }

    /// Whether two handles are to the same object.
    ///
    /// # Errors
    ///
    /// If one of them has ended.
    ///
    /// # Panics
    ///
    /// If one of them is of another store.
    pub fn ref_eq(
        store: impl AsContext,
        a: &impl RootedGcRef<T>,
        b: &impl RootedGcRef<T>,
    ) -> Result<bool> {
        Rooted::ref_eq(store, a, b)
    }

    /// Hashes the object: see [`Rooted::ref_hash`].
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn ref_hash<H: Hasher>(&self, store: impl AsContext, state: &mut H) -> Result<()> {
        self.value.index().reference(store.as_context().0)?.hash(state);
        Ok(())
    }

    /// Hashes the handle: clones of one handle have the same hash.
    pub fn rooted_hash<H: Hasher>(&self, state: &mut H) {
        self.value.index().hash(state);
    }
}

/// What both kinds of handles have.
macro_rules! handles {
    ($($handle:ident)*) => {$(
        impl<T: GcRef> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let name = concat!(stringify!($handle), "<_>");
                f.debug_struct(name).field("inner", &self.value.index()).finish()
            }
        }

        impl<T: GcRef> Deref for $handle<T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.value
            }
        }

        impl<T: GcRef> RootedGcRefImpl<T> for $handle<T> {
            fn root_index(&self) -> RootIndex {
                self.value.index()
            }
        }

        impl<T: GcRef> RootedGcRef<T> for $handle<T> {}
    )*};
}

handles! { Rooted OwnedRooted }

/// A scope of handles: all [`Rooted`] that are made in it end with it. It is a borrow of the store.
///
/// Each host function is such a scope of its own. Scopes end in the reverse order of their
/// beginning.
///
/// ```
/// use wasm_store::{Engine, ExternRef, RootScope, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// for number in 0..1000u32 {
///     let mut scope = RootScope::new(&mut store);
///     ExternRef::new(&mut scope, number)?;
/// }
/// // Nothing refers to any of them.
/// store.gc(None)?;
/// # Ok(())
/// # }
/// ```
pub struct RootScope<C: AsContextMut> {
    store: C,
    scope: usize,
}

impl<C: AsContextMut> RootScope<C> {
    /// Begins a scope.
    pub fn new(store: C) -> Self {
        let scope = store.as_context().0.vm.gc.handles.enter();
        Self { store, scope }
    }

    /// Makes room for this many more handles.
    pub fn reserve(&mut self, additional: usize) {
        self.store.as_context_mut().0.vm.gc.handles.reserve(additional);
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().0.vm.gc.handles.leave(self.scope);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}

impl<C: AsContextMut> fmt::Debug for RootScope<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootScope").field("scope", &self.scope).finish_non_exhaustive()
    }
}
