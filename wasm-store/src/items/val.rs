//! Values as the API shows them.

use crate::error::Result;
use crate::gate::Gate;
use crate::items::rooting::{GcRef, RootIndex};
use crate::items::{AnyRef, ContRef, ExnRef, ExternRef, Func, Ref, Rooted, V128};
use crate::store::{AsContext, StoreId, StoreOpaque};
use crate::types::{HeapType, ValType, matching};
use crate::vm::{Root, ValRaw};

/// A value of any type.
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float, as its bits.
    F32(u32),
    /// A 64-bit float, as its bits.
    F64(u64),
    /// A 128-bit vector.
    V128(V128),
    /// A reference to a function, or null.
    FuncRef(Option<Func>),
    /// A reference to a host value, or null.
    ExternRef(Option<Rooted<ExternRef>>),
    /// A reference to something internal, or null: an integer, a structure or an array.
    AnyRef(Option<Rooted<AnyRef>>),
    /// A reference to an exception, or null.
    ExnRef(Option<Rooted<ExnRef>>),
    /// A reference to a continuation, or null.
    ContRef(Option<Rooted<ContRef>>),
}

macro_rules! accessors {
    ($($variant:ident $bind:ident $ty:ty, $get:ident $unwrap:ident $value:expr, $what:literal;)*) => {$(
        #[doc = concat!("The value, if it is ", $what, ".")]
        #[inline]
        pub fn $get(&self) -> Option<$ty> {
            match self {
                Val::$variant($bind) => Some($value),
                _ => None,
            }
        }

        #[doc = concat!("The value, which must be ", $what, ".")]
        ///
        /// # Panics
        ///
        /// If it is something else.
        #[inline]
        pub fn $unwrap(&self) -> $ty {
            self.$get().unwrap_or_else(|| panic!("expected {}, got {self:?}", $what))
        }
    )*};
}

impl Val {
    /// The null reference of the hierarchy that a heap type belongs to.
    ///
    /// # Panics
    ///
    /// If references of this hierarchy have no value in the API.
    pub fn null_ref(heap_type: &HeapType) -> Val {
        Ref::null(heap_type).into()
    }

    /// The null reference of functions.
    #[inline]
    pub const fn null_func_ref() -> Val {
        Val::FuncRef(None)
    }

    /// The null reference of host values.
    #[inline]
    pub const fn null_extern_ref() -> Val {
        Val::ExternRef(None)
    }

    /// The null reference of what is internal.
    #[inline]
    pub const fn null_any_ref() -> Val {
        Val::AnyRef(None)
    }

    /// The null reference of exceptions.
    #[inline]
    pub const fn null_exn_ref() -> Val {
        Val::ExnRef(None)
    }

    /// The null reference of continuations.
    #[inline]
    pub const fn null_cont_ref() -> Val {
        Val::ContRef(None)
    }

    /// Zero or null; `None` for a reference that can't be null, or whose hierarchy has no values in
    /// the API.
    pub fn default_for_ty(ty: &ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(V128::from(0)),
            ValType::Ref(ty) if !ty.is_nullable() => return None,
            ValType::Ref(ty) => Ref::null_of(ty.heap_type())?.into(),
        })
    }

    /// The most precise type of the value.
    ///
    /// # Errors
    ///
    /// If it is a reference whose handle has ended.
    ///
    /// # Panics
    ///
    /// If it is a reference of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ValType> {
        self.type_in(store.as_context().0)
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> Result<ValType> {
        Ok(match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(func) => Ref::Func(*func).type_in(store)?.into(),
            Val::ExternRef(value) => Ref::Extern(*value).type_in(store)?.into(),
            Val::AnyRef(value) => Ref::Any(*value).type_in(store)?.into(),
            Val::ExnRef(value) => Ref::Exn(*value).type_in(store)?.into(),
            Val::ContRef(value) => Ref::Cont(*value).type_in(store)?.into(),
        })
    }

    /// Whether the value is one of the given type.
    ///
    /// # Errors
    ///
    /// If it is a reference whose handle has ended.
    ///
    /// # Panics
    ///
    /// If it is a reference of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &ValType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(self);
        store.0.demand(ty);
        Ok(self.type_in(store.0)?.matches(ty))
    }

    accessors! {
        I32 v i32, i32 unwrap_i32 *v, "an i32";
        I64 v i64, i64 unwrap_i64 *v, "an i64";
        F32 v f32, f32 unwrap_f32 f32::from_bits(*v), "an f32";
        F64 v f64, f64 unwrap_f64 f64::from_bits(*v), "an f64";
        V128 v V128, v128 unwrap_v128 *v, "a v128";
        FuncRef v Option<&Func>, funcref unwrap_funcref v.as_ref(), "a function reference";
        ExternRef v Option<&Rooted<ExternRef>>, externref unwrap_externref v.as_ref(),
            "a reference to a host value";
        AnyRef v Option<&Rooted<AnyRef>>, anyref unwrap_anyref v.as_ref(),
            "a reference to something internal";
        ExnRef v Option<&Rooted<ExnRef>>, exnref unwrap_exnref v.as_ref(),
            "a reference to an exception";
        ContRef v Option<&Rooted<ContRef>>, contref unwrap_contref v.as_ref(),
            "a reference to a continuation";
        FuncRef v Option<&Func>, func_ref unwrap_func_ref v.as_ref(), "a function reference";
        ExternRef v Option<&Rooted<ExternRef>>, extern_ref unwrap_extern_ref v.as_ref(),
            "a reference to a host value";
        AnyRef v Option<&Rooted<AnyRef>>, any_ref unwrap_any_ref v.as_ref(),
            "a reference to something internal";
    }

    /// The reference, if it is one.
    pub fn ref_(self) -> Option<Ref> {
        match self {
            Val::FuncRef(func) => Some(Ref::Func(func)),
            Val::ExternRef(value) => Some(Ref::Extern(value)),
            Val::AnyRef(value) => Some(Ref::Any(value)),
            Val::ExnRef(value) => Some(Ref::Exn(value)),
            Val::ContRef(value) => Some(Ref::Cont(value)),
            _ => None,
        }
    }

    /// The value as calls, tables and globals hold it. It was [checked](Self::check) for the store.
    #[inline]
    #[allow(clippy::wrong_self_convention, reason = "a copy of what was just written would wait")]
    pub(crate) fn to_abi(&self, store: &StoreOpaque) -> ValRaw {
        match *self {
            Val::I32(v) => ValRaw::from_u64(u64::from(v.cast_unsigned())),
            Val::I64(v) => ValRaw::from_u64(v.cast_unsigned()),
            Val::F32(v) => ValRaw::from_u64(u64::from(v)),
            Val::F64(v) => ValRaw::from_u64(v),
            Val::V128(v) => ValRaw { v128: v.as_u128() },
            Val::FuncRef(func) => ValRaw::from_u64(Ref::Func(func).to_bits(store)),
            Val::ExternRef(value) => ValRaw::from_u64(Ref::Extern(value).to_bits(store)),
            Val::AnyRef(value) => ValRaw::from_u64(Ref::Any(value).to_bits(store)),
            Val::ExnRef(value) => ValRaw::from_u64(Ref::Exn(value).to_bits(store)),
            Val::ContRef(value) => ValRaw::from_u64(Ref::Cont(value).to_bits(store)),
        }
    }

    /// A value as calls, tables and globals hold it, by its canonical type. References into the
    /// heap get handles in the innermost scope.
    ///
    /// # Safety
    ///
    /// The value is of that type, and from that store.
    #[inline]
    #[allow(unsafe_code, reason = "what the value is, the caller answers for")]
    pub(crate) unsafe fn from_abi(
        store: &mut StoreOpaque,
        raw: ValRaw,
        ty: wasm_types::ValType,
    ) -> Val {
        let id = store.id();
        // SAFETY: as the caller promises.
        unsafe {
            Self::from_abi_with(id, raw, ty, |reference| store.vm.gc.handles.scoped(reference))
        }
    }

    /// As [`from_abi`](Self::from_abi), while collections are put off: handles end when they no
    /// longer are.
    ///
    /// # Safety
    ///
    /// As for that function; collections are put off.
    #[cfg_attr(
        not(any(feature = "call-hook", feature = "function-hook")),
        allow(dead_code, reason = "only hooks read values so")
    )]
    #[allow(unsafe_code, reason = "what the value is, the caller answers for")]
    pub(crate) unsafe fn from_fixed(
        store: &StoreOpaque,
        raw: ValRaw,
        ty: wasm_types::ValType,
    ) -> Val {
        let id = store.id();
        // SAFETY: as the caller promises.
        unsafe {
            Self::from_abi_with(id, raw, ty, |reference| store.vm.gc.handles.fixed(reference))
        }
    }

    /// # Safety
    ///
    /// As for [`from_abi`](Self::from_abi).
    #[inline(always)]
    #[allow(unsafe_code, reason = "reads the field of a union that the type names")]
    unsafe fn from_abi_with(
        store: StoreId,
        raw: ValRaw,
        ty: wasm_types::ValType,
        root: impl FnOnce(u32) -> Root,
    ) -> Val {
        use wasm_types::ValType as T;
        // SAFETY: as the caller promises.
        unsafe {
            match ty {
                T::I32 => Val::I32(raw.i32),
                T::I64 => Val::I64(raw.i64),
                T::F32 => Val::F32(raw.f32),
                T::F64 => Val::F64(raw.f64),
                T::V128 => Val::V128(V128::from(raw.v128)),
                T::Ref(ty) if ty.is_collected() => {
                    // Only the first half of the place is the reference.
                    let reference = raw.f32;
                    let index =
                        (reference != 0).then(|| RootIndex { store, root: root(reference) });
                    Ref::from_root(ty, index).into()
                }
                T::Ref(_) => Val::FuncRef(Func::from_reference(store, raw.u64)),
            }
        }
    }

    /// Checks that the value is one of the given canonical type and belongs to the store.
    #[inline]
    pub(crate) fn check(&self, store: &StoreOpaque, ty: wasm_types::ValType) -> Result<()> {
        use wasm_types::ValType as T;
        match (self, ty) {
            (Val::I32(_), T::I32)
            | (Val::I64(_), T::I64)
            | (Val::F32(_), T::F32)
            | (Val::F64(_), T::F64)
            | (Val::V128(_), T::V128) => Ok(()),
            (value, ty) => value.check_slow(store, ty),
        }
    }

    #[cold]
    fn check_slow(&self, store: &StoreOpaque, ty: wasm_types::ValType) -> Result<()> {
        store.admit(self)?;
        let actual = self.type_in(store)?;
        if matching::val_matches(actual.canonical(), ty, Some(store.engine().types())) {
            return Ok(());
        }
        let wanted = ValType::from_canonical(store.engine(), ty);
        crate::bail!("type mismatch: expected {wanted}, found {actual}")
    }
}

macro_rules! from {
    ($($ty:ty => $variant:ident $value:expr;)*) => {$(
        impl From<$ty> for Val {
            #[inline]
            fn from(value: $ty) -> Val {
                #[allow(clippy::redundant_closure_call)]
                Val::$variant($value(value))
            }
        }
    )*};
}

from! {
    i32 => I32 |v| v;
    i64 => I64 |v| v;
    f32 => F32 f32::to_bits;
    f64 => F64 f64::to_bits;
    u128 => V128 V128::from;
    V128 => V128 |v| v;
    Func => FuncRef Some;
    Option<Func> => FuncRef |v| v;
}

impl From<Ref> for Val {
    #[inline]
    fn from(value: Ref) -> Val {
        match value {
            Ref::Func(func) => Val::FuncRef(func),
            Ref::Extern(value) => Val::ExternRef(value),
            Ref::Any(value) => Val::AnyRef(value),
            Ref::Exn(value) => Val::ExnRef(value),
            Ref::Cont(value) => Val::ContRef(value),
        }
    }
}

impl<T: GcRef> From<Rooted<T>> for Val {
    #[inline]
    fn from(value: Rooted<T>) -> Val {
        Ref::from(value).into()
    }
}

impl<T: GcRef> From<Option<Rooted<T>>> for Val {
    #[inline]
    fn from(value: Option<Rooted<T>>) -> Val {
        Ref::from(value).into()
    }
}
