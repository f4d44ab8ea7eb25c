//! The functions that can be referred to other than by a direct call.

use alloc::vec::Vec;

use crate::const_expr::{ConstExpr, ConstOp};
use crate::entity::EntityIndex;
use crate::index::FuncIndex;
use crate::module::{ElementItems, ElementKind, Module};

/// What [`Module::escaping_functions`] holds.
pub(super) fn collect(module: &Module) -> Vec<FuncIndex> {
    // Marks, as there may be far more references than functions.
    let mut escapes = alloc::vec![false; module.functions.len()];
    let mut mark = |func: FuncIndex| escapes[func.index()] = true;
    module.start.into_iter().for_each(&mut mark);
    for export in &module.exports {
        if let EntityIndex::Func(func) = export.index {
            mark(func);
        }
    }
    let mut expr = |expr: &ConstExpr| {
        for op in expr.ops() {
            if let ConstOp::RefFunc(func) = op {
                mark(*func);
            }
        }
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
            items.iter().copied().for_each(&mut mark);
        }
    }
    let escapes = (0..).map(FuncIndex::new).zip(escapes);
    escapes.filter_map(|(func, escapes)| escapes.then_some(func)).collect()
}
