//! Values as arrays of arguments and results have them, for calls that check nothing: what
//! [`Func::call_unchecked`] takes and [`Func::new_unchecked`] gives.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fmt;

use crate::error::Result;
use crate::gate::Gate;
use crate::items::rooting::GcRefImpl;
use crate::items::{AnyRef, ExnRef, ExternRef, Func, Rooted, Val};
use crate::store::AsContextMut;
use crate::types::ValType;
use crate::vm;

/// A value without its type: 16 bytes, of which a value has as many as its type needs, the lowest
/// first. Who reads it has to know what it is.
///
/// Numbers of 32 and 64 bits fill what is behind them with zeros. References are what
/// [`Func::to_raw`], [`ExternRef::to_raw`], [`AnyRef::to_raw`] and [`ExnRef::to_raw`] give, and
/// zero is null. Those to objects are valid until the next collection.
///
/// ```
/// use wasm_store::ValRaw;
///
/// assert_eq!(ValRaw::i32(-1).get_u64(), 0xffff_ffff);
/// assert_eq!(f32::from_bits(ValRaw::f32(1.5_f32.to_bits()).get_f32()), 1.5);
/// ```
// As in Wasmtime's C API, the alignment is that of a word. Each half is little-endian.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct ValRaw {
    low: u64,
    high: u64,
}

/// Pairs of functions that make a value, and read it.
macro_rules! fields {
    ($($set:ident $get:ident $ty:ty, $what:literal, $into:expr, $from:expr;)*) => {$(
        #[doc = concat!("Holds ", $what, ".")]
        #[inline]
        pub fn $set(value: $ty) -> ValRaw {
            let into: fn($ty) -> u64 = $into;
            ValRaw { low: into(value).to_le(), high: 0 }
        }

        #[doc = concat!("Reads ", $what, ".")]
        #[inline]
        pub fn $get(&self) -> $ty {
            let from: fn(u64) -> $ty = $from;
            from(u64::from_le(self.low))
        }
    )*};
}

impl ValRaw {
    /// The null of every type of references, and the zero of every type of numbers.
    #[inline]
    pub fn null() -> ValRaw {
        ValRaw { low: 0, high: 0 }
    }

    fields! {
        i32 get_i32 i32, "an `i32`", |value| value.cast_unsigned().into(), |bits| bits as i32;
        u32 get_u32 u32, "an `i32`, without a sign", u64::from, |bits| bits as u32;
        i64 get_i64 i64, "an `i64`", i64::cast_unsigned, u64::cast_signed;
        u64 get_u64 u64, "an `i64`, without a sign", |value| value, |bits| bits;
        f32 get_f32 u32, "an `f32`, as its bits", u64::from, |bits| bits as u32;
        f64 get_f64 u64, "an `f64`, as its bits", |value| value, |bits| bits;
        funcref get_funcref *mut c_void, "a reference to a function",
            |value| value.expose_provenance() as u64,
            |bits| std::ptr::with_exposed_provenance_mut(bits as usize);
        externref get_externref u32, "a reference to a host value", u64::from, |bits| bits as u32;
        anyref get_anyref u32, "a reference to something internal", u64::from, |bits| bits as u32;
        exnref get_exnref u32, "a reference to an exception", u64::from, |bits| bits as u32;
    }

    /// Holds a `v128`.
    #[inline]
    pub fn v128(value: u128) -> ValRaw {
        ValRaw { low: (value as u64).to_le(), high: ((value >> 64) as u64).to_le() }
    }

    /// Reads a `v128`.
    #[inline]
    pub fn get_v128(&self) -> u128 {
        u128::from(u64::from_le(self.low)) | u128::from(u64::from_le(self.high)) << 64
    }
}

impl fmt::Debug for ValRaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValRaw({:#x})", self.get_v128())
    }
}

impl Val {
    /// The value without its type.
    ///
    /// # Errors
    ///
    /// If it is a reference whose handle has ended.
    ///
    /// # Panics
    ///
    /// If it is a reference of another store.
    pub fn to_raw(&self, mut store: impl AsContextMut) -> Result<ValRaw> {
        let store = store.as_context_mut();
        store.0.demand(self);
        // A handle that has ended has no reference.
        self.type_in(store.0)?;
        // SAFETY: every bit pattern is a value of every field.
        Ok(ValRaw::v128(unsafe { self.to_abi(store.0).v128 }))
    }

    /// The value of the given type. A reference to an object gets a handle in the innermost scope.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    ///
    /// # Safety
    ///
    /// `raw` holds a value of that type. If it is a reference, it is one of this store, and one to
    /// an object was given to the host since the last collection.
    pub unsafe fn from_raw(mut store: impl AsContextMut, raw: ValRaw, ty: ValType) -> Val {
        let store = store.as_context_mut();
        store.0.demand(&ty);
        let raw = vm::ValRaw { v128: raw.get_v128() };
        // SAFETY: as the caller promises.
        unsafe { Val::from_abi(store.0, raw, ty.canonical()) }
    }
}

impl Func {
    /// The function as [`ValRaw::funcref`] takes it.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn to_raw(&self, mut store: impl AsContextMut) -> *mut c_void {
        self.store_id().assert_is(store.as_context_mut().0.id());
        self.pointer().as_ptr().cast()
    }

    /// The function that [`ValRaw::get_funcref`] has read; `None` for null.
    ///
    /// # Safety
    ///
    /// `raw` is null, or a reference to a function of this store.
    pub unsafe fn from_raw(mut store: impl AsContextMut, raw: *mut c_void) -> Option<Func> {
        let id = store.as_context_mut().0.id();
        // SAFETY: as the caller promises.
        unsafe { Func::from_reference(id, raw.expose_provenance() as u64) }
    }
}

/// References to objects, as numbers.
macro_rules! objects {
    ($($ty:ident $field:literal;)*) => {$(
        impl $ty {
            #[doc = concat!("The reference as [`ValRaw::", $field, "`] takes it. It is valid until \
                the next collection.")]
            ///
            /// # Errors
            ///
            /// If the handle has ended.
            ///
            /// # Panics
            ///
            /// If it is of another store.
            pub fn to_raw(&self, mut store: impl AsContextMut) -> Result<u32> {
                self.index().reference(store.as_context_mut().0)
            }

            #[doc = concat!("A handle in the innermost scope to what [`ValRaw::get_", $field, "`] \
                has read; `None` for null.")]
            ///
            /// # Safety
            ///
            /// `raw` is zero, or a reference of this type to an object of this store that was given
            /// to the host since the last collection.
            pub unsafe fn from_raw(
                mut store: impl AsContextMut,
                raw: u32,
            ) -> Option<Rooted<$ty>> {
                let store = store.as_context_mut();
                (raw != 0).then(|| Rooted::new(store.0, raw))
            }
        }
    )*};
}

objects! {
    ExternRef "externref";
    AnyRef "anyref";
    ExnRef "exnref";
}
