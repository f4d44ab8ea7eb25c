//! No function hooks.

use std::marker::PhantomData;

use crate::error::Error;
use crate::store::{StoreInner, StoreOpaque};
use crate::vm::Unwind;

/// The placeholder for the hook of a store.
pub(crate) struct FunctionHookSlot<T: 'static>(PhantomData<fn(T)>);

impl<T: 'static> Default for FunctionHookSlot<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Makes an error of the reason why a call did not return.
#[inline(always)]
pub(crate) fn into_error<T: 'static>(
    store: &mut StoreInner<T>,
    unwind: Box<Unwind>,
    error_of: impl FnOnce(&mut StoreOpaque, Box<Unwind>) -> Error,
) -> Error {
    error_of(store, unwind)
}
