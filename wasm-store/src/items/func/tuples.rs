//! Lists of values as tuples of up to 16: one macro makes the code for each length.

#![allow(unsafe_code)]
#![allow(non_snake_case, reason = "the names of type parameters serve as names of values")]

use super::abi::{Abi, Class, RetAbi, params_fit, raw, results_fit};
use super::host::host_call;
use super::into_func::{IntoFunc, WasmRet, check_store};
use super::list::{WasmParams, WasmResults, WasmTyList, load_one, store_one};
use super::wasm_ty::{Direction, WasmTy};
use crate::engine::Engine;
use crate::error::Result;
use crate::items::HostFunc;
use crate::store::{Caller, StoreId};
use crate::types::ValType;
use crate::vm::{HostRecord, ValRaw, raise};
use crate::watch::call_hook::{CallValues, InRegisters, Returned};

// SAFETY: a single value travels as itself.
unsafe impl<A: WasmTy> WasmParams for A {
    const CLASSES: &'static [Class] = &[A::Abi::CLASS];

    fn valtypes() -> Vec<ValType> {
        vec![A::valtype()]
    }

    fn typecheck(engine: &Engine, types: &[wasm_types::ValType], way: Direction) -> Result<()> {
        <(A,) as WasmParams>::typecheck(engine, types, way)
    }

    #[inline(always)]
    fn compatible_with_store(&self, store: StoreId) -> bool {
        WasmTy::compatible_with_store(self, store)
    }

    #[inline(always)]
    unsafe fn write_raw(self, values: *mut u128) {
        // SAFETY: as the caller promises.
        unsafe { store_one(values, 0, self) }
    }

    #[inline(always)]
    unsafe fn invoke_registers<R: RetAbi>(self, code: *const u8, context: *mut u8) -> R {
        // SAFETY: as the caller promises.
        unsafe { WasmParams::invoke_registers((self,), code, context) }
    }
}

// SAFETY: a single value travels as itself.
unsafe impl<A: WasmTy> WasmResults for A {
    type Abi = A::Abi;

    #[inline(always)]
    unsafe fn from_registers(abi: A::Abi, store: StoreId) -> Self {
        // SAFETY: as the caller promises.
        unsafe { A::from_abi(abi, store) }
    }

    #[inline(always)]
    unsafe fn read_raw(values: *const u128, store: StoreId) -> Self {
        // SAFETY: as the caller promises.
        unsafe { load_one(values, 0, store) }
    }
}

// SAFETY: a single value travels as itself.
unsafe impl<A: WasmTy> WasmRet for A {
    type Abi = A::Abi;
    const FIT: bool = results_fit(&[A::Abi::CLASS]);

    fn valtypes() -> Vec<ValType> {
        vec![A::valtype()]
    }

    #[inline(always)]
    fn into_registers(self, store: StoreId) -> Result<A::Abi> {
        check_store(WasmTy::compatible_with_store(&self, store))?;
        Ok(self.into_abi())
    }

    #[inline(always)]
    unsafe fn write_raw(self, store: StoreId, values: *mut u128) -> Result<()> {
        check_store(WasmTy::compatible_with_store(&self, store))?;
        // SAFETY: as the caller promises.
        unsafe { store_one(values, 0, self) };
        Ok(())
    }
}

/// The type of a tuple of results in registers, and the conversion to it, by its length.
macro_rules! in_registers {
    () => {
        ()
    };
    ($A:ident) => {
        $A::Abi
    };
    // Longer lists never travel in registers.
    ($($A:ident)*) => {
        ()
    };
}

macro_rules! to_registers {
    () => { () };
    ($A:ident) => { $A.into_abi() };
    ($($A:ident)*) => { { $(drop($A);)* } };
}

macro_rules! from_registers {
    ($abi:ident $store:ident) => {{
        let () = $abi;
        let _ = $store;
    }};
    ($abi:ident $store:ident $A:ident) => {
        // SAFETY: as the caller of the function around this promises.
        unsafe { ($A::from_abi($abi, $store),) }
    };
    ($abi:ident $store:ident $($A:ident)*) => {{
        let _ = ($abi, $store);
        unreachable!("several results travel in an array")
    }};
}

macro_rules! tuples {
    ($($A:ident)*) => {
        // SAFETY: each value travels as its type says, and the list of classes is that of the
        // types.
        #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit)]
        unsafe impl<$($A: WasmTy),*> WasmParams for ($($A,)*) {
            const CLASSES: &'static [Class] = &[$($A::Abi::CLASS),*];

            fn valtypes() -> Vec<ValType> {
                vec![$($A::valtype()),*]
            }

            fn typecheck(
                engine: &Engine,
                types: &[wasm_types::ValType],
                way: Direction,
            ) -> Result<()> {
                let [$($A,)*] = *types else {
                    crate::bail!(
                        "expected {} types, found {}",
                        <Self as WasmParams>::CLASSES.len(),
                        types.len()
                    );
                };
                $(<$A as WasmTy>::typecheck(engine, $A, way)?;)*
                Ok(())
            }

            #[inline(always)]
            fn compatible_with_store(&self, store: StoreId) -> bool {
                let ($($A,)*) = self;
                true $(&& WasmTy::compatible_with_store($A, store))*
            }

            #[inline(always)]
            unsafe fn write_raw(self, values: *mut u128) {
                let ($($A,)*) = self;
                let mut place = 0;
                $(
                    // SAFETY: as the caller promises.
                    unsafe { store_one(values, place, $A) };
                    place += 1;
                )*
            }

            #[inline(always)]
            unsafe fn invoke_registers<R: RetAbi>(self, code: *const u8, context: *mut u8) -> R {
                let ($($A,)*) = self;
                // SAFETY: the thunk takes and returns what the function does, in the same
                // registers.
                unsafe {
                    let code = std::mem::transmute::<
                        *const u8,
                        unsafe extern "C" fn(*mut u8 $(, <$A as WasmTy>::Abi)*) -> R,
                    >(code);
                    code(context $(, WasmTy::into_abi($A))*)
                }
            }
        }

        // SAFETY: as above.
        #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit)]
        unsafe impl<$($A: WasmTy),*> WasmResults for ($($A,)*) {
            type Abi = in_registers!($($A)*);

            #[inline(always)]
            unsafe fn from_registers(abi: <Self as WasmResults>::Abi, store: StoreId) -> Self {
                from_registers!(abi store $($A)*)
            }

            #[inline(always)]
            unsafe fn read_raw(values: *const u128, store: StoreId) -> Self {
                let mut place = 0;
                $(
                    // SAFETY: as the caller promises.
                    let $A = unsafe { load_one(values, place, store) };
                    place += 1;
                )*
                ($($A,)*)
            }
        }

        // SAFETY: as above.
        #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit)]
        unsafe impl<$($A: WasmTy),*> WasmRet for ($($A,)*) {
            type Abi = in_registers!($($A)*);
            const FIT: bool = results_fit(&[$($A::Abi::CLASS),*]);

            fn valtypes() -> Vec<ValType> {
                vec![$($A::valtype()),*]
            }

            #[inline(always)]
            fn into_registers(self, store: StoreId) -> Result<<Self as WasmRet>::Abi> {
                check_store(WasmParams::compatible_with_store(&self, store))?;
                let ($($A,)*) = self;
                Ok(to_registers!($($A)*))
            }

            #[inline(always)]
            unsafe fn write_raw(self, store: StoreId, values: *mut u128) -> Result<()> {
                check_store(WasmParams::compatible_with_store(&self, store))?;
                // SAFETY: as the caller promises.
                unsafe { WasmParams::write_raw(self, values) };
                Ok(())
            }
        }

        // SAFETY: as above.
        #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit)]
        unsafe impl<$($A: WasmTy),*> WasmTyList for ($($A,)*) {
            const FIT: bool = params_fit(&[$($A::Abi::CLASS),*]);

            fn valtypes() -> impl Iterator<Item = ValType> {
                IntoIterator::into_iter([$($A::valtype()),*])
            }

            #[inline(always)]
            unsafe fn read_raw(values: *const u128, store: StoreId) -> Self {
                // SAFETY: as the caller promises.
                unsafe { <Self as WasmResults>::read_raw(values, store) }
            }

            fn register_shim<T, Func, R, const HOOKED: bool>() -> *const u8
            where
                T: 'static,
                Func: Fn(Caller<'_, T>, Self) -> R + Send + Sync + 'static,
                R: WasmRet,
            {
                unsafe extern "C" fn shim<T, Func, R, $($A,)* const HOOKED: bool>(
                    record: *mut HostRecord,
                    $($A: <$A as WasmTy>::Abi,)*
                ) -> R::Abi
                where
                    T: 'static,
                    Func: Fn(Caller<'_, T>, ($($A,)*)) -> R,
                    R: WasmRet,
                    $($A: WasmTy,)*
                {
                    // SAFETY: the record is that of a function made with this shim, so that its
                    // data is the closure, and its store's Wasm is calling with these types.
                    unsafe {
                        let params = InRegisters(($($A,)*));
                        let outcome = host_call::<T, _, _, HOOKED>(record, params, |caller, params| {
                            let func = &*(*record).data.cast::<Func>();
                            let store = caller.store.0.id();
                            let InRegisters(($($A,)*)) = params;
                            let params = ($(<$A as WasmTy>::from_abi($A, store),)*);
                            func(caller, params).into_registers(store).map(Returned)
                        });
                        match outcome {
                            Some(Returned(value)) => value,
                            None => raise((*record).store),
                        }
                    }
                }

                shim::<T, Func, R, $($A,)* HOOKED> as *const u8
            }
        }

        #[allow(unused_variables, unused_mut, unused_assignments)]
        impl<$($A: Abi),*> CallValues for InRegisters<($($A,)*)> {
            unsafe fn write_to(&self, to: *mut ValRaw, _count: usize) {
                let ($($A,)*) = self.0;
                let mut place = 0;
                $(
                    // SAFETY: as the caller promises.
                    unsafe { to.add(place).write(raw($A.to_raw())) };
                    place += 1;
                )*
            }
        }

        impl<T, Func, $($A,)* R> IntoFunc<T, (Caller<'_, T>, $($A,)*), R> for Func
        where
            Func: Fn(Caller<'_, T>, $($A),*) -> R + Send + Sync + 'static,
            $($A: WasmTy + 'static,)*
            R: WasmRet + 'static,
            T: 'static,
        {
            fn into_func(self, engine: &Engine) -> HostFunc {
                HostFunc::wrap(engine, move |caller: Caller<'_, T>, ($($A,)*): ($($A,)*)| {
                    self(caller, $($A),*)
                })
            }
        }
    };
}

macro_rules! without_caller {
    // A single parameter stands for itself, so that its type is found without writing a tuple.
    ($A:ident) => {
        without_caller!(@impl ($A) $A);
    };
    ($($A:ident)*) => {
        without_caller!(@impl (($($A,)*)) $($A)*);
    };
    (@impl ($list:ty) $($A:ident)*) => {
        impl<T, Func, $($A,)* R> IntoFunc<T, $list, R> for Func
        where
            Func: Fn($($A),*) -> R + Send + Sync + 'static,
            $($A: WasmTy + 'static,)*
            R: WasmRet + 'static,
            T: 'static,
        {
            fn into_func(self, engine: &Engine) -> HostFunc {
                HostFunc::wrap(engine, move |_: Caller<'_, T>, ($($A,)*): ($($A,)*)| {
                    self($($A),*)
                })
            }
        }
    };
}

macro_rules! for_each_length {
    ($($A:ident)*) => {
        for_each_length!(@from [] $($A)*);
    };
    (@from [$($done:ident)*]) => {
        tuples!($($done)*);
        without_caller!($($done)*);
    };
    (@from [$($done:ident)*] $next:ident $($rest:ident)*) => {
        tuples!($($done)*);
        without_caller!($($done)*);
        for_each_length!(@from [$($done)* $next] $($rest)*);
    };
}

for_each_length!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16);
