//! What code refers to: segments, whose indices must stay, and functions, which must be declared.

use std::collections::BTreeSet;

use wasmparser::Operator;

use crate::error::Error;
use crate::sections::Source;

/// The segments and functions that instructions refer to.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) data: BTreeSet<u32>,
    pub(super) elements: BTreeSet<u32>,
    /// The functions in `ref.func` instructions.
    pub(super) functions: BTreeSet<u32>,
}

impl Uses {
    /// Reads all code of a module.
    pub(super) fn of(source: &Source<'_>) -> Result<Self, Error> {
        let mut uses = Self::default();
        for body in &source.code {
            for operator in body.get_operators_reader()? {
                uses.operator(&operator?);
            }
        }
        Ok(uses)
    }

    fn operator(&mut self, operator: &Operator<'_>) {
        match *operator {
            Operator::MemoryInit { data_index, .. } | Operator::DataDrop { data_index } => {
                self.data.insert(data_index);
            }
            Operator::ArrayNewData { array_data_index, .. }
            | Operator::ArrayInitData { array_data_index, .. } => {
                self.data.insert(array_data_index);
            }
            Operator::TableInit { elem_index, .. } | Operator::ElemDrop { elem_index } => {
                self.elements.insert(elem_index);
            }
            Operator::ArrayNewElem { array_elem_index, .. }
            | Operator::ArrayInitElem { array_elem_index, .. } => {
                self.elements.insert(array_elem_index);
            }
            Operator::RefFunc { function_index } => {
                self.functions.insert(function_index);
            }
            _ => {}
        }
    }
}
