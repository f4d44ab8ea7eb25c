//! The traits that a Rust closure must meet to become a host function. The code for each number of
//! parameters is in `tuples`.

#![allow(unsafe_code)]

use super::abi::RetAbi;
use super::wasm_ty::Unfit;
use crate::engine::Engine;
use crate::error::Result;
use crate::items::{HostFunc, unrooted};
use crate::store::StoreOpaque;
use crate::types::ValType;

/// What a host function may return: a [`WasmTy`](crate::items::WasmTy), a tuple of up to 16,
/// nothing, or a [`Result`] of these.
///
/// # Safety
///
/// Only this crate implements the trait; its hidden items can change.
pub unsafe trait WasmRet {
    /// The type of the value when it travels in registers.
    #[doc(hidden)]
    type Abi: RetAbi;

    /// Whether it travels in registers.
    #[doc(hidden)]
    const FIT: bool;

    /// The Wasm types.
    #[doc(hidden)]
    fn valtypes() -> Vec<ValType>;

    /// The value as it travels in registers, for Wasm of the store.
    #[doc(hidden)]
    fn into_registers(self, store: &StoreOpaque) -> Result<Self::Abi>;

    /// Writes the value to an array, for Wasm of the store.
    ///
    /// # Safety
    ///
    /// The array has room for as many values as there are types.
    #[doc(hidden)]
    unsafe fn write_raw(self, store: &StoreOpaque, values: *mut u128) -> Result<()>;
}

// SAFETY: a result that is a value travels as that value, and an error does not travel at all.
unsafe impl<R: WasmRet> WasmRet for Result<R> {
    type Abi = R::Abi;
    const FIT: bool = R::FIT;

    fn valtypes() -> Vec<ValType> {
        R::valtypes()
    }

    #[inline(always)]
    fn into_registers(self, store: &StoreOpaque) -> Result<R::Abi> {
        self.and_then(|value| value.into_registers(store))
    }

    #[inline(always)]
    unsafe fn write_raw(self, store: &StoreOpaque, values: *mut u128) -> Result<()> {
        // SAFETY: as the caller promises.
        self.and_then(|value| unsafe { value.write_raw(store, values) })
    }
}

/// Checks that what a host function returns can be used with the store it was called from.
#[inline(always)]
pub(super) fn check_fit(unfit: Option<Unfit>) -> Result<()> {
    match unfit {
        None => Ok(()),
        Some(unfit) => refuse(unfit),
    }
}

#[cold]
fn refuse(unfit: Unfit) -> Result<()> {
    match unfit {
        Unfit::OtherStore => crate::bail!(
            "host function attempted to return cross-`Store` value to Wasm: a reference of another store"
        ),
        Unfit::Unrooted => unrooted(),
    }
}

/// A Rust closure that can become a host function: see [`Func::wrap`](crate::items::Func::wrap).
pub trait IntoFunc<T, Params, Results>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_func(self, engine: &Engine) -> HostFunc;
}
