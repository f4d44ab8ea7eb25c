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
    /// It is compiled into the code, which is slower for it. An engine with it refuses code that counts
    /// nothing or at other costs; code that counts runs in engines without it, where nobody sees what it used.
    ///
    /// # What is counted
    ///
    /// Each operator that is executed, with its cost (see [`operator_cost`](Self::operator_cost)), and 1 for
    /// each function that is entered. The order is that of the specification: a branch is counted, and then
    /// what it leads to; `loop` when it is entered from before, not each time around; `else` and `end` when
    /// what stands before them goes on to them, not when a branch does. An operator that does something as
    /// often as an operand says costs more for each time.
    ///
    /// What is used is a matter of the module alone. It is the same for every
    /// optimisation level, memory setting and artifact, and exact wherever it can be seen: see
    /// [`Store::get_fuel`](crate::Store::get_fuel). Functions of the host use what they take by
    /// [`set_fuel`](crate::Store::set_fuel), and start functions are paid for by their store. Constant
    /// expressions cost nothing.
    ///
    /// # When it is used up
    ///
    /// Code that has used more than there was traps with
    /// [`Trap::OutOfFuel`](crate::Trap::OutOfFuel) where it next looks. It looks
    ///
    /// * at the entry of each function that calls another or that the host can call (that is exported, is the
    ///   start function, or can be in a table), after the cost of the entry was counted;
    /// * at the head of each loop, each time around;
    /// * before it calls an import by name, after the call was counted, so that no import is called that was
    ///   not paid for;
    /// * before an operator that does something as often as an operand says, after that was counted, unless
    ///   it is at most 128 times and a constant says so.
    ///
    /// So exactly as much as a call uses is enough for it; with less it ends at one of these places, or,
    /// if it has passed the last of them, returns, leaving 0. The overdraft is remembered until fuel is set
    /// anew: the next place that looks ends the code. The same amount of fuel ends the same code at the
    /// same place, whatever it was compiled with.
    pub fn consume_fuel(&mut self, enable: bool) -> &mut Self {
        const DEFAULT: u64 = OperatorCost::new().identity();
        let costs = self.request.operator_cost.as_ref();
        self.request.tunables.fuel_costs =
            enable.then(|| costs.map_or(DEFAULT, |costs| costs.identity()));
        self
    }

    /// What operators cost in units of fuel, where it is counted. At first most cost 1: see
    /// [`OperatorCost`].
    ///
    /// Default: [`OperatorCost::new`]. What operators cost makes no difference to how fast the code
    /// is.
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
