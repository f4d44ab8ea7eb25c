//! References as the API shows them.

use super::rooting::GcRef;
use crate::error::Result;
use crate::gate::Gate;
use crate::items::rooting::{GcRefImpl as _, Known, RootIndex};
use crate::items::{AnyRef, ContRef, ExnRef, ExternRef, Func, Rooted, Val};
use crate::store::{AsContext, StoreId, StoreOpaque};
use crate::types::{HeapType, RefType};
use crate::vm::ValRaw;

/// A reference, or the null of its hierarchy.
#[derive(Clone, Copy, Debug)]
pub enum Ref {
    /// A function.
    Func(Option<Func>),
    /// A host value.
    Extern(Option<Rooted<ExternRef>>),
    /// Something internal: an integer, a structure or an array.
    Any(Option<Rooted<AnyRef>>),
    /// An exception.
    Exn(Option<Rooted<ExnRef>>),
    /// A continuation.
    Cont(Option<Rooted<ContRef>>),
}

/// Access to the references of one hierarchy.
macro_rules! hierarchies {
    ($($variant:ident $ty:ty, $is:ident $get:ident $unwrap:ident, $what:literal;)*) => {$(
        #[doc = concat!("Whether it is ", $what, " or the null of these.")]
        pub fn $is(&self) -> bool {
            matches!(self, Ref::$variant(_))
        }

        #[doc = concat!("The reference to ", $what, ", or null, if it is of that hierarchy.")]
        pub fn $get(&self) -> Option<Option<&$ty>> {
            match self {
                Ref::$variant(value) => Some(value.as_ref()),
                _ => None,
            }
        }

        #[doc = concat!("The reference to ", $what, ", or null.")]
        ///
        /// # Panics
        ///
        /// If it is of another hierarchy.
        pub fn $unwrap(&self) -> Option<&$ty> {
            self.$get().unwrap_or_else(|| panic!("expected {}, got {self:?}", $what))
        }
    )*};
}

impl Ref {
    /// The null reference of the hierarchy that a heap type belongs to.
    ///
    /// # Panics
    ///
    /// If references of this hierarchy have no value in the API.
    pub fn null(heap_type: &HeapType) -> Ref {
        match Self::null_of(heap_type) {
            Some(null) => null,
            None => panic!("references of the type `{heap_type}` have no value of the API"),
        }
    }

    /// The null reference of the hierarchy that a heap type belongs to; `None` if references of
    /// this hierarchy have no value in the API.
    pub(super) fn null_of(heap_type: &HeapType) -> Option<Ref> {
        match heap_type.top() {
            HeapType::Func => Some(Ref::Func(None)),
            HeapType::Extern => Some(Ref::Extern(None)),
            HeapType::Any => Some(Ref::Any(None)),
            HeapType::Exn => Some(Ref::Exn(None)),
            HeapType::Cont => Some(Ref::Cont(None)),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        match self {
            Ref::Func(value) => value.is_none(),
            Ref::Extern(value) => value.is_none(),
            Ref::Any(value) => value.is_none(),
            Ref::Exn(value) => value.is_none(),
            Ref::Cont(value) => value.is_none(),
        }
    }

    /// Whether it is not null.
    pub fn is_non_null(&self) -> bool {
        !self.is_null()
    }

    hierarchies! {
        Func Func, is_func as_func unwrap_func, "a function";
        Extern Rooted<ExternRef>, is_extern as_extern unwrap_extern, "a host value";
        Any Rooted<AnyRef>, is_any as_any unwrap_any, "something internal";
        Exn Rooted<ExnRef>, is_exn as_exn unwrap_exn, "an exception";
        Cont Rooted<ContRef>, is_cont as_cont unwrap_cont, "a continuation";
    }

    /// The most precise type of the reference.
    ///
    /// # Errors
    ///
    /// If its handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<RefType> {
        self.type_in(store.as_context().0)
    }

    /// Whether the reference is one of the given type.
    ///
    /// # Errors
    ///
    /// If its handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &RefType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(self);
        store.0.demand(ty);
        Ok(self.type_in(store.0)?.matches(ty))
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> Result<RefType> {
        let heap_type = match self {
            Ref::Func(None) => return Ok(RefType::NULLFUNCREF),
            Ref::Extern(None) => return Ok(RefType::NULLEXTERNREF),
            Ref::Any(None) => return Ok(RefType::NULLREF),
            Ref::Exn(None) => return Ok(RefType::NULLEXNREF),
            Ref::Cont(None) => return Ok(RefType::NULLCONTREF),
            Ref::Func(Some(func)) => HeapType::ConcreteFunc(func.type_in(store)),
            Ref::Extern(Some(value)) => {
                value.index().reference(store)?;
                HeapType::Extern
            }
            Ref::Any(Some(value)) => value.type_in(store)?,
            Ref::Exn(Some(value)) => value.type_in(store)?.into(),
            Ref::Cont(Some(value)) => {
                value.index().reference(store)?;
                HeapType::Cont
            }
        };
        Ok(RefType::new(false, heap_type))
    }

    /// The store that it belongs to, unless it is null.
    pub(super) fn store_id(&self) -> Option<StoreId> {
        match self {
            Ref::Func(func) => func.map(|func| func.store_id()),
            Ref::Extern(value) => value.map(|value| value.store_id()),
            Ref::Any(value) => value.map(|value| value.store_id()),
            Ref::Exn(value) => value.map(|value| value.store_id()),
            Ref::Cont(value) => value.map(|value| value.store_id()),
        }
    }

    /// The reference as calls, tables and globals hold it. It was checked for the store.
    #[inline]
    pub(super) fn to_bits(self, store: &StoreOpaque) -> u64 {
        let index = match self {
            Ref::Func(func) => return func.map_or(0, |func| func.to_reference()),
            Ref::Extern(value) => value.map(|value| value.index()),
            Ref::Any(value) => value.map(|value| value.index()),
            Ref::Exn(value) => value.map(|value| value.index()),
            Ref::Cont(value) => value.map(|value| value.index()),
        };
        index.map_or(0, |index| index.checked_reference(store).into())
    }

    /// Checks that the reference is one of the given canonical type and belongs to the store, and
    /// gives it as tables hold it.
    pub(crate) fn check(self, store: &StoreOpaque, ty: wasm_types::RefType) -> Result<u64> {
        Val::from(self).check(store, wasm_types::ValType::Ref(ty))?;
        Ok(self.to_bits(store))
    }

    /// A reference as tables hold it, by its canonical type.
    ///
    /// # Safety
    ///
    /// The reference is of that type, and from that store.
    #[allow(unsafe_code, reason = "the bits of a reference are what the type says")]
    pub(crate) unsafe fn from_reference(
        store: &mut StoreOpaque,
        bits: u64,
        ty: wasm_types::RefType,
    ) -> Ref {
        let raw = ValRaw::from_u64(bits);
        // SAFETY: as the caller promises.
        let value = unsafe { Val::from_abi(store, raw, wasm_types::ValType::Ref(ty)) };
        value.ref_().expect("a value of a reference type is a reference")
    }

    /// A reference into the heap, by its canonical type.
    pub(super) fn from_root(ty: wasm_types::RefType, index: Option<RootIndex>) -> Ref {
        use wasm_types::HeapType as H;
        match ty.heap.top() {
            H::Any => AnyRef::to_ref(index, Known(())),
            H::Exn => ExnRef::to_ref(index, Known(())),
            H::Cont => ContRef::to_ref(index, Known(())),
            _ => ExternRef::to_ref(index, Known(())),
        }
    }
}

impl From<Func> for Ref {
    fn from(func: Func) -> Ref {
        Ref::Func(Some(func))
    }
}

impl From<Option<Func>> for Ref {
    fn from(func: Option<Func>) -> Ref {
        Ref::Func(func)
    }
}

impl<T: GcRef> From<Rooted<T>> for Ref {
    fn from(value: Rooted<T>) -> Ref {
        T::to_ref(Some(value.index()), Known(()))
    }
}

impl<T: GcRef> From<Option<Rooted<T>>> for Ref {
    fn from(value: Option<Rooted<T>>) -> Ref {
        T::to_ref(value.map(|value| value.index()), Known(()))
    }
}
