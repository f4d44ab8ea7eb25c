//! Values and references as the API shows them.

use crate::error::Result;
use crate::gate::Gate;
use crate::items::rooting::{GcRefImpl as _, RootIndex};
use crate::items::{ExternRef, Func, Rooted};
use crate::store::{AsContext, StoreId, StoreOpaque};
use crate::types::{HeapType, RefType, ValType, matching};
use crate::vm::ValRaw;

/// A 128-bit vector, as the little-endian number of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C, align(16))]
pub struct V128(u128);

impl V128 {
    /// The vector as a number.
    #[inline]
    pub fn as_u128(&self) -> u128 {
        self.0
    }
}

impl From<u128> for V128 {
    #[inline]
    fn from(value: u128) -> Self {
        V128(value)
    }
}

impl From<V128> for u128 {
    fn from(value: V128) -> Self {
        value.0
    }
}

impl std::fmt::Debug for V128 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "V128({:#034x})", self.0)
    }
}

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

    /// Zero or null; `None` for a reference that can't be null, or whose hierarchy has no values in
    /// the API.
    pub fn default_for_ty(ty: &ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(V128(0)),
            ValType::Ref(ty) if !ty.is_nullable() => return None,
            ValType::Ref(ty) => match ty.heap_type().top() {
                HeapType::Func => Val::FuncRef(None),
                HeapType::Extern => Val::ExternRef(None),
                _ => return None,
            },
        })
    }

    /// The most precise type of the value.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If it is a reference of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ValType> {
        Ok(self.type_in(store.as_context().0))
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> ValType {
        match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(func) => ValType::Ref(Ref::Func(*func).type_in(store)),
            Val::ExternRef(value) => ValType::Ref(Ref::Extern(*value).type_in(store)),
        }
    }

    /// Whether the value is one of the given type.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If it is a reference of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &ValType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(self);
        store.0.demand(ty);
        Ok(self.type_in(store.0).matches(ty))
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
    }

    /// The reference, if it is one.
    pub fn ref_(self) -> Option<Ref> {
        match self {
            Val::FuncRef(func) => Some(Ref::Func(func)),
            Val::ExternRef(value) => Some(Ref::Extern(value)),
            _ => None,
        }
    }

    /// The value as calls, tables and globals hold it. It was [checked](Self::check) for the store.
    #[inline]
    pub(crate) fn to_raw(self, store: &StoreOpaque) -> ValRaw {
        match self {
            Val::I32(v) => ValRaw::from_u64(u64::from(v.cast_unsigned())),
            Val::I64(v) => ValRaw::from_u64(v.cast_unsigned()),
            Val::F32(v) => ValRaw::from_u64(u64::from(v)),
            Val::F64(v) => ValRaw::from_u64(v),
            Val::V128(v) => ValRaw { v128: v.0 },
            Val::FuncRef(func) => ValRaw::from_u64(func.map_or(0, |func| func.to_reference())),
            Val::ExternRef(value) => ValRaw::from_u64(reference_of(value, store)),
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
    pub(crate) unsafe fn from_raw(
        store: &mut StoreOpaque,
        raw: ValRaw,
        ty: wasm_types::ValType,
    ) -> Val {
        let id = store.id();
        // SAFETY: as the caller promises.
        unsafe { Self::from_raw_with(id, raw, ty, |reference| Rooted::new(store, reference)) }
    }

    /// As [`from_raw`](Self::from_raw), while collections are put off: handles end when they no
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
        let handle = |reference| {
            let root = store.vm.gc.handles.fixed(reference);
            Rooted::from_index(RootIndex { store: id, root })
        };
        // SAFETY: as the caller promises.
        unsafe { Self::from_raw_with(id, raw, ty, handle) }
    }

    /// # Safety
    ///
    /// As for [`from_raw`](Self::from_raw).
    #[inline(always)]
    #[allow(unsafe_code, reason = "reads the field of a union that the type names")]
    unsafe fn from_raw_with(
        store: StoreId,
        raw: ValRaw,
        ty: wasm_types::ValType,
        handle: impl FnOnce(u32) -> Rooted<ExternRef>,
    ) -> Val {
        use wasm_types::ValType as T;
        // SAFETY: as the caller promises.
        unsafe {
            match ty {
                T::I32 => Val::I32(raw.i32),
                T::I64 => Val::I64(raw.i64),
                T::F32 => Val::F32(raw.f32),
                T::F64 => Val::F64(raw.f64),
                T::V128 => Val::V128(V128(raw.v128)),
                T::Ref(ty) if ty.is_collected() => {
                    // Only the first half of the place is the reference.
                    let reference = raw.f32;
                    Val::ExternRef((reference != 0).then(|| handle(reference)))
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
        if let Val::ExternRef(Some(value)) = self {
            value.index().reference(store)?;
        }
        let actual = self.type_in(store);
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
    u128 => V128 V128;
    V128 => V128 |v| v;
    Func => FuncRef Some;
    Option<Func> => FuncRef |v| v;
    Rooted<ExternRef> => ExternRef Some;
    Option<Rooted<ExternRef>> => ExternRef |v| v;
}

impl From<Ref> for Val {
    #[inline]
    fn from(value: Ref) -> Val {
        match value {
            Ref::Func(func) => Val::FuncRef(func),
            Ref::Extern(value) => Val::ExternRef(value),
        }
    }
}

/// A reference, or the null of its hierarchy.
#[derive(Clone, Copy, Debug)]
pub enum Ref {
    /// A function.
    Func(Option<Func>),
    /// A host value.
    Extern(Option<Rooted<ExternRef>>),
}

impl Ref {
    /// The null reference of the hierarchy that a heap type belongs to.
    ///
    /// # Panics
    ///
    /// If references of this hierarchy have no value in the API.
    pub fn null(heap_type: &HeapType) -> Ref {
        match heap_type.top() {
            HeapType::Func => Ref::Func(None),
            HeapType::Extern => Ref::Extern(None),
            other => panic!("references of the type `{other}` have no value of the API"),
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None))
    }

    /// Whether it is not null.
    pub fn is_non_null(&self) -> bool {
        !self.is_null()
    }

    /// Whether it is of the hierarchy of functions.
    pub fn is_func(&self) -> bool {
        matches!(self, Ref::Func(_))
    }

    /// The function or null, if it is of that hierarchy.
    pub fn as_func(&self) -> Option<Option<&Func>> {
        match self {
            Ref::Func(func) => Some(func.as_ref()),
            Ref::Extern(_) => None,
        }
    }

    /// The function or null.
    ///
    /// # Panics
    ///
    /// If it is of another hierarchy.
    pub fn unwrap_func(&self) -> Option<&Func> {
        self.as_func().expect("Ref::unwrap_func on a reference to a host value")
    }

    /// Whether it is of the hierarchy of host values.
    pub fn is_extern(&self) -> bool {
        matches!(self, Ref::Extern(_))
    }

    /// The host value or null, if it is of that hierarchy.
    pub fn as_extern(&self) -> Option<Option<&Rooted<ExternRef>>> {
        match self {
            Ref::Extern(value) => Some(value.as_ref()),
            Ref::Func(_) => None,
        }
    }

    /// The host value or null.
    ///
    /// # Panics
    ///
    /// If it is of another hierarchy.
    pub fn unwrap_extern(&self) -> Option<&Rooted<ExternRef>> {
        self.as_extern().expect("Ref::unwrap_extern on a reference to a function")
    }

    /// The most precise type of the reference.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<RefType> {
        Ok(self.type_in(store.as_context().0))
    }

    /// Whether the reference is one of the given type.
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// If it is of another store, or the type is of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &RefType) -> Result<bool> {
        let store = store.as_context();
        store.0.demand(self);
        store.0.demand(ty);
        Ok(self.type_in(store.0).matches(ty))
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> RefType {
        match self {
            Ref::Func(None) => RefType::new(true, HeapType::NoFunc),
            Ref::Func(Some(func)) => {
                RefType::new(false, HeapType::ConcreteFunc(func.type_in(store)))
            }
            Ref::Extern(None) => RefType::new(true, HeapType::NoExtern),
            Ref::Extern(Some(value)) => {
                value.store_id().assert_is(store.id());
                RefType::new(false, HeapType::Extern)
            }
        }
    }

    /// Checks that the reference is one of the given canonical type and belongs to the store, and
    /// gives it as tables hold it.
    pub(crate) fn check(self, store: &StoreOpaque, ty: wasm_types::RefType) -> Result<u64> {
        let value = Val::from(self);
        value.check(store, wasm_types::ValType::Ref(ty))?;
        Ok(match self {
            Ref::Func(func) => func.map_or(0, |func| func.to_reference()),
            Ref::Extern(value) => reference_of(value, store),
        })
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
        let value = unsafe { Val::from_raw(store, raw, wasm_types::ValType::Ref(ty)) };
        value.ref_().expect("a value of a reference type is a reference")
    }
}

/// A reference to a host value as calls, tables and globals hold it. It was checked for the store.
fn reference_of(value: Option<Rooted<ExternRef>>, store: &StoreOpaque) -> u64 {
    value.map_or(0, |value| value.index().checked_reference(store).into())
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

impl From<Rooted<ExternRef>> for Ref {
    fn from(value: Rooted<ExternRef>) -> Ref {
        Ref::Extern(Some(value))
    }
}

impl From<Option<Rooted<ExternRef>>> for Ref {
    fn from(value: Option<Rooted<ExternRef>>) -> Ref {
        Ref::Extern(value)
    }
}
