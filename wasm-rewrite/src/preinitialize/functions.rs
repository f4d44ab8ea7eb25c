//! The functions that `ref.func` may name.

use std::collections::BTreeSet;

use crate::error::Error;

/// The functions that occur outside of code: this declares them for `ref.func`.
#[derive(Default)]
pub(super) struct Functions(pub(super) BTreeSet<u32>);

impl Functions {
    /// Adds the functions that a constant expression of the input refers to.
    pub(super) fn add(&mut self, expression: &wasmparser::ConstExpr<'_>) -> Result<(), Error> {
        for operator in expression.get_operators_reader() {
            if let wasmparser::Operator::RefFunc { function_index } = operator? {
                self.0.insert(function_index);
            }
        }
        Ok(())
    }
}
