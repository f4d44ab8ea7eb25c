//! Start functions: called by the host, in the name of the instance that was just made.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use super::{Func, into_error};
use crate::error::Result;
use crate::store::{StoreContextMut, StoreInner};
use crate::vm::{HostRecord, ValRaw, call_import};
use crate::watch::call_hook;
use crate::watch::call_hook::{Listed, WasmCall};

/// A start function, which takes and returns nothing.
pub(crate) struct Start {
    pub(super) func: Func,
    /// If it is an imported function of the host: the record of the import, by which the function
    /// finds the instance's exports.
    pub(crate) import: Option<NonNull<HostRecord>>,
}

impl Start {
    /// # Safety
    ///
    /// The function is the start function of an instance, of the store that it will be called
    /// with. The record is that of the instance's import, if it is imported and the host's.
    pub(crate) unsafe fn new(func: Func, import: Option<NonNull<HostRecord>>) -> Self {
        Self { func, import }
    }

    /// Calls the function.
    pub(crate) fn call<T: 'static>(self, store: &mut StoreInner<T>) -> Result<()> {
        let Some(record) = self.import else {
            return self.func.call(StoreContextMut(store), &[], &mut []);
        };
        let call = ImportCall { func: self.func, record };
        if store.watched.calls_are_plain(store, self.func.store) {
            return call.run(store, Listed(&[])).map(|_| ());
        }
        call_hook::enter_wasm(store, self.func.func, Listed(&[]), call).map(|_| ())
    }
}

// SAFETY: the record belongs to the store that the function belongs to, and is only used with a
// borrow of it.
unsafe impl Send for Start {}

/// A call of a function of the host by an import.
struct ImportCall {
    func: Func,
    record: NonNull<HostRecord>,
}

impl<T: 'static> WasmCall<T, Listed<'_>> for ImportCall {
    type Results = Listed<'static>;

    fn run(self, store: &mut StoreInner<T>, _params: Listed<'_>) -> Result<Listed<'static>> {
        store.check_sync()?;
        store.vm.safepoint()?;
        let mut nothing = [ValRaw::ZERO];
        let context = store.context_for_call();
        // SAFETY: the function is of this store, which is borrowed for the call, and bound to the
        // import; it takes and returns nothing.
        let outcome =
            unsafe { call_import(context, self.func.func, self.record, nothing.as_mut_ptr()) };
        match outcome {
            Ok(()) => Ok(Listed(&[])),
            Err(unwind) => Err(into_error(store, unwind)),
        }
    }
}
