//! The functions that can be referred to other than by a direct call.

use alloc::vec::Vec;

use crate::const_expr::{ConstExpr, ConstOp};
use crate::entity::EntityIndex;
use crate::index::FuncIndex;
use crate::module::{ElementItems, ElementKind, Module};

/// What [`Module::escaping_functions`] holds.
pub(super) fn collect(module: &Module) -> Vec<FuncIndex> {
    let mut functions = Vec::new();
    functions.extend(module.start);
    functions.extend(module.exports.iter().filter_map(|export| match export.index {
        EntityIndex::Func(func) => Some(func),
        _ => None,
    }));
    let mut expr = |expr: &ConstExpr| {
        functions.extend(expr.ops().iter().filter_map(|op| match op {
            ConstOp::RefFunc(func) => Some(*func),
            _ => None,
        }));
    };
    module.global_inits.iter().for_each(&mut expr);
    module.table_inits.iter().flatten().for_each(&mut expr);
    for segment in &module.elements {
        if let ElementKind::Active { offset, .. } = &segment.kind {
            expr(offset);
        }
        if let ElementItems::Expressions(items) = &segment.items {
            items.iter().for_each(&mut expr);
        }
    }
    for segment in &module.elements {
        if let ElementItems::Functions(items) = &segment.items {
            functions.extend(items);
        }
    }
    functions.sort_unstable();
    functions.dedup();
    functions
}
