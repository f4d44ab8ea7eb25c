//! The table section (Wasm 3.0, section 5.5.7).

use wasmparser::{TableInit, TableSectionReader};

use super::const_expr;
use super::failure::Read;
use crate::entity::TableType;
use crate::module::Module;

pub(super) fn read(module: &mut Module, section: TableSectionReader<'_>) -> Read {
    for table in section {
        let table = table?;
        let init = match &table.init {
            TableInit::RefNull => None,
            TableInit::Expr(expr) => Some(const_expr::read(expr, module)?),
        };
        module.tables.push(TableType::from_parser(table.ty, module)?);
        module.table_inits.push(init);
    }
    Ok(())
}
