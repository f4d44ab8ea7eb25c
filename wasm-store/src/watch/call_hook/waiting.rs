//! Notifying the hooks of a store of calls that may wait. They are notified of the call and of its
//! end, and not of the waiting in between.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use wasm_hooks::CallDirection;

use super::super::{CallValues, Listed};
use super::context::Callee;
use super::select::NO_HOOKS;
use super::stack::{Call, Open, close, open};
use super::{Dispatch, select};
use crate::error::{Error, Result};
use crate::store::StoreInner;
use crate::vm::{FuncRef, HostRecord};

/// Notifies the hooks of a call from the host; `None` if none observes it.
#[inline]
pub(crate) fn open_wasm<T: 'static, P: CallValues>(
    store: &mut StoreInner<T>,
    func: NonNull<FuncRef>,
    params: &P,
) -> Result<Option<Open>> {
    if store.watched.calls_are_plain(store, store.id()) {
        return Ok(None);
    }
    let is_event = store.watched.dispatch == Dispatch::Events;
    let set = if is_event { NO_HOOKS } else { select::of_wasm(store, func) };
    if !is_event && set == NO_HOOKS {
        return Ok(None);
    }
    let call = Call { callee: Callee::Func(func), direction: CallDirection::ToWasm, set };
    open(store, call, params).map(Some)
}

/// Notifies the hooks of a call of a host function; `None` if none observes it.
///
/// # Safety
///
/// The record is the one that a shim of this store was called with.
pub(crate) unsafe fn open_host<T: 'static, P: CallValues, const HOOKED: bool>(
    store: &mut StoreInner<T>,
    record: *const HostRecord,
    params: &P,
) -> Result<Option<Open>> {
    if !HOOKED {
        return Ok(None);
    }
    let set = match store.watched.dispatch {
        Dispatch::Events => NO_HOOKS,
        // SAFETY: as the caller promises.
        _ => unsafe { select::of_host(store, record) },
    };
    let call = Call { callee: Callee::Host(record), direction: CallDirection::ToHost, set };
    open(store, call, params).map(Some)
}

/// Notifies the hooks of a call that it is given up. What they return is of no interest.
pub(crate) fn abandon<T: 'static>(store: &mut StoreInner<T>, open: Open, panicked: bool) {
    let outcome = if panicked {
        Err(Box::new("the call has panicked") as _)
    } else {
        Ok(Err(Error::msg("the call was dropped before it was over")))
    };
    let _ =
        catch_unwind(AssertUnwindSafe(|| close::<T, Listed<'_>>(store, open, outcome).map(|_| ())));
}
