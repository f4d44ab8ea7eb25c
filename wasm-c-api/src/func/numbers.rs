//! Functions of numbers only, and of few: their values are words, whose types are looked at once,
//! and calls of them make no lists.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use wasm_runtime::{Caller, Func, FuncType, NumericFunc, Result};

use super::{CCaller, FuncCallback};
use crate::border::Foreign;
use crate::handles::FuncHandle;
use crate::store::{ContextMut, StoreData};
use crate::val::CVal;

/// The kinds of the parameters and results, in this order.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    kinds: [u8; Self::MOST],
    params: u8,
    all: u8,
}

impl Numbers {
    pub(crate) const MOST: usize = 16;

    /// `None` if there is something else than numbers, or too much.
    pub(crate) fn new(ty: &FuncType) -> Option<Self> {
        let (mut kinds, mut all) = ([0; Self::MOST], 0);
        for ty in ty.params().chain(ty.results()) {
            *kinds.get_mut(all)? = CVal::number_kind(&ty)?;
            all += 1;
        }
        Some(Self { kinds, params: ty.params().len() as u8, all: all as u8 })
    }

    fn params(&self) -> &[u8] {
        &self.kinds[..usize::from(self.params)]
    }

    fn results(&self) -> &[u8] {
        &self.kinds[usize::from(self.params)..usize::from(self.all)]
    }
}

/// A callback of C as a host function that takes words. The data is freed with it.
pub(crate) fn numeric_function(
    callback: FuncCallback,
    foreign: Foreign,
    numbers: Numbers,
) -> impl Fn(Caller<'_, StoreData>, &mut [u64]) -> Result<()> + Send + Sync + 'static {
    move |caller, words| {
        // All of it, so that it is freed with the function.
        let foreign = &foreign;
        let mut values = [const { MaybeUninit::uninit() }; Numbers::MOST];
        let (params, results) = (numbers.params(), numbers.results());
        let (c_params, c_results) =
            values[..params.len() + results.len()].split_at_mut(params.len());
        for ((param, word), kind) in c_params.iter_mut().zip(&*words).zip(params) {
            param.write(CVal::number(*kind, *word));
        }
        c_results.iter_mut().for_each(|result| _ = result.write(CVal::ZERO));
        let trap = callback(
            foreign.data,
            &mut CCaller { caller },
            c_params.as_ptr().cast(),
            c_params.len(),
            c_results.as_mut_ptr().cast(),
            c_results.len(),
        );
        let mut outcome = trap.map_or(Ok(()), |trap| Err(trap.into_error()));
        for ((word, result), kind) in words.iter_mut().zip(c_results).zip(results) {
            // SAFETY: it was written above.
            let result = unsafe { result.assume_init_mut() };
            match result.word(*kind) {
                Some(bits) => *word = bits,
                None => {
                    outcome = outcome.and_then(|()| Err(result.mismatch(*kind)));
                    // What is no number was given away all the same.
                    result.unroot();
                }
            }
        }
        outcome
    }
}

/// The functions that C has called last in a store, with what is known of their types.
#[derive(Default)]
pub(crate) struct Calls(Vec<Option<Known>>);

#[derive(Clone, Copy)]
struct Known {
    func: Func,
    /// `None` if it is no function of numbers.
    numeric: Option<(NumericFunc, Numbers)>,
}

/// How many functions are known: each has one place, by its address.
const PLACES: usize = 32;

impl Calls {
    fn place(&mut self, func: Func) -> &mut Option<Known> {
        if self.0.is_empty() {
            // Not before the first call, since many stores call nothing.
            self.0.resize(PLACES, None);
        }
        let address = FuncHandle::address(func);
        // Records of functions are some words apart.
        &mut self.0[((address >> 4) ^ (address >> 9)) as usize % PLACES]
    }
}

/// A function as one that is called with words; `None` if it is no such function.
///
/// # Panics
///
/// If it is of another store.
fn numeric(store: &mut ContextMut<'_>, func: Func) -> Option<(NumericFunc, Numbers)> {
    if let Some(known) = store.data_mut().calls.place(func)
        && known.func == func
    {
        return known.numeric;
    }
    let numeric = func.numeric(&*store).zip(Numbers::new(&func.ty(&*store)));
    *store.data_mut().calls.place(func) = Some(Known { func, numeric });
    numeric
}

/// Calls a function of numbers. `false` if it is none, or the values are not those that it takes,
/// so that the call has to be made in another way, or is an error.
///
/// # Safety
///
/// There is room for the results, which need not be initialised.
///
/// # Panics
///
/// If the function is of another store, or a host function that it calls panics.
pub(crate) unsafe fn call(
    store: &mut ContextMut<'_>,
    func: Func,
    params: &[CVal],
    results: *mut CVal,
    result_count: usize,
) -> Result<bool> {
    let Some((func, numbers)) = numeric(store, func) else { return Ok(false) };
    let (param_kinds, result_kinds) = (numbers.params(), numbers.results());
    if params.len() != param_kinds.len() || result_count != result_kinds.len() {
        return Ok(false);
    }
    let mut words = [0; Numbers::MOST];
    for ((word, param), kind) in words.iter_mut().zip(params).zip(param_kinds) {
        let Some(bits) = param.word(*kind) else { return Ok(false) };
        *word = bits;
    }
    func.call(&mut *store, &mut words[..func.slot_count()])?;
    for (index, (word, kind)) in words.iter().zip(result_kinds).enumerate() {
        // SAFETY: as the caller promises.
        unsafe { results.add(index).write(CVal::number(*kind, *word)) };
    }
    Ok(true)
}
