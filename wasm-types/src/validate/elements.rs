//! The element section (Wasm 3.0, section 5.5.12).

use wasmparser::ElementSectionReader;

use super::const_expr;
use super::reader::Read;
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
                offset: const_expr::read(&offset_expr)?,
            },
        };
        let (ty, items) = match segment.items {
            wasmparser::ElementItems::Functions(items) => {
                // Plain functions are never null (Wasm 3.0, section 5.5.12).
                let ty = RefType { nullable: false, heap: HeapType::Func };
                let items = items.into_iter().map(|func| Ok(FuncIndex::new(func?)));
                (ty, ElementItems::Functions(items.collect::<wasmparser::Result<_>>()?))
            }
            wasmparser::ElementItems::Expressions(ty, items) => {
                let mut exprs = alloc::vec::Vec::new();
                for expr in items {
                    exprs.push(const_expr::read(&expr?)?);
                }
                (ty.try_into()?, ElementItems::Expressions(exprs))
            }
        };
        module.elements.push(ElementSegment { kind, ty, items });
    }
    Ok(())
}
