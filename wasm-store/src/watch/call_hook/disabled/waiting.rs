//! No hooks for calls that may wait.

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::super::CallValues;
use crate::error::Result;
use crate::store::StoreInner;
use crate::vm::{FuncRef, HostRecord};

/// A call that hooks were notified of: there is none.
pub(crate) enum Open {}

/// Notifies the hooks of a call from the host.
pub(crate) fn open_wasm<T: 'static, P: CallValues>(
    _store: &mut StoreInner<T>,
    _func: NonNull<FuncRef>,
    _params: &P,
) -> Result<Option<Open>> {
    Ok(None)
}

/// Notifies the hooks of a call of a host function.
///
/// # Safety
///
/// As with the feature.
#[allow(unsafe_code, reason = "declared as with hooks")]
pub(crate) unsafe fn open_host<T: 'static, P: CallValues, const HOOKED: bool>(
    _store: &mut StoreInner<T>,
    _record: *const HostRecord,
    _params: &P,
) -> Result<Option<Open>> {
    Ok(None)
}

/// Notifies the hooks of a call that it is over.
pub(crate) fn close<T: 'static, R: CallValues>(
    _store: &mut StoreInner<T>,
    open: Open,
    _outcome: std::thread::Result<Result<R>>,
) -> Result<R> {
    match open {}
}

/// Notifies the hooks of a call that it is given up.
pub(crate) fn abandon<T: 'static>(_store: &mut StoreInner<T>, open: Open, _panicked: bool) {
    match open {}
}

/// Whether a store has a hook that may wait.
///
/// # Safety
///
/// As with the feature.
#[inline(always)]
#[allow(unsafe_code, reason = "declared as with hooks")]
pub(crate) unsafe fn waits<T: 'static>(_store: NonNull<StoreInner<T>>) -> bool {
    false
}

/// What a call from the host has to do with the hook that may wait: nothing.
pub(crate) struct Around<'a, T: 'static>(PhantomData<&'a ()>, PhantomData<fn(T)>);

impl<T: 'static> Default for Around<'_, T> {
    fn default() -> Self {
        Self(PhantomData, PhantomData)
    }
}

impl<T: 'static> Around<'_, T> {
    /// Polls a call.
    ///
    /// # Safety
    ///
    /// As with the feature.
    #[allow(unsafe_code, reason = "declared as with hooks")]
    pub(crate) unsafe fn poll(
        &mut self,
        _store: NonNull<StoreInner<T>>,
        context: &mut Context<'_>,
        call: &mut dyn FnMut(&mut Context<'_>) -> Poll<Result<()>>,
    ) -> Poll<Result<()>> {
        call(context)
    }

    /// Drops what waits.
    pub(crate) fn give_up(&mut self) -> std::thread::Result<()> {
        Ok(())
    }
}
