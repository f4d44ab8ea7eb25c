//! Host functions that take words in place of values.

#![allow(unsafe_code)]

use std::sync::Arc;

use super::super::host::{HostFunc, host_call};
use super::{INLINE_VALUES, ResultRegister, bits, check_numbers, classes};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::Func;
use crate::items::func::abi::{Class, params_fit, results_fit};
use crate::store::{AsContextMut, Caller};
use crate::types::FuncType;
use crate::vm::{HostRecord, ValRaw, leave_host};
use crate::watch::call_hook::InSlots;

impl Func {
    /// A function of the host whose type is given as a value, and consists of `i32`, `i64`, `f32`
    /// and `f64` only. It gets words in place of values: its parameters are in the first ones, and
    /// it writes its results there. There are as many words as it has parameters or results,
    /// whichever are more. Floats are their bits; `i32` and `f32` are in the low half, where the
    /// upper half of a parameter is zero, and that of a result is ignored. See [`NumericFunc`] for
    /// an example.
    ///
    /// A call of it from Wasm costs little more than one of a function made by [`Func::wrap`].
    ///
    /// [`NumericFunc`]: crate::NumericFunc
    ///
    /// # Errors
    ///
    /// If there is another type in `ty`, or it is of another engine than the store.
    pub fn new_numeric<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &mut [u64]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Func> {
        let store = store.as_context_mut();
        store.0.admit(&ty)?;
        let host = HostFunc::of_numbers(ty, func)?;
        // SAFETY: the function was made for data of the store's type.
        Ok(unsafe { host.to_func(store.0) })
    }
}

impl HostFunc {
    /// A host function that takes words.
    ///
    /// # Errors
    ///
    /// If there are others than numbers in the type.
    pub(crate) fn of_numbers<T, F>(ty: FuncType, func: F) -> Result<Self>
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &mut [u64]) -> Result<()> + Send + Sync + 'static,
    {
        check_numbers(&ty)?;
        Ok(Self::numeric(ty, func))
    }

    /// A host function that takes words. Its type has been checked.
    pub(in crate::items::func) fn numeric<T, F>(ty: FuncType, func: F) -> Self
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &mut [u64]) -> Result<()> + Send + Sync + 'static,
    {
        Self::of_words::<T, Body<F>, F>(Arc::new(Body::new(&ty, func)), ty)
    }

    /// A host function that takes words, whose shims' data is a `W`. Its type has been checked.
    pub(super) fn of_words<T, W, F>(body: Arc<Body<F>>, ty: FuncType) -> Self
    where
        T: 'static,
        W: Words<T>,
        F: Send + Sync + 'static,
    {
        let registers = body.shape.register_shims::<T, W>();
        debug_assert_eq!(registers.is_some(), ty.record().layout.fits_registers(), "{ty}");
        let (plain, hooked) = registers.unzip();
        Self::from_shims::<T, _>(ty, body, plain, array_shim::<T, W, false>, || {
            (hooked, array_shim::<T, W, true>)
        })
    }
}

/// What the shims' data points to: something that is called with words.
pub(super) trait Words<T: 'static>: 'static {
    /// What is needed of the type.
    fn shape(&self) -> &Shape;

    /// Calls it.
    fn call(&self, caller: Caller<'_, T>, slots: &mut [u64]) -> Result<()>;
}

/// A closure with what is needed of its type.
pub(super) struct Body<F> {
    pub(super) shape: Shape,
    pub(super) func: F,
}

impl<F> Body<F> {
    pub(super) fn new(ty: &FuncType, func: F) -> Self {
        Self { shape: Shape::new(ty), func }
    }
}

impl<T, F> Words<T> for Body<F>
where
    T: 'static,
    F: Fn(Caller<'_, T>, &mut [u64]) -> Result<()> + Send + Sync + 'static,
{
    #[inline(always)]
    fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline(always)]
    fn call(&self, caller: Caller<'_, T>, slots: &mut [u64]) -> Result<()> {
        (self.func)(caller, slots)
    }
}

/// What is needed of the type of a function that takes words.
pub(super) struct Shape {
    params: Box<[Class]>,
    results: Box<[Class]>,
    /// The bits of each word that its parameter has.
    masks: Box<[u64]>,
    /// As `masks`, for signatures that fit in registers, with zeros behind.
    first_masks: [u64; 5],
    /// How many words the closure gets.
    slots: usize,
}

impl Shape {
    fn new(ty: &FuncType) -> Self {
        let ty = &ty.record().ty;
        let masks: Box<[u64]> = ty.params().iter().map(|ty| bits(*ty)).collect();
        let mut first_masks = [0; 5];
        first_masks.iter_mut().zip(&*masks).for_each(|(first, mask)| *first = *mask);
        let classes = |types| classes(types).unwrap_or_default().into_boxed_slice();
        Self {
            params: classes(ty.params()),
            results: classes(ty.results()),
            masks,
            first_masks,
            slots: ty.params().len().max(ty.results().len()),
        }
    }

    /// The shims that take the values in registers, without and with hooks, if they fit there.
    fn register_shims<T: 'static, W: Words<T>>(&self) -> Option<(*const u8, *const u8)> {
        if !params_fit(&self.params) || !results_fit(&self.results) {
            return None;
        }
        Some(if self.results.first() == Some(&Class::Float) {
            (
                register_shim::<T, W, f64, false> as *const u8,
                register_shim::<T, W, f64, true> as *const u8,
            )
        } else if self.params.contains(&Class::Float) {
            (
                register_shim::<T, W, u64, false> as *const u8,
                register_shim::<T, W, u64, true> as *const u8,
            )
        } else {
            (integer_shim::<T, W, false> as *const u8, integer_shim::<T, W, true> as *const u8)
        })
    }
}

/// Runs the closure. Whether it has succeeded; if not, the failure is stored.
///
/// # Safety
///
/// To be called by a shim of a function made for data of type `T` and this body, with its record.
#[inline(always)]
unsafe fn run<T: 'static, W: Words<T>, const HOOKED: bool>(
    record: *mut HostRecord,
    body: &W,
    slots: &mut [u64],
) -> bool {
    // SAFETY: as the caller promises.
    let outcome = unsafe {
        host_call::<T, _, _, HOOKED>(record, InSlots(slots), |caller, slots| {
            caller.store.0.vm.safepoint()?;
            body.call(caller, &mut *slots.0)?;
            Ok(slots)
        })
    };
    outcome.is_some()
}

/// The shim for integers in registers.
///
/// # Safety
///
/// As for other shims: Wasm of the record's store calls it with what the function's type says. The
/// registers that the type has no parameters for hold anything.
unsafe extern "C" fn integer_shim<T: 'static, W: Words<T>, const HOOKED: bool>(
    record: *mut HostRecord,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
) -> u64 {
    // SAFETY: the record is that of a function made with this shim, so that its data is the body.
    // On failure nothing is left to drop.
    unsafe {
        let body = &*(*record).data.cast::<W>();
        let shape = body.shape();
        let [m, n, o, p, q] = shape.first_masks;
        let mut words = [a & m, b & n, c & o, d & p, e & q];
        let Some(slots) = words.get_mut(..shape.slots) else {
            unreachable!("no more than five values of this class are in registers")
        };
        if !run::<T, W, HOOKED>(record, body, slots) {
            leave_host((*record).store);
        }
        words[0]
    }
}

/// A register that a result is returned in.
trait Returned: ResultRegister {
    fn from_bits(bits: u64) -> Self;
}

impl Returned for u64 {
    fn from_bits(bits: u64) -> Self {
        bits
    }
}

impl Returned for f64 {
    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}

/// The shim for numbers in registers.
///
/// # Safety
///
/// As for [`integer_shim`].
#[allow(clippy::too_many_arguments, reason = "one for each register")]
unsafe extern "C" fn register_shim<T: 'static, W: Words<T>, R: Returned, const HOOKED: bool>(
    record: *mut HostRecord,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: f64,
    g: f64,
    h: f64,
    i: f64,
    j: f64,
    k: f64,
    l: f64,
    m: f64,
) -> R {
    // SAFETY: as for integers.
    unsafe {
        let body = &*(*record).data.cast::<W>();
        let shape = body.shape();
        let mut ints = [a, b, c, d, e].into_iter();
        let mut floats = [f, g, h, i, j, k, l, m].into_iter();
        // 13 parameters fit in registers.
        let mut words = [0; 16];
        for ((word, class), mask) in words.iter_mut().zip(&shape.params).zip(&shape.masks) {
            let bits = match class {
                Class::Float => floats.next().map(f64::to_bits),
                _ => ints.next(),
            };
            *word = bits.unwrap_or(0) & mask;
        }
        let Some(slots) = words.get_mut(..shape.slots) else {
            unreachable!("no more than thirteen values are in registers")
        };
        if !run::<T, W, HOOKED>(record, body, slots) {
            leave_host((*record).store);
        }
        R::from_bits(words[0])
    }
}

/// The shim that takes an array.
unsafe extern "C" fn array_shim<T: 'static, W: Words<T>, const HOOKED: bool>(
    record: *mut HostRecord,
    values: *mut ValRaw,
) -> bool {
    // SAFETY: the record is that of a function made with this shim, so that its data is the body;
    // the array holds the parameters and has room for the results.
    unsafe {
        let body = &*(*record).data.cast::<W>();
        let shape = body.shape();
        let mut inline = [0; INLINE_VALUES];
        let mut heap = Vec::new();
        let slots = match inline.get_mut(..shape.slots) {
            Some(slots) => slots,
            None => {
                heap.resize(shape.slots, 0);
                &mut heap[..]
            }
        };
        for (place, (word, mask)) in slots.iter_mut().zip(&shape.masks).enumerate() {
            *word = (*values.add(place)).u64 & mask;
        }
        if !run::<T, W, HOOKED>(record, body, slots) {
            return false;
        }
        for (place, word) in slots.iter().take(shape.results.len()).enumerate() {
            values.add(place).write(ValRaw::from_u64(*word));
        }
        true
    }
}
