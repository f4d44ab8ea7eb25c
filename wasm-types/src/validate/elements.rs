//! The element section (Wasm 3.0, section 5.5.12).

use alloc::vec::Vec;

use wasmparser::ElementSectionReader;

use super::const_expr;
use super::failure::Read;
use crate::index::{FuncIndex, TableIndex};
use crate::module::{ElementItems, ElementKind, ElementSegment, Module};
use crate::types::{HeapType, RefType};

pub(super) fn read(module: &mut Module, section: ElementSectionReader<'_>) -> Read {
    for segment in section {
        let segment = segment?;
        let kind = match segment.kind {
            wasmparser::ElementKind::Passive => ElementKind::Passive,
            wasmparser::ElementKind::Declared => ElementKind::Declared,
            wasmparser::ElementKind::Active { table_index, offset_expr } => ElementKind::Active {
                table: TableIndex::new(table_index.unwrap_or(0)),
                offset: const_expr::read(&offset_expr, module)?,
            },
        };
        let (ty, items) = match segment.items {
            wasmparser::ElementItems::Functions(items) => {
                // Plain functions are never null (Wasm 3.0, section 5.5.12).
                let ty = RefType { nullable: false, heap: HeapType::Func };
                // It was validated, so that the count is that of what is there.
                let mut functions = Vec::with_capacity(items.count() as usize);
                for func in items {
                    functions.push(FuncIndex::new(func?));
                }
                (ty, ElementItems::Functions(functions))
            }
            wasmparser::ElementItems::Expressions(ty, items) => {
                let mut exprs = Vec::with_capacity(items.count() as usize);
                for expr in items {
                    exprs.push(const_expr::read(&expr?, module)?);
                }
                (RefType::from_parser(ty, module)?, ElementItems::Expressions(exprs))
            }
        };
        module.elements.push(ElementSegment { kind, ty, items });
    }
    Ok(())
}
