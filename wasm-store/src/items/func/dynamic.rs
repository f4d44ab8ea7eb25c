//! Host functions that take lists of values: their type is a value as well.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::Arc;

use wasm_types::ValType;

use super::host::{HostFunc, host_call};
use super::{INLINE_VALUES, numeric};
use crate::engine::Engine;
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::Val;
use crate::store::{Caller, StoreOpaque};
use crate::types::FuncType;
use crate::vm::{HostRecord, ValRaw};
use crate::watch::call_hook::InArray;

impl HostFunc {
    /// A host function that takes lists of values. If all of them are numbers, compiled code calls
    /// it by the shims of functions that take words, which get them in registers.
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
        let body = Body { ty: ty.clone(), func };
        if numeric::has_only_numbers(&ty) {
            return Self::numeric(ty, move |caller, words| body.run_with_words(caller, words));
        }
        Self::from_shims::<T, _>(ty, Arc::new(body), None, shim::<T, F, false>, || {
            (None, shim::<T, F, true>)
        })
    }
}

/// Any closure that takes lists of values.
type Dynamic<T> = Box<dyn Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync>;

/// A closure behind a pointer. Each type of closures has shims of its own, of some KB in all: those
/// whose calls need not be fast share theirs.
pub(crate) fn boxed<T: 'static>(
    func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
) -> Dynamic<T> {
    Box::new(func)
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
            let read =
                |store: &mut StoreOpaque, place, ty| Val::from_abi(store, *values.add(place), ty);
            body.run(caller, read, |store, place, value, ty| {
                value.check(store, ty)?;
                values.add(place).write(value.to_abi(store));
                Ok(())
            })?;
            Ok(InArray(values))
        });
        outcome.is_some()
    }
}

impl<F> Body<F> {
    /// Runs the closure, whose parameters and results are all numbers, in words.
    fn run_with_words<T>(&self, caller: Caller<'_, T>, words: &mut [u64]) -> Result<()>
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
    {
        let words = Cell::from_mut(words).as_slice_of_cells();
        let read = |_: &mut StoreOpaque, place: usize, ty| number(words[place].get(), ty);
        self.run(caller, read, |store, place, value, ty| {
            // Where the type is another one, this fails.
            let word = word(value, ty).map_or_else(|| value.check(store, ty).map(|()| 0), Ok)?;
            words[place].set(word);
            Ok(())
        })
    }

    /// Runs the closure with the parameters that `read` returns, by their places and types, and
    /// gives its results to `write`, which checks them.
    #[inline(always)]
    fn run<T>(
        &self,
        mut caller: Caller<'_, T>,
        read: impl Fn(&mut StoreOpaque, usize, ValType) -> Val,
        write: impl Fn(&StoreOpaque, usize, &Val, ValType) -> Result<()>,
    ) -> Result<()>
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
    {
        let ty = &self.ty.record().ty;
        let count = ty.params().len() + ty.results().len();
        let mut inline = [const { MaybeUninit::uninit() }; INLINE_VALUES];
        let mut heap = Vec::new();
        let list = match inline.get_mut(..count) {
            Some(list) => list,
            None => {
                heap.resize(count, MaybeUninit::uninit());
                &mut heap[..]
            }
        };
        let (params, results) = list.split_at_mut(ty.params().len());
        for (place, (param, ty)) in params.iter_mut().zip(ty.params()).enumerate() {
            param.write(read(caller.store.0, place, *ty));
        }
        for result in &mut *results {
            result.write(Val::null_func_ref());
        }
        // SAFETY: all of both lists was just written.
        let (params, results) = unsafe { (params.assume_init_ref(), results.assume_init_mut()) };
        caller.store.0.vm.safepoint()?;
        (self.func)(caller.reborrow(), params, results)?;
        for (place, (result, wanted)) in results.iter().zip(ty.results()).enumerate() {
            write(caller.store.0, place, result, *wanted)
                .context("function attempted to return an incompatible value")?;
        }
        Ok(())
    }
}

/// A number of a type, in a word.
#[inline(always)]
fn number(word: u64, ty: ValType) -> Val {
    match ty {
        ValType::I32 => Val::I32(word as i32),
        ValType::I64 => Val::I64(word.cast_signed()),
        ValType::F32 => Val::F32(word as u32),
        _ => Val::F64(word),
    }
}

/// The word of a number; `None` if the value is not a number of the type. As by [`Val::to_abi`],
/// the value is read where it is.
#[inline(always)]
fn word(value: &Val, ty: ValType) -> Option<u64> {
    match (value, ty) {
        (Val::I32(v), ValType::I32) => Some(v.cast_unsigned().into()),
        (Val::I64(v), ValType::I64) => Some(v.cast_unsigned()),
        (Val::F32(v), ValType::F32) => Some((*v).into()),
        (Val::F64(v), ValType::F64) => Some(*v),
        _ => None,
    }
}
