//! What an operator costs.

use wasm_types::OperatorCost;
use wasm_types::wasmparser::{self, Operator};

macro_rules! define_cost {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// What an operator costs by itself.
        pub(crate) fn cost_of(costs: &OperatorCost, op: &Operator<'_>) -> u8 {
            match op {
                $(Operator::$op { .. } => costs.$op,)*
                // Other operators are not translated.
                _ => 1,
            }
        }
    };
}

wasmparser::for_each_operator!(define_cost);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_has_its_own() {
        let mut costs = OperatorCost::new();
        costs.I32Add = 7;
        costs.LocalGet = 9;
        assert_eq!(cost_of(&costs, &Operator::I32Add), 7);
        assert_eq!(cost_of(&costs, &Operator::LocalGet { local_index: 3 }), 9);
        assert_eq!(cost_of(&costs, &Operator::I32Sub), 1);
        assert_eq!(cost_of(&costs, &Operator::End), 0);
    }
}
