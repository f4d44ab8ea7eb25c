//! The settings about fuel.

use std::sync::Arc;

use wasm_types::OperatorCost;

use crate::engine::Config;

impl Config {
    /// Whether code counts what it executes, and stops when it has used up what
    /// [`Store::set_fuel`](crate::Store::set_fuel) gave it. A store starts with none.
    ///
    /// Default: no.
    ///
    /// The code counts fuel itself, and is slower for it. An engine with this setting refuses code
    /// that does not count, or that counts at other costs. Code that counts runs in engines without
    /// the setting, where the count is not visible.
    ///
    /// # What is counted
    ///
    /// Each operator that is executed, with its cost (see [`operator_cost`](Self::operator_cost)),
    /// and 1 for each function that is entered. The order is that of the specification. A branch is
    /// counted before what it leads to. A `loop` is counted when it is entered from before it, not
    /// each time around. An `else` or `end` is counted when the code before it goes on to it, not
    /// when a branch does. An operator that repeats something as often as an operand says costs
    /// more for each time.
    ///
    /// What is used depends on the module alone. It is the same for every optimisation level,
    /// memory setting and artifact, and exact wherever it can be observed: see
    /// [`Store::get_fuel`](crate::Store::get_fuel). Functions of the host account for their own
    /// work with [`set_fuel`](crate::Store::set_fuel). Start functions use the fuel of their store,
    /// and so does their call, as if it stood alone in a function. Constant expressions cost
    /// nothing.
    ///
    /// # When it is used up
    ///
    /// Code that has used more than there was traps with
    /// [`Trap::OutOfFuel`](crate::Trap::OutOfFuel) where it checks next. It checks
    ///
    /// * at the entry of each function that calls another or that the host can call (one that is
    ///   exported, is the start function, or can be in a table), after the cost of the entry was
    ///   counted;
    /// * at the head of each loop, each time around;
    /// * before it calls an import by name, after the call was counted, so that no import is called
    ///   that was not paid for;
    /// * before an operator that repeats something as often as an operand says, after that was
    ///   counted, unless the operand is a constant of at most 128.
    ///
    /// So a call that is given exactly as much as it uses completes. With less it ends at one of
    /// these places or, if it has passed the last of them, returns and leaves 0. The overdraft is
    /// remembered until fuel is set anew: the next check ends the code. The same amount of fuel
    /// ends the same code at the same place, whatever settings it was compiled with.
    pub fn consume_fuel(&mut self, enable: bool) -> &mut Self {
        const DEFAULT: u64 = OperatorCost::new().identity();
        let costs = self.request.operator_cost.as_ref();
        self.request.tunables.fuel_costs =
            enable.then(|| costs.map_or(DEFAULT, |costs| costs.identity()));
        self
    }

    /// What operators cost in units of fuel, where fuel is counted. By default most cost 1: see
    /// [`OperatorCost`].
    ///
    /// Default: [`OperatorCost::new`]. The costs make no difference to the speed of the code.
    ///
    /// ```
    /// use wasm_store::{Config, OperatorCost};
    ///
    /// let mut costs = OperatorCost::new();
    /// costs.I64DivS = 25;
    /// costs.variable.memory_copy_per_byte = 0;
    /// Config::new().consume_fuel(true).operator_cost(costs);
    /// ```
    pub fn operator_cost(&mut self, costs: OperatorCost) -> &mut Self {
        self.request.operator_cost = Some(Arc::new(costs));
        let is_counted = self.request.tunables.fuel_costs.is_some();
        self.consume_fuel(is_counted)
    }
}
