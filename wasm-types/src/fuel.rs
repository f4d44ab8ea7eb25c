//! What operators cost where code counts fuel.
//!
//! The operators themselves, which a code generator or a parser knows, are named only; the list of
//! them is in a file of its own.

macro_rules! operator_costs {
    ($($operator:ident)*) => {
        /// What each operator costs, in units of fuel.
        ///
        /// The fields have the names of wasmparser's operators. At first an operator costs 1, but
        /// for `nop`, `drop`, `block`, `loop`, `unreachable`, `return`, `else` and `end`, which
        /// cost nothing.
        ///
        /// ```
        /// use wasm_types::OperatorCost;
        ///
        /// let mut costs = OperatorCost::new();
        /// costs.I64DivU = 20;
        /// assert_eq!((costs.I64Add, costs.Nop), (1, 0));
        /// assert_ne!(costs.identity(), OperatorCost::new().identity());
        /// ```
        #[derive(Clone, PartialEq, Eq)]
        #[repr(C)]
        #[allow(non_snake_case, reason = "the names are those of the operators")]
        pub struct OperatorCost {
            $(#[doc = concat!("Of `", stringify!($operator), "`.")] pub $operator: u8,)*
            /// What is added to it where an operator does something as often as an operand says.
            pub variable: VariableOperatorCost,
        }

        impl OperatorCost {
            /// The costs that hold if nothing else is said.
            pub const fn new() -> Self {
                let mut costs =
                    Self { $($operator: 1,)* variable: VariableOperatorCost::new() };
                // Some make no code, others none to speak of. An `if` has a condition to look at.
                costs.Nop = 0;
                costs.Drop = 0;
                costs.Block = 0;
                costs.Loop = 0;
                costs.Unreachable = 0;
                costs.Return = 0;
                costs.Else = 0;
                costs.End = 0;
                costs
            }

            /// A number that stands for these costs: artifacts record it, so that code that counts
            /// otherwise is distinguished. Equal costs have the same; others very likely another
            /// one.
            pub const fn identity(&self) -> u64 {
                // FNV-1a, which is good enough for a few hundred bytes that nobody has a reason to
                // forge.
                let hash = add(0xcbf2_9ce4_8422_2325, &[$(self.$operator),*]);
                add(hash, &self.variable.bytes())
            }
        }
    };
}

mod operators;

use core::fmt;

pub use operators::OperatorCost;

/// Adds bytes to a hash.
const fn add(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut place = 0;
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u64).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}

impl Default for OperatorCost {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OperatorCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorCost")
            .field("identity", &self.identity())
            .field("variable", &self.variable)
            .finish_non_exhaustive()
    }
}

/// What operators cost that do something as often as an operand says, for each time: in addition to
/// what the operator costs by itself. At first it is 1, but nothing for the pages of `memory.grow`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VariableOperatorCost {
    /// `memory.copy`, for each byte.
    pub memory_copy_per_byte: u8,
    /// `memory.fill`, for each byte.
    pub memory_fill_per_byte: u8,
    /// `memory.init`, for each byte.
    pub memory_init_per_byte: u8,
    /// `memory.grow`, for each page that is requested.
    pub memory_grow_per_page: u8,
    /// `table.copy`, for each element.
    pub table_copy_per_element: u8,
    /// `table.fill`, for each element.
    pub table_fill_per_element: u8,
    /// `table.init`, for each element.
    pub table_init_per_element: u8,
    /// `table.grow`, for each element that is requested.
    pub table_grow_per_element: u8,
    /// `array.copy`, for each element.
    pub array_copy_per_element: u8,
    /// `array.fill`, for each element.
    pub array_fill_per_element: u8,
    /// `array.new_data`, for each element.
    pub array_new_data_per_element: u8,
    /// `array.init_data`, for each element.
    pub array_init_data_per_element: u8,
    /// `array.new_elem`, for each element.
    pub array_new_elem_per_element: u8,
    /// `array.init_elem`, for each element.
    pub array_init_elem_per_element: u8,
    /// `array.new_default`, for each element.
    pub array_new_default_per_element: u8,
    /// `array.new`, for each element.
    pub array_new_per_element: u8,
}

impl VariableOperatorCost {
    /// The costs that hold if nothing else is said.
    pub const fn new() -> Self {
        Self {
            memory_copy_per_byte: 1,
            memory_fill_per_byte: 1,
            memory_init_per_byte: 1,
            memory_grow_per_page: 0,
            table_copy_per_element: 1,
            table_fill_per_element: 1,
            table_init_per_element: 1,
            table_grow_per_element: 1,
            array_copy_per_element: 1,
            array_fill_per_element: 1,
            array_new_data_per_element: 1,
            array_init_data_per_element: 1,
            array_new_elem_per_element: 1,
            array_init_elem_per_element: 1,
            array_new_default_per_element: 1,
            array_new_per_element: 1,
        }
    }

    /// All of them, in order.
    const fn bytes(&self) -> [u8; 16] {
        [
            self.memory_copy_per_byte,
            self.memory_fill_per_byte,
            self.memory_init_per_byte,
            self.memory_grow_per_page,
            self.table_copy_per_element,
            self.table_fill_per_element,
            self.table_init_per_element,
            self.table_grow_per_element,
            self.array_copy_per_element,
            self.array_fill_per_element,
            self.array_new_data_per_element,
            self.array_init_data_per_element,
            self.array_new_elem_per_element,
            self.array_init_elem_per_element,
            self.array_new_default_per_element,
            self.array_new_per_element,
        ]
    }
}

impl Default for VariableOperatorCost {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cost_counts_for_the_identity() {
        type Change = fn(&mut OperatorCost);
        let changes: &[Change] = &[
            |_| {},
            |costs| costs.Unreachable = 1,
            |costs| costs.Nop = 1,
            |costs| costs.I32Add = 2,
            |costs| costs.I32Sub = 2,
            |costs| costs.I64Add128 = 2,
            |costs| costs.variable.memory_copy_per_byte = 0,
            |costs| costs.variable.table_grow_per_element = 0,
            |costs| costs.variable.array_copy_per_element = 0,
            |costs| costs.variable.array_new_per_element = 0,
        ];
        let mut seen = alloc::vec::Vec::new();
        for change in changes {
            let mut costs = OperatorCost::new();
            change(&mut costs);
            assert_eq!(costs.identity(), costs.clone().identity());
            assert!(!seen.contains(&costs.identity()));
            seen.push(costs.identity());
        }
    }

    #[test]
    fn what_makes_no_code_costs_nothing() {
        let costs = OperatorCost::default();
        assert_eq!((costs.End, costs.Block, costs.Return, costs.Drop), (0, 0, 0, 0));
        assert_eq!((costs.If, costs.Br, costs.Call, costs.LocalGet), (1, 1, 1, 1));
    }
}
