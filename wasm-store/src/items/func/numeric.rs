//! Functions all of whose types are numbers, called with words in place of values: for whoever
//! learns signatures only at run time and calls by them often.

#![allow(unsafe_code)]

#[cfg(feature = "async")]
mod call_async;
mod host;
mod in_context;
#[cfg(feature = "async")]
mod waiting;

pub(crate) use in_context::BoundSet;
pub use in_context::{BoundFuncs, NumericDef, NumericFuncs};
use wasm_types::ValType;

use super::abi::{Class, registers_fit};
use super::{Func, INLINE_VALUES, into_error};
use crate::error::Result;
use crate::store::{AsContext, AsContextMut, StoreInner};
use crate::vm::{FuncTypeRecord, Unwind, VMStoreContext, ValRaw, call_array, enter_registers};
use crate::watch::call_hook;
use crate::watch::call_hook::{InSlots, WasmCall};

/// A function whose parameters and results are `i32`, `i64`, `f32` and `f64` only, made by
/// [`Func::numeric`]. It is called with words in place of values, and as fast as a
/// [`TypedFunc`](crate::TypedFunc), though its type need not be known when the program is compiled.
///
/// ```
/// use wasm_store::{Engine, Func, FuncType, Store, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::F64], [ValType::F64]);
/// let scale = Func::new_numeric(&mut store, ty, |_caller, slots| {
///     slots[0] = (f64::from(slots[0] as u32) * f64::from_bits(slots[1])).to_bits();
///     Ok(())
/// })?;
/// let scale = scale.numeric(&store).expect("only numbers");
/// let mut slots = [20, 2.1_f64.to_bits()];
/// scale.call(&mut store, &mut slots)?;
/// assert_eq!(f64::from_bits(slots[0]), 42.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NumericFunc {
    func: Func,
    way: Way,
    params: u32,
    results: u32,
    /// The bits that the first result has.
    first_result: u64,
}

/// How the function is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// All values are integers and travel in registers.
    Integers,
    /// All values travel in registers; the result is an integer, or there is none.
    IntegerResult,
    /// All values travel in registers; the result is a float.
    FloatResult,
    /// With an array.
    Array,
}

impl Func {
    /// The function as one that is called with words in place of values; `None` if a parameter or
    /// result is not a number: a vector or a reference. The type is looked at once, here.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn numeric(&self, store: impl AsContext) -> Option<NumericFunc> {
        let store = store.as_context();
        self.store.assert_is(store.0.id());
        let ty = &self.record(store.0).ty;
        let (params, floats) = count(ty.params())?;
        let (results, float_results) = count(ty.results())?;
        let fits = registers_fit(params - floats, floats) && results <= 1;
        let way = if self.is_host(store.0) || !fits {
            Way::Array
        } else if float_results > 0 {
            Way::FloatResult
        } else if floats > 0 {
            Way::IntegerResult
        } else {
            Way::Integers
        };
        Some(NumericFunc {
            func: *self,
            way,
            params: u32::try_from(params).ok()?,
            results: u32::try_from(results).ok()?,
            first_result: ty.results().first().map_or(0, |ty| bits(*ty)),
        })
    }
}

impl NumericFunc {
    /// The function, to be called in other ways.
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// How many parameters the function has.
    pub fn param_count(&self) -> usize {
        self.params as usize
    }

    /// How many results the function has.
    pub fn result_count(&self) -> usize {
        self.results as usize
    }

    /// How many words a call needs: for its parameters or for its results, whichever are more.
    #[inline]
    pub fn slot_count(&self) -> usize {
        self.params.max(self.results) as usize
    }

    /// Calls the function. The parameters are read from the first words, and the results written
    /// there: floats as their bits, `i32` and `f32` in the low half. The upper half of such a
    /// parameter is ignored, that of a result is zero. What words hold after a call that failed is
    /// not specified.
    ///
    /// # Errors
    ///
    /// If there are fewer words than [`slot_count`](Self::slot_count), the function traps
    /// ([`Trap`](crate::Trap), with a [`WasmBacktrace`](crate::WasmBacktrace)), or a host function
    /// that it calls returns an error.
    ///
    /// # Panics
    ///
    /// If the function is of another store. If a host function that it calls panics: with that
    /// panic.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, slots: &mut [u64]) -> Result<()> {
        let store = store.as_context_mut();
        // As in typed calls, one comparison answers two questions: whether this is the function's
        // store, and whether hooks observe the call.
        if !store.0.watched.calls_are_plain(store.0, self.func.store) {
            return self.call_hooked(store.0, slots);
        }
        if slots.len() < self.slot_count() {
            return self.too_few(slots.len());
        }
        self.call_in(store.0, slots)
    }

    /// Calls the function as [`call`](NumericFunc::call) does, also in a store with something that
    /// may wait, where calls are otherwise futures: for functions that wait for nothing, such as
    /// those that allocate. If the function comes to a host function that would have to wait, that
    /// is an error.
    ///
    /// # Errors
    ///
    /// As for [`call`](NumericFunc::call).
    ///
    /// # Panics
    ///
    /// As for [`call`](NumericFunc::call).
    #[inline]
    pub fn call_at_once(&self, mut store: impl AsContextMut, slots: &mut [u64]) -> Result<()> {
        let store = store.as_context_mut();
        if !store.0.watched.calls_are_plain(store.0, self.func.store) {
            return self.call_at_once_hooked(store.0, slots);
        }
        if slots.len() < self.slot_count() {
            return self.too_few(slots.len());
        }
        self.call_at_once_in(store.0, slots)
    }

    #[cold]
    #[inline(never)]
    fn call_at_once_hooked<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        slots: &mut [u64],
    ) -> Result<()> {
        self.func.store.assert_is(store.id());
        if slots.len() < self.slot_count() {
            return self.too_few(slots.len());
        }
        call_hook::enter_wasm(store, self.func.func, InSlots(slots), AtOnce(self)).map(|_| ())
    }

    /// Calls the function and notifies hooks, after a check that it is of this store.
    #[cold]
    #[inline(never)]
    fn call_hooked<T: 'static>(&self, store: &mut StoreInner<T>, slots: &mut [u64]) -> Result<()> {
        self.func.store.assert_is(store.id());
        if slots.len() < self.slot_count() {
            return self.too_few(slots.len());
        }
        call_hook::enter_wasm(store, self.func.func, InSlots(slots), self).map(|_| ())
    }

    #[cold]
    #[inline(never)]
    fn too_few(&self, given: usize) -> Result<()> {
        crate::bail!(
            "the call needs {} words for {} parameters and {} results, and was given {given}",
            self.slot_count(),
            self.params,
            self.results
        )
    }

    /// Calls the function, which is of this store, with as many words as it needs.
    #[inline(always)]
    fn call_in<T: 'static>(&self, store: &mut StoreInner<T>, slots: &mut [u64]) -> Result<()> {
        store.check_sync()?;
        self.enter(store, slots)
    }

    /// As [`call_in`](Self::call_in), where a host function that would have to wait fails.
    #[inline(always)]
    fn call_at_once_in<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        slots: &mut [u64],
    ) -> Result<()> {
        // Wasm that comes to such a function finds that nothing waits for it. One that the host
        // calls itself has no such check, as it takes a future for granted.
        // SAFETY: the function lives as long as its store, which is borrowed.
        #[cfg(feature = "async")]
        if unsafe { self.func.func.as_ref() }.waits() {
            return Err(crate::store::requires_async());
        }
        self.enter(store, slots)
    }

    /// # Invariant
    ///
    /// The function is not one of the host that may wait.
    #[inline(always)]
    fn enter<T: 'static>(&self, store: &mut StoreInner<T>, slots: &mut [u64]) -> Result<()> {
        store.vm.safepoint()?;
        let ty = self.func.record(store);
        let context = store.context_for_call();
        // SAFETY: the function's types are those that it was classified by, and there are as many
        // words as the call needs. Its store is borrowed for the call, and nothing of it is used
        // through that borrow before the call is over.
        let outcome = unsafe {
            match self.way {
                Way::Integers => self.call_integers(context, slots),
                Way::IntegerResult => self.call_registers::<u64>(context, ty, slots),
                Way::FloatResult => self.call_registers::<f64>(context, ty, slots),
                Way::Array => self.call_array(context, ty, slots),
            }
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(unwind) => Err(into_error(store, unwind)),
        }
    }

    /// # Safety
    ///
    /// The context is that of the function's store, ready for a call; the function is called so,
    /// and there are as many words as it needs.
    #[inline(always)]
    unsafe fn call_integers(
        &self,
        context: *mut VMStoreContext,
        slots: &mut [u64],
    ) -> Result<(), Box<Unwind>> {
        type Code = unsafe extern "C" fn(*mut u8, u64, u64, u64, u64, u64) -> u64;
        // Registers that the function has no parameters for may hold anything.
        let word = |place: usize| slots.get(place).copied().unwrap_or(0);
        let (a, b, c, d, e) = (word(0), word(1), word(2), word(3), word(4));
        // SAFETY: the thunk takes what the function does, in the same registers, and the function
        // looks at no others. It returns what the function does; a function without a result leaves
        // something in the register, which is not looked at.
        let result = unsafe {
            enter_registers(context, self.func.func, |code, context| {
                std::mem::transmute::<*const u8, Code>(code)(context, a, b, c, d, e)
            })?
        };
        if self.results != 0 {
            slots[0] = result & self.first_result;
        }
        Ok(())
    }

    /// # Safety
    ///
    /// As for [`call_integers`](Self::call_integers); the result is of the given class.
    #[inline(always)]
    unsafe fn call_registers<R: ResultRegister>(
        &self,
        context: *mut VMStoreContext,
        ty: &FuncTypeRecord,
        slots: &mut [u64],
    ) -> Result<(), Box<Unwind>> {
        type Code<R> = unsafe extern "C" fn(
            *mut u8,
            u64,
            u64,
            u64,
            u64,
            u64,
            f64,
            f64,
            f64,
            f64,
            f64,
            f64,
            f64,
            f64,
        ) -> R;
        let (mut ints, mut floats) = ([0; 5], [0.0; 8]);
        let (mut next_int, mut next_float) = (ints.iter_mut(), floats.iter_mut());
        for (word, ty) in slots.iter().zip(ty.ty.params()) {
            if ty.is_float_or_vector() {
                // A float of 32 bits is in the low half of its register.
                next_float.next().into_iter().for_each(|place| *place = f64::from_bits(*word));
            } else {
                next_int.next().into_iter().for_each(|place| *place = *word);
            }
        }
        let ([a, b, c, d, e], [f, g, h, i, j, k, l, m]) = (ints, floats);
        // SAFETY: as for integers.
        let result = unsafe {
            enter_registers(context, self.func.func, |code, context| {
                let code = std::mem::transmute::<*const u8, Code<R>>(code);
                code(context, a, b, c, d, e, f, g, h, i, j, k, l, m)
            })?
        };
        if self.results != 0 {
            slots[0] = result.bits() & self.first_result;
        }
        Ok(())
    }

    /// # Safety
    ///
    /// As for [`call_integers`](Self::call_integers).
    #[inline(never)]
    unsafe fn call_array(
        &self,
        context: *mut VMStoreContext,
        ty: &FuncTypeRecord,
        slots: &mut [u64],
    ) -> Result<(), Box<Unwind>> {
        let mut inline = [ValRaw::ZERO; INLINE_VALUES];
        let mut heap = Vec::new();
        let values = match inline.get_mut(..self.slot_count()) {
            Some(values) => values,
            None => {
                heap.resize(self.slot_count(), ValRaw::ZERO);
                &mut heap[..]
            }
        };
        fill(values, slots, ty);
        // SAFETY: as the caller promises; the array has room for the larger of both lists.
        unsafe { call_array(context, self.func.func, values.as_mut_ptr())? };
        // SAFETY: the callee has written all results, each of its type.
        unsafe { read(values, slots, ty) };
        Ok(())
    }
}

impl<'a, T: 'static> WasmCall<T, InSlots<'a>> for &NumericFunc {
    type Results = InSlots<'a>;

    #[inline(always)]
    fn run(self, store: &mut StoreInner<T>, slots: InSlots<'a>) -> Result<InSlots<'a>> {
        self.call_in(store, slots.0)?;
        Ok(slots)
    }
}

/// A call of a function that waits for nothing.
struct AtOnce<'a>(&'a NumericFunc);

impl<'a, T: 'static> WasmCall<T, InSlots<'a>> for AtOnce<'_> {
    type Results = InSlots<'a>;

    #[inline(always)]
    fn run(self, store: &mut StoreInner<T>, slots: InSlots<'a>) -> Result<InSlots<'a>> {
        self.0.call_at_once_in(store, slots.0)?;
        Ok(slots)
    }
}

/// The register that a result comes back in.
trait ResultRegister {
    /// What is in it.
    fn bits(self) -> u64;
}

impl ResultRegister for u64 {
    fn bits(self) -> u64 {
        self
    }
}

impl ResultRegister for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// How many types there are, and how many of them are those of floats; `None` if there are others
/// than those of numbers.
fn count(types: &[ValType]) -> Option<(usize, usize)> {
    let mut floats = 0;
    for ty in types {
        match ty {
            ValType::I32 | ValType::I64 => {}
            ValType::F32 | ValType::F64 => floats += 1,
            _ => return None,
        }
    }
    Some((types.len(), floats))
}

/// Where values of number types travel; `None` if there are others.
fn classes(types: &[ValType]) -> Option<Vec<Class>> {
    let class = |ty: &ValType| match ty {
        ValType::I32 | ValType::I64 => Some(Class::Int),
        ValType::F32 | ValType::F64 => Some(Class::Float),
        _ => None,
    };
    types.iter().map(class).collect()
}

/// The bits of a word that a value of a number type has.
#[inline]
fn bits(ty: ValType) -> u64 {
    if ty.byte_size() == 4 { u64::from(u32::MAX) } else { u64::MAX }
}

/// Fills an array of arguments.
#[inline(always)]
fn fill(values: &mut [ValRaw], slots: &[u64], ty: &FuncTypeRecord) {
    for ((value, word), ty) in values.iter_mut().zip(slots).zip(ty.ty.params()) {
        *value = ValRaw::from_u64(*word & bits(*ty));
    }
}

/// Reads the results from an array.
///
/// # Safety
///
/// The array holds results of that type.
#[inline(always)]
unsafe fn read(values: &[ValRaw], slots: &mut [u64], ty: &FuncTypeRecord) {
    for ((value, word), ty) in values.iter().zip(slots).zip(ty.ty.results()) {
        // SAFETY: as the caller promises. What is written as a smaller value has nothing undefined
        // in the union around it.
        *word = unsafe { value.u64 } & bits(*ty);
    }
}

/// Checks that a type can be that of a function which is called with words, whatever the engine.
fn check_numbers(ty: &crate::types::FuncType) -> Result<()> {
    crate::ensure!(
        has_only_numbers(ty),
        "a function of type `{ty}` can't take words in place of values: only `i32`, `i64`, `f32` and `f64` \
         can be passed so; use `Func::new`"
    );
    Ok(())
}

/// Whether all parameters and results are numbers, so that they can be passed as words.
pub(super) fn has_only_numbers(ty: &crate::types::FuncType) -> bool {
    let record = &ty.record().ty;
    count(record.params()).and(count(record.results())).is_some()
}
