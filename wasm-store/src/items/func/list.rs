//! The traits of lists of values: parameters and results of typed calls, parameters of host
//! functions. The tuples that implement them are in `tuples`.

#![allow(unsafe_code)]

use super::abi::{Abi, Class, RetAbi, bits, params_fit, raw, results_fit};
use super::into_func::WasmRet;
use super::wasm_ty::{Direction, Unfit, WasmTy};
use crate::engine::Engine;
use crate::error::Result;
use crate::items::Ref;
use crate::store::{Caller, StoreOpaque};
use crate::types::ValType;
use crate::vm::ValRaw;

/// The parameters of a [`TypedFunc`](crate::items::TypedFunc): a [`WasmTy`], or a tuple of up to
/// 16.
///
/// # Safety
///
/// Only this crate implements the trait; its hidden items can change.
pub unsafe trait WasmParams: Send {
    /// Where each value travels.
    #[doc(hidden)]
    const CLASSES: &'static [Class];

    /// Whether all values travel in registers, as parameters.
    #[doc(hidden)]
    const FIT: bool = params_fit(Self::CLASSES);

    /// Whether there are references among the values.
    #[doc(hidden)]
    const REFERENCES: bool;

    /// The Wasm types.
    #[doc(hidden)]
    fn valtypes() -> Vec<ValType>;

    #[doc(hidden)]
    fn typecheck(engine: &Engine, types: &[wasm_types::ValType], way: Direction) -> Result<()>;

    /// The values at the border to compiled code.
    #[doc(hidden)]
    type Abis: Copy + Send;

    /// Why one of the values can't be used with a store.
    #[doc(hidden)]
    fn unfit(&self, store: &StoreOpaque) -> Option<Unfit>;

    /// The values at the border to compiled code of a store that they are fit for.
    #[doc(hidden)]
    fn to_abis(&self, store: &StoreOpaque) -> Self::Abis;

    /// Looks at each reference whose type its Rust type does not say, with its place.
    #[doc(hidden)]
    fn check_references(&self, check: &mut dyn FnMut(usize, Ref) -> Result<()>) -> Result<()>;

    /// An array with room for the values.
    #[doc(hidden)]
    type Room: Copy + Send;

    /// Writes the values to an array.
    ///
    /// # Safety
    ///
    /// The array has room for as many values as there are classes.
    #[doc(hidden)]
    unsafe fn write_raw(abis: Self::Abis, values: *mut u128);

    /// Calls compiled code with the values in registers.
    ///
    /// # Safety
    ///
    /// `code` is an entry thunk for a function of this signature, `context` is the first argument
    /// that it takes, ready for the call.
    #[doc(hidden)]
    unsafe fn invoke_registers<R: RetAbi>(abis: Self::Abis, code: *const u8, context: *mut u8)
    -> R;
}

/// The results of a [`TypedFunc`](crate::items::TypedFunc): a [`WasmTy`], or a tuple of up to 16.
///
/// # Safety
///
/// Only this crate implements the trait; its hidden items can change.
pub unsafe trait WasmResults: WasmParams {
    /// The type of the list when it travels in registers.
    #[doc(hidden)]
    type Abi: RetAbi;

    /// Whether all values travel in registers, as results.
    #[doc(hidden)]
    const RESULTS_FIT: bool = results_fit(Self::CLASSES);

    /// # Safety
    ///
    /// The results of a call that returned them in registers, in that store.
    #[doc(hidden)]
    unsafe fn from_registers(abi: Self::Abi, store: &mut StoreOpaque) -> Self;

    /// # Safety
    ///
    /// The array holds the results of a call in that store.
    #[doc(hidden)]
    unsafe fn read_raw(values: *const u128, store: &mut StoreOpaque) -> Self;
}

/// The parameters of a host function, as a tuple.
///
/// # Safety
///
/// Only this crate implements the trait; its hidden items can change.
pub unsafe trait WasmTyList {
    /// Whether all values travel in registers, as parameters.
    #[doc(hidden)]
    const FIT: bool;

    /// The Wasm types.
    fn valtypes() -> impl Iterator<Item = ValType>;

    /// # Safety
    ///
    /// The array holds values of these types, which came from Wasm of that store.
    #[doc(hidden)]
    unsafe fn read_raw(values: *const u128, store: &mut StoreOpaque) -> Self;

    /// The address of the shim that takes the values in registers, for a closure.
    #[doc(hidden)]
    fn register_shim<T, F, R, const HOOKED: bool>() -> *const u8
    where
        T: 'static,
        F: Fn(Caller<'_, T>, Self) -> R + Send + Sync + 'static,
        R: WasmRet,
        Self: Sized;

    /// The same for a closure that returns futures.
    #[cfg(feature = "async")]
    #[doc(hidden)]
    fn waiting_shim<T, F, R>() -> *const u8
    where
        T: 'static,
        F: for<'a> Fn(Caller<'a, T>, Self) -> super::waiting::Waits<'a, R> + Send + Sync + 'static,
        R: WasmRet + 'static,
        Self: Sized + 'static;
}

/// Reads a value of an array.
///
/// # Safety
///
/// `values.add(place)` holds a value of the type, from Wasm of the store.
#[inline(always)]
pub(super) unsafe fn load_one<A: WasmTy>(
    values: *const u128,
    place: usize,
    store: &mut StoreOpaque,
) -> A {
    // SAFETY: as the caller promises; the union and its bits are the same memory.
    unsafe { A::from_abi(A::Abi::from_raw(bits(*values.add(place).cast::<ValRaw>())), store) }
}

/// Writes a value of an array.
///
/// # Safety
///
/// The array has room for a value at that place.
#[inline(always)]
pub(super) unsafe fn store_one<A: Abi>(values: *mut u128, place: usize, value: A) {
    // SAFETY: as the caller promises; the union and its bits are the same memory.
    unsafe { values.add(place).cast::<ValRaw>().write(raw(value.to_raw())) }
}
