//! Operations on many bytes or elements at once (Wasm 3.0, sections 4.6.6 and 4.6.7).

use wasm_types::wasmparser::Operator;
use wasm_types::{DataIndex, ElemIndex, MemoryIndex, TableIndex};

use super::small_bulk;
use crate::environ::{BulkOperands, BulkOperation, FuncEnvironment, Segment};
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    let operation = match *op {
        Operator::MemoryFill { mem } => BulkOperation::MemoryFill { memory: MemoryIndex::new(mem) },
        Operator::MemoryCopy { dst_mem, src_mem } => {
            let (to, from) = (MemoryIndex::new(dst_mem), MemoryIndex::new(src_mem));
            BulkOperation::MemoryCopy { to, from }
        }
        Operator::MemoryInit { data_index, mem } => {
            let (memory, data) = (MemoryIndex::new(mem), DataIndex::new(data_index));
            BulkOperation::MemoryInit { memory, data }
        }
        Operator::TableFill { table } => BulkOperation::TableFill { table: TableIndex::new(table) },
        Operator::TableCopy { dst_table, src_table } => {
            let (to, from) = (TableIndex::new(dst_table), TableIndex::new(src_table));
            BulkOperation::TableCopy { to, from }
        }
        Operator::TableInit { elem_index, table } => {
            let (table, elem) = (TableIndex::new(table), ElemIndex::new(elem_index));
            BulkOperation::TableInit { table, elem }
        }
        Operator::DataDrop { data_index } => {
            t.env.drop_segment(&mut t.builder, Segment::Data(DataIndex::new(data_index)))?;
            return Ok(true);
        }
        Operator::ElemDrop { elem_index } => {
            t.env.drop_segment(&mut t.builder, Segment::Elem(ElemIndex::new(elem_index)))?;
            return Ok(true);
        }
        _ => return Ok(false),
    };
    // A value to fill with stands where the source does.
    let (to, from, len) = t.pop3();
    let operands = BulkOperands { to, from, len };
    t.env.before_units(&mut t.builder, op, len)?;
    if !small_bulk::translate(t, operation, operands)? {
        t.env.bulk(&mut t.builder, operation, operands)?;
    }
    Ok(true)
}
