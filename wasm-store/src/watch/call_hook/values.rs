//! The values of a call, in the forms in which calls have them. They are only read when a hook
//! queries them.

#![allow(unsafe_code)]

use crate::error::Result;
use crate::items::{RetAbi, Val, WasmParams};
use crate::store::{StoreInner, StoreOpaque};
use crate::vm::ValRaw;

/// Values of a call that a hook may read.
#[cfg_attr(not(feature = "call-hook"), allow(dead_code, reason = "only hooks read"))]
pub(crate) trait CallValues {
    /// Writes the values as arrays of arguments hold them.
    ///
    /// # Safety
    ///
    /// The values are of that store. `to` has room for `count` values, which is how many there are.
    unsafe fn write_to(&self, store: &StoreOpaque, to: *mut ValRaw, count: usize);
}

/// A call into Wasm that hooks may observe. It is not a closure, so that each way of notifying
/// hooks can have the whole call inlined.
#[cfg_attr(
    not(feature = "call-hook"),
    allow(dead_code, reason = "only calls with hooks are made so")
)]
pub(crate) trait WasmCall<T: 'static, P> {
    /// The type of the results of the call.
    type Results: CallValues;

    /// Makes the call, with its parameters.
    fn run(self, store: &mut StoreInner<T>, params: P) -> Result<Self::Results>;
}

/// Values of a call with static types.
pub(crate) struct Typed<V>(pub(crate) V);

impl<V: WasmParams> CallValues for Typed<V> {
    unsafe fn write_to(&self, store: &StoreOpaque, to: *mut ValRaw, _count: usize) {
        // SAFETY: the array has room for all values, as the caller promises.
        unsafe { V::write_raw(self.0.to_abis(store), to.cast()) };
    }
}

/// Values of a call that are a list.
pub(crate) struct Listed<'a>(pub(crate) &'a [Val]);

impl CallValues for Listed<'_> {
    unsafe fn write_to(&self, store: &StoreOpaque, to: *mut ValRaw, count: usize) {
        for (place, value) in self.0.iter().take(count).enumerate() {
            // SAFETY: the place is one of `count`.
            unsafe { to.add(place).write(value.to_abi(store)) };
        }
    }
}

/// Values of a call in an array of arguments.
pub(crate) struct InArray(pub(crate) *const ValRaw);

impl CallValues for InArray {
    unsafe fn write_to(&self, _store: &StoreOpaque, to: *mut ValRaw, count: usize) {
        // SAFETY: a shim's array holds all values, and is not the array that a hook reads into.
        unsafe { std::ptr::copy_nonoverlapping(self.0, to, count) };
    }
}

/// Values of a call, all of them numbers, in words.
pub(crate) struct InSlots<'a>(pub(crate) &'a mut [u64]);

impl CallValues for InSlots<'_> {
    unsafe fn write_to(&self, _store: &StoreOpaque, to: *mut ValRaw, count: usize) {
        for (place, word) in self.0.iter().take(count).enumerate() {
            // SAFETY: the place is one of `count`.
            unsafe { to.add(place).write(ValRaw::from_u64(*word)) };
        }
    }
}

/// Arguments of a call that came in registers. Implemented for tuples where shims are made.
pub(crate) struct InRegisters<V>(pub(crate) V);

/// The results of a call, in registers.
pub(crate) struct Returned<R>(pub(crate) R);

impl<R: RetAbi> CallValues for Returned<R> {
    unsafe fn write_to(&self, _store: &StoreOpaque, to: *mut ValRaw, _count: usize) {
        // SAFETY: as the caller promises.
        unsafe { self.0.write_raw(to.cast()) };
    }
}
