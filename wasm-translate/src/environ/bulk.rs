//! Operators on many bytes or elements at once (Wasm 3.0, sections 4.6.6 and 4.6.7).

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::{DataIndex, ElemIndex, MemoryIndex, TableIndex};

use super::{Functions, Result};
use crate::error::Error;

/// What a bulk operator fills, copies or initialises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BulkOperation {
    /// `memory.fill`: bytes of one value.
    MemoryFill {
        /// Where they go.
        memory: MemoryIndex,
    },
    /// `memory.copy`: bytes of a memory. The length has the smaller of the two index types.
    MemoryCopy {
        /// Where they go.
        to: MemoryIndex,
        /// Where they come from.
        from: MemoryIndex,
    },
    /// `memory.init`: bytes of a segment. Source and length are of type `i32`.
    MemoryInit {
        /// Where they go.
        memory: MemoryIndex,
        /// Where they come from.
        data: DataIndex,
    },
    /// `table.fill`: elements of one value.
    TableFill {
        /// Where they go.
        table: TableIndex,
    },
    /// `table.copy`: elements of a table. The length has the smaller of the two index types.
    TableCopy {
        /// Where they go.
        to: TableIndex,
        /// Where they come from.
        from: TableIndex,
    },
    /// `table.init`: elements of a segment. Source and length are of type `i32`.
    TableInit {
        /// Where they go.
        table: TableIndex,
        /// Where they come from.
        elem: ElemIndex,
    },
}

impl BulkOperation {
    /// What the operator is called.
    pub fn operator(self) -> &'static str {
        match self {
            BulkOperation::MemoryFill { .. } => "memory.fill",
            BulkOperation::MemoryCopy { .. } => "memory.copy",
            BulkOperation::MemoryInit { .. } => "memory.init",
            BulkOperation::TableFill { .. } => "table.fill",
            BulkOperation::TableCopy { .. } => "table.copy",
            BulkOperation::TableInit { .. } => "table.init",
        }
    }
}

/// A bulk operator's three operands: where to, where from (or the value), and how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BulkOperands {
    /// The destination.
    pub to: Value,
    /// The source, or the value to fill with.
    pub from: Value,
    /// How many bytes or elements.
    pub len: Value,
}

/// A passive segment of the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Segment {
    /// Of bytes.
    Data(DataIndex),
    /// Of elements.
    Elem(ElemIndex),
}

/// What works on many bytes or elements at once. Each operator is refused by default.
pub trait BulkOperations: Functions {
    /// Fills, copies or initialises, and traps if something is out of bounds.
    ///
    /// # Errors
    ///
    /// If the environment does not support the operation.
    fn bulk(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        operation: BulkOperation,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::refused("BulkOperations", operation.operator()))
    }

    /// `data.drop`, `elem.drop`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn drop_segment(&mut self, _builder: &mut FunctionBuilder<'_>, segment: Segment) -> Result<()> {
        let operator = match segment {
            Segment::Data(_) => "data.drop",
            Segment::Elem(_) => "elem.drop",
        };
        Err(Error::refused("BulkOperations", operator))
    }
}
