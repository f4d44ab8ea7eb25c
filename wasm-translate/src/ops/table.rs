//! Single elements of tables, and their size (Wasm 3.0, section 4.6.6).

use wasm_types::wasmparser::Operator;
use wasm_types::{TableIndex, ValType};

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match *op {
        Operator::TableGet { table } => {
            let index = t.pop();
            let table = TableIndex::new(table);
            let value = t.env.table_get(&mut t.builder, table, index)?;
            let ty = t.env.module().tables[table.index()].element;
            t.note_reference(value, ValType::Ref(ty));
            t.push(value);
        }
        Operator::TableSet { table } => {
            let (index, value) = t.pop2();
            t.env.table_set(&mut t.builder, TableIndex::new(table), index, value)?;
        }
        Operator::TableSize { table } => {
            let size = t.env.table_size(&mut t.builder, TableIndex::new(table))?;
            t.push(size);
        }
        Operator::TableGrow { table } => {
            let (value, delta) = t.pop2();
            t.env.before_units(&mut t.builder, op, delta)?;
            let size = t.env.table_grow(&mut t.builder, TableIndex::new(table), delta, value)?;
            t.push(size);
        }
        _ => return Ok(false),
    }
    Ok(true)
}
