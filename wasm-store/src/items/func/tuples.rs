//! Lists of values as tuples of up to 16: one macro makes the code for each length.

#![allow(unsafe_code)]
#![allow(non_snake_case, reason = "the names of type parameters serve as names of values")]

use super::abi::{Abi, Class, RetAbi, params_fit, raw, results_fit};
use super::host::host_call;
use super::into_func::{IntoFunc, WasmRet, check_fit};
use super::list::{WasmParams, WasmResults, WasmTyList, load_one, store_one};
use super::wasm_ty::{Direction, Unfit, WasmTy};
use crate::engine::Engine;
use crate::error::Result;
use crate::items::{HostFunc, Ref};
use crate::store::{Caller, StoreOpaque};
use crate::types::ValType;
use crate::vm::{HostRecord, ValRaw, leave_host};
use crate::watch::call_hook::{CallValues, InRegisters, Returned};

#[cfg(feature = "async")]
use super::waiting::{Waits, start_in_registers};

// SAFETY: a single value travels as itself.
unsafe impl<A: WasmTy> WasmParams for A {
    const CLASSES: &'static [Class] = &[A::Abi::CLASS];
    const REFERENCES: bool = A::IS_REFERENCE;

    fn valtypes() -> Vec<ValType> {
        vec![A::valtype()]
    }

    fn typecheck(engine: &Engine, types: &[wasm_types::ValType], way: Direction) -> Result<()> {
        <(A,) as WasmParams>::typecheck(engine, types, way)
    }

    type Abis = A::Abi;

    #[inline(always)]
    fn unfit(&self, store: &StoreOpaque) -> Option<Unfit> {
        WasmTy::unfit(self, store)
    }

    fn check_references(&self, check: &mut dyn FnMut(usize, Ref) -> Result<()>) -> Result<()> {
        self.reference().map_or(Ok(()), |reference| check(0, reference))
    }

    #[inline(always)]
    fn to_abis(&self, store: &StoreOpaque) -> A::Abi {
        self.to_abi(store)
    }

    type Room = [u128; 1];

    #[inline(always)]
    unsafe fn write_raw(abi: A::Abi, values: *mut u128) {
        // SAFETY: as the caller promises.
        unsafe { store_one(values, 0, abi) }
    }

    #[inline(always)]
    unsafe fn invoke_registers<R: RetAbi>(abi: A::Abi, code: *const u8, context: *mut u8) -> R {
        // SAFETY: as the caller promises.
        unsafe { <(A,) as WasmParams>::invoke_registers((abi,), code, context) }
    }
}

// SAFETY: a single value travels as itself.
unsafe impl<A: WasmTy> WasmResults for A {
    type Abi = A::Abi;

    #[inline(always)]
    unsafe fn from_registers(abi: A::Abi, store: &mut StoreOpaque) -> Self {
        // SAFETY: as the caller promises.
        unsafe { A::from_abi(abi, store) }
    }

    #[inline(always)]
    unsafe fn read_raw(values: *const u128, store: &mut StoreOpaque) -> Self {
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
    fn into_registers(self, store: &StoreOpaque) -> Result<A::Abi> {
        check_fit(WasmTy::unfit(&self, store))?;
        Ok(self.to_abi(store))
    }

    #[inline(always)]
    unsafe fn write_raw(self, store: &StoreOpaque, values: *mut u128) -> Result<()> {
        check_fit(WasmTy::unfit(&self, store))?;
        // SAFETY: as the caller promises.
        unsafe { store_one(values, 0, self.to_abi(store)) };
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
    ($store:ident) => { () };
    ($store:ident $A:ident) => { $A.to_abi($store) };
    ($store:ident $($A:ident)*) => { { $(drop($A);)* } };
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
            const REFERENCES: bool = false $(|| $A::IS_REFERENCE)*;

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

            type Abis = ($(<$A as WasmTy>::Abi,)*);

            #[inline(always)]
            fn unfit(&self, store: &StoreOpaque) -> Option<Unfit> {
                let ($($A,)*) = self;
                $(
                    if let Some(unfit) = WasmTy::unfit($A, store) {
                        return Some(unfit);
                    }
                )*
                None
            }

            fn check_references(
                &self,
                check: &mut dyn FnMut(usize, Ref) -> Result<()>,
            ) -> Result<()> {
                let ($($A,)*) = self;
                let mut place = 0;
                $(
                    if let Some(reference) = WasmTy::reference($A) {
                        check(place, reference)?;
                    }
                    place += 1;
                )*
                Ok(())
            }

            #[inline(always)]
            fn to_abis(&self, store: &StoreOpaque) -> Self::Abis {
                let ($($A,)*) = self;
                ($($A.to_abi(store),)*)
            }

            type Room = [u128; <[&str]>::len(&[$(stringify!($A)),*])];

            #[inline(always)]
            unsafe fn write_raw(abis: Self::Abis, values: *mut u128) {
                let ($($A,)*) = abis;
                let mut place = 0;
                $(
                    // SAFETY: as the caller promises.
                    unsafe { store_one(values, place, $A) };
                    place += 1;
                )*
            }

            #[inline(always)]
            unsafe fn invoke_registers<R: RetAbi>(
                abis: Self::Abis,
                code: *const u8,
                context: *mut u8,
            ) -> R {
                let ($($A,)*) = abis;
                // SAFETY: the thunk takes and returns what the function does, in the same
                // registers.
                unsafe {
                    let code = std::mem::transmute::<
                        *const u8,
                        unsafe extern "C" fn(*mut u8 $(, <$A as WasmTy>::Abi)*) -> R,
                    >(code);
                    code(context $(, $A)*)
                }
            }
        }

        // SAFETY: as above.
        #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit)]
        unsafe impl<$($A: WasmTy),*> WasmResults for ($($A,)*) {
            type Abi = in_registers!($($A)*);

            #[inline(always)]
            unsafe fn from_registers(
                abi: <Self as WasmResults>::Abi,
                store: &mut StoreOpaque,
            ) -> Self {
                from_registers!(abi store $($A)*)
            }

            #[inline(always)]
            unsafe fn read_raw(values: *const u128, store: &mut StoreOpaque) -> Self {
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
            fn into_registers(self, store: &StoreOpaque) -> Result<<Self as WasmRet>::Abi> {
                check_fit(WasmParams::unfit(&self, store))?;
                let ($($A,)*) = self;
                Ok(to_registers!(store $($A)*))
            }

            #[inline(always)]
            unsafe fn write_raw(self, store: &StoreOpaque, values: *mut u128) -> Result<()> {
                check_fit(WasmParams::unfit(&self, store))?;
                // SAFETY: as the caller promises.
                unsafe { <Self as WasmParams>::write_raw(self.to_abis(store), values) };
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
            unsafe fn read_raw(values: *const u128, store: &mut StoreOpaque) -> Self {
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
                        let call = |mut caller: Caller<'_, T>, params| {
                            let func = &*(*record).data.cast::<Func>();
                            let store: &mut StoreOpaque = caller.store.0;
                            let InRegisters(($($A,)*)) = params;
                            let params = ($(<$A as WasmTy>::from_abi($A, store),)*);
                            store.vm.safepoint()?;
                            let results = func(caller.reborrow(), params);
                            results.into_registers(caller.store.0).map(Returned)
                        };
                        let outcome = host_call::<T, _, _, HOOKED>(record, params, call);
                        match outcome {
                            Some(Returned(value)) => value,
                            None => leave_host((*record).store),
                        }
                    }
                }

                shim::<T, Func, R, $($A,)* HOOKED> as *const u8
            }

            #[cfg(feature = "async")]
            fn waiting_shim<T, Func, R>() -> *const u8
            where
                T: 'static,
                Func: for<'a> Fn(Caller<'a, T>, Self) -> Waits<'a, R> + Send + Sync + 'static,
                R: WasmRet + 'static,
                Self: 'static,
            {
                unsafe extern "C" fn shim<T, Func, R, $($A,)*>(
                    record: *mut HostRecord,
                    $($A: <$A as WasmTy>::Abi,)*
                ) -> R::Abi
                where
                    T: 'static,
                    Func: for<'a> Fn(Caller<'a, T>, ($($A,)*)) -> Waits<'a, R>
                        + Send
                        + Sync
                        + 'static,
                    R: WasmRet + 'static,
                    $($A: WasmTy + 'static,)*
                {
                    let take = |store: &mut StoreOpaque| {
                        // SAFETY: the store's Wasm is calling with these types.
                        ($(unsafe { <$A as WasmTy>::from_abi($A, store) },)*)
                    };
                    // SAFETY: the record is that of a function made with this shim.
                    unsafe { start_in_registers::<T, Func, ($($A,)*), R>(record, take) }
                }

                shim::<T, Func, R, $($A),*> as *const u8
            }
        }

        #[allow(unused_variables, unused_mut, unused_assignments)]
        impl<$($A: Abi),*> CallValues for InRegisters<($($A,)*)> {
            unsafe fn write_to(&self, _store: &StoreOpaque, to: *mut ValRaw, _count: usize) {
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
