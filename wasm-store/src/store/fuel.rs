//! How much fuel a store has left.

use super::{Store, StoreContext, StoreContextMut, StoreOpaque};
use crate::error::Result;
use crate::store::Caller;

impl StoreOpaque {
    fn check_fuel(&self) -> Result<()> {
        crate::ensure!(
            self.engine().config().request.tunables.fuel_costs.is_some(),
            "fuel is not counted in this store: set up its engine with `Config::consume_fuel(true)`"
        );
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
}
