//! Host functions that take lists of values: their type is a value as well.

#![allow(unsafe_code)]

use std::sync::Arc;

use super::host::{HostFunc, host_call};
use crate::engine::Engine;
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::Val;
use crate::store::Caller;
use crate::types::FuncType;
use crate::vm::{HostRecord, ValRaw};
use crate::watch::call_hook::InArray;

impl HostFunc {
    /// A host function that takes lists of values.
    ///
    /// # Panics
    ///
    /// If the type is of another engine.
    pub(crate) fn dynamic<T, F>(engine: &Engine, ty: FuncType, func: F) -> Self
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    {
        engine.demand(&ty);
        Self::from_shims::<T, _>(
            ty.clone(),
            Arc::new(Body { ty, func }),
            None,
            shim::<T, F, false>,
            || (None, shim::<T, F, true>),
        )
    }
}

/// A closure with its type: what the shim's data points to.
struct Body<F> {
    ty: FuncType,
    func: F,
}

/// The shim.
unsafe extern "C" fn shim<T, F, const HOOKED: bool>(
    record: *mut HostRecord,
    values: *mut ValRaw,
) -> bool
where
    T: 'static,
    F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
{
    // SAFETY: the record is that of a function made with this shim; the array holds its parameters
    // and has room for its results.
    unsafe {
        let outcome = host_call::<T, _, _, HOOKED>(record, InArray(values), |caller, _| {
            let body = &*(*record).data.cast::<Body<F>>();
            body.run(caller, values)?;
            Ok(InArray(values))
        });
        outcome.is_some()
    }
}

impl<F> Body<F> {
    /// # Safety
    ///
    /// The array holds the parameters and has room for the results.
    unsafe fn run<T>(&self, mut caller: Caller<'_, T>, values: *mut ValRaw) -> Result<()>
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
    {
        let ty = &self.ty.record().ty;
        // The list is reused from call to call. A nested call finds none, and makes its own.
        let mut list = std::mem::take(&mut caller.store.0.val_storage);
        let count = ty.params().len() + ty.results().len();
        if list.len() < count {
            list.resize(count, Val::null_func_ref());
        }
        let (params, results) = list[..count].split_at_mut(ty.params().len());
        for (place, (param, ty)) in params.iter_mut().zip(ty.params()).enumerate() {
            // SAFETY: as the caller promises.
            *param = unsafe { Val::from_abi(caller.store.0, *values.add(place), *ty) };
        }
        results.fill(Val::null_func_ref());
        caller.store.0.vm.safepoint()?;
        (self.func)(caller.reborrow(), params, results)?;
        for (place, (result, wanted)) in results.iter().zip(ty.results()).enumerate() {
            result
                .check(caller.store.0, *wanted)
                .context("function attempted to return an incompatible value")?;
            // SAFETY: as the caller promises.
            unsafe { values.add(place).write(result.to_abi(caller.store.0)) };
        }
        caller.store.0.val_storage = list;
        Ok(())
    }
}
