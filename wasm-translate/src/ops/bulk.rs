//! Operations on many bytes or elements at once (Wasm 3.0, sections 4.6.6 and 4.6.7).

use wasm_types::wasmparser::Operator;
use wasm_types::{DataIndex, ElemIndex, MemoryIndex, TableIndex};

use super::small_bulk;
use crate::environ::{BulkOperands, FuncEnvironment};
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::MemoryFill { mem } => {
            let operands = pop_operands(t);
            t.env.before_units(&mut t.builder, op, operands.len)?;
            let memory = MemoryIndex::new(mem);
            if !small_bulk::fill(t, memory, operands)? {
                t.env.memory_fill(&mut t.builder, memory, operands)?;
            }
        }
        Operator::MemoryCopy { dst_mem, src_mem } => {
            let operands = pop_operands(t);
            t.env.before_units(&mut t.builder, op, operands.len)?;
            let (to, from) = (MemoryIndex::new(dst_mem), MemoryIndex::new(src_mem));
            if !small_bulk::copy(t, to, from, operands)? {
                t.env.memory_copy(&mut t.builder, to, from, operands)?;
            }
        }
        Operator::MemoryInit { data_index, mem } => {
            let operands = pop_operands(t);
            t.env.before_units(&mut t.builder, op, operands.len)?;
            let (memory, data) = (MemoryIndex::new(mem), DataIndex::new(data_index));
            t.env.memory_init(&mut t.builder, memory, data, operands)?;
        }
        Operator::DataDrop { data_index } => {
            t.env.data_drop(&mut t.builder, DataIndex::new(data_index))?;
        }
        Operator::TableFill { table } => {
            // The value stands in the middle, where the source does.
            let operands = pop_operands(t);
            t.env.before_units(&mut t.builder, op, operands.len)?;
            t.env.table_fill(&mut t.builder, TableIndex::new(table), operands)?;
        }
        Operator::TableCopy { dst_table, src_table } => {
            let operands = pop_operands(t);
            t.env.before_units(&mut t.builder, op, operands.len)?;
            let (to, from) = (TableIndex::new(dst_table), TableIndex::new(src_table));
            t.env.table_copy(&mut t.builder, to, from, operands)?;
        }
        Operator::TableInit { elem_index, table } => {
            let operands = pop_operands(t);
            t.env.before_units(&mut t.builder, op, operands.len)?;
            let (table, elem) = (TableIndex::new(table), ElemIndex::new(elem_index));
            t.env.table_init(&mut t.builder, table, elem, operands)?;
        }
        Operator::ElemDrop { elem_index } => {
            t.env.elem_drop(&mut t.builder, ElemIndex::new(elem_index))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn pop_operands<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>) -> BulkOperands {
    let (to, from, len) = t.pop3();
    BulkOperands { to, from, len }
}
