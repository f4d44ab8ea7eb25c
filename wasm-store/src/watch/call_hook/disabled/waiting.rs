//! No hooks for calls that may wait.

use std::ptr::NonNull;

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
