//! Structures of C whose first byte is a kind, which says what is behind it.
//!
//! C writes them, so the kind can be any number. They are no enums of Rust, but become a reference
//! to one when the kind has been looked at.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use wasm_runtime::Result;

use crate::border::abort;

/// An enum for what such a structure holds.
///
/// # Safety
///
/// It is `repr(C, u8)`, its kinds are those that `is_known` says, and whatever C writes behind a
/// kind is valid for it: pointers may be null unless only this library makes them.
pub(super) unsafe trait Kinds: Clone {
    /// The structure's name in C.
    const NAME: &'static str;

    /// Something without anything to free.
    const NOTHING: Self;

    fn is_known(kind: u8) -> bool;
}

/// A structure of C, which owns what is in it.
#[repr(transparent)]
pub(super) struct Tagged<K: Kinds>(MaybeUninit<K>);

impl<K: Kinds> Tagged<K> {
    pub(super) const NOTHING: Self = Self(MaybeUninit::new(K::NOTHING));

    fn kind(&self) -> u8 {
        // SAFETY: the kind is the first byte, and is written: by `new`, or by C.
        unsafe { self.0.as_ptr().cast::<u8>().read() }
    }

    /// What is in it; an error if there is no such kind.
    pub(super) fn known(&self) -> Result<&K> {
        let kind = self.kind();
        wasm_runtime::ensure!(K::is_known(kind), "there is no kind {kind} of {}", K::NAME);
        // SAFETY: the kind is one of the enum's, and the header says what is behind it.
        Ok(unsafe { self.0.assume_init_ref() })
    }

    /// As [`known`](Self::known), where there is no way to fail.
    pub(super) fn expect(&self, function: &str) -> &K {
        self.known().unwrap_or_else(|error| abort(function, error))
    }
}

impl<K: Kinds> From<K> for Tagged<K> {
    fn from(known: K) -> Self {
        Self(MaybeUninit::new(known))
    }
}

impl<K: Kinds> Clone for Tagged<K> {
    fn clone(&self) -> Self {
        self.expect(K::NAME).clone().into()
    }
}

impl<K: Kinds> Drop for Tagged<K> {
    fn drop(&mut self) {
        // Nobody knows what would have to be freed of others.
        if K::is_known(self.kind()) {
            // SAFETY: as in `known`; it is not used again.
            unsafe { self.0.assume_init_drop() };
        }
    }
}

/// Compares what is in two of them.
pub(super) fn same<K: Kinds + PartialEq>(a: &Tagged<K>, b: &Tagged<K>, function: &str) -> bool {
    a.expect(function) == b.expect(function)
}
