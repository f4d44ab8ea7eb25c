//! How much fuel a store has left.

use super::{Store, StoreContext, StoreContextMut, StoreOpaque};
use wasm_types::OperatorCost;

use crate::error::{Result, Trap};
use crate::store::Caller;

impl StoreOpaque {
    fn check_fuel(&self) -> Result<()> {
        crate::ensure!(
            self.engine().config().request.tunables.fuel_costs.is_some(),
            "fuel is not counted in this store: set up its engine with `Config::consume_fuel(true)`"
        );
        Ok(())
    }

    #[cfg(feature = "async")]
    fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.check_fuel()?;
        crate::ensure!(
            interval != Some(0),
            "the interval of `fuel_async_yield_interval` must not be 0: `None` is for no interval"
        );
        crate::ensure!(
            interval.is_none() || self.engine().config().request.tunables.fuel_yields,
            "code of this store's engine ends where it has used its fuel: set up the engine with \
             `Config::fuel_async_yield(true)` for code that can go on there"
        );
        self.vm.set_fuel_interval(interval);
        if interval.is_some() {
            self.require_async();
        }
        Ok(())
    }

    /// Counts the call of a start function: as if a function with nothing else did it. That would
    /// check before it calls an import whether there is enough; others do so themselves.
    pub(crate) fn count_start(&mut self, is_import: bool) -> Result<()> {
        const DEFAULT: OperatorCost = OperatorCost::new();
        let request = &self.engine().config().request;
        if request.tunables.fuel_costs.is_some() {
            let costs = request.operator_cost.as_deref().unwrap_or(&DEFAULT);
            let call = costs.Call;
            self.vm.use_fuel(1 + u64::from(call));
            if is_import && !self.vm.has_had_fuel() {
                return Err(Trap::OutOfFuel.into());
            }
        }
        Ok(())
    }

    fn get_fuel(&self) -> Result<u64> {
        self.check_fuel()?;
        Ok(self.vm.fuel())
    }

    fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.check_fuel()?;
        self.vm.set_fuel(fuel);
        Ok(())
    }
}

impl<T: 'static> Store<T> {
    /// How much fuel is left, in the units of
    /// [`Config::operator_cost`](crate::Config::operator_cost).
    ///
    /// A store starts with none. What code has used is exact wherever it can be observed. In a host
    /// function, it is what was used up to the call, including the call itself. After a trap, it is
    /// what was used up to and including the operator that trapped. Where code has used more than
    /// there was, 0 is left. (If the stack runs out in the middle of a function, and not at a call,
    /// some operators may count that were not executed: how much of the stack code takes is not
    /// defined either.)
    ///
    /// ```
    /// use wasm_store::{Config, Engine, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// assert_eq!(store.get_fuel()?, 0);
    /// store.set_fuel(10_000)?;
    /// assert_eq!(store.get_fuel()?, 10_000);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the engine was not set up with [`Config::consume_fuel`](crate::Config::consume_fuel).
    pub fn get_fuel(&self) -> Result<u64> {
        self.inner().get_fuel()
    }

    /// Sets how much fuel is left. Host functions can do so too: the code that called goes on with
    /// the new amount.
    ///
    /// If it is more than 2<sup>63</sup> units, which nothing uses up in a lifetime, code traps
    /// when it has used 2<sup>63</sup>.
    ///
    /// # Errors
    ///
    /// If the engine was not set up with [`Config::consume_fuel`](crate::Config::consume_fuel).
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.inner_mut().set_fuel(fuel)
    }

    /// Makes calls that may wait ([`Func::call_async`](crate::Func::call_async)) give way to other
    /// futures of the executor whenever the code has used that much fuel, and then go on; or with
    /// `None`, not any more. So one program that runs for long does not keep its thread from
    /// others, and gives way at the same places each time that it runs. How much there is in all,
    /// [`Store::get_fuel`] and [`Store::set_fuel`] say as before; where none is left, the code
    /// traps.
    ///
    /// With an interval, all other calls of the store's functions are errors from now on.
    ///
    /// # Errors
    ///
    /// If the engine was not set up with [`Config::consume_fuel`](crate::Config::consume_fuel) and
    /// [`Config::fuel_async_yield`](crate::Config::fuel_async_yield), or the interval is 0.
    #[cfg(feature = "async")]
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.inner_mut().fuel_async_yield_interval(interval)
    }
}

impl<T: 'static> StoreContext<'_, T> {
    /// How much fuel is left: see [`Store::get_fuel`].
    ///
    /// # Errors
    ///
    /// As for [`Store::get_fuel`].
    pub fn get_fuel(&self) -> Result<u64> {
        self.0.get_fuel()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// How much fuel is left: see [`Store::get_fuel`].
    ///
    /// # Errors
    ///
    /// As for [`Store::get_fuel`].
    pub fn get_fuel(&self) -> Result<u64> {
        self.0.get_fuel()
    }

    /// Sets how much fuel is left: see [`Store::set_fuel`].
    ///
    /// # Errors
    ///
    /// As for [`Store::set_fuel`].
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.0.set_fuel(fuel)
    }

    /// Makes calls give way: see [`Store::fuel_async_yield_interval`].
    ///
    /// # Errors
    ///
    /// As for [`Store::fuel_async_yield_interval`].
    #[cfg(feature = "async")]
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.0.fuel_async_yield_interval(interval)
    }
}

impl<T: 'static> Caller<'_, T> {
    /// How much fuel is left: see [`Store::get_fuel`].
    ///
    /// # Errors
    ///
    /// As for [`Store::get_fuel`].
    pub fn get_fuel(&self) -> Result<u64> {
        self.store.get_fuel()
    }

    /// Sets how much fuel is left: see [`Store::set_fuel`].
    ///
    /// # Errors
    ///
    /// As for [`Store::set_fuel`].
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.store.set_fuel(fuel)
    }

    /// Makes calls give way: see [`Store::fuel_async_yield_interval`].
    ///
    /// # Errors
    ///
    /// As for [`Store::fuel_async_yield_interval`].
    #[cfg(feature = "async")]
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.store.fuel_async_yield_interval(interval)
    }
}
