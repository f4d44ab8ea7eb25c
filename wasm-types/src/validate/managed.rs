//! What of garbage collection is not translated: everything but recursive groups of function types
//! and their subtypes.
//!
//! Declarations are validated with the proposal, and what of it cannot be translated is refused
//! here, by its place. Function bodies are validated without it, since they have no use for what
//! is translated.

use wasmparser::{ConstExpr, Error, Operator, Parser, Payload, TableInit};

use crate::module::Module;
use crate::types::{CompositeType, HeapType, RefType, SubType, ValType};

/// The proposals with which function bodies are validated, of those that are allowed.
pub(super) fn of_bodies(allowed: wasmparser::WasmFeatures) -> wasmparser::WasmFeatures {
    allowed.difference(wasmparser::WasmFeatures::GC)
}

/// Whether the declarations of a module have something that is not translated. Constant expressions
/// that have are not described at all.
pub(super) fn is_used(module: &Module) -> bool {
    module.types.iter().any(of_sub_type)
        || module.tables.iter().any(|table| of_ref(table.element))
        || module.globals.iter().any(|global| of_value(global.content))
        || module.elements.iter().any(|segment| of_ref(segment.ty))
}

/// The place of the first declaration of a binary that has something which is not translated.
pub(super) fn first(wasm: &[u8]) -> Option<u64> {
    let mut first = None;
    // What cannot be read was not valid either.
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        first = first.or(in_section(payload).ok().flatten());
    }
    first
}

fn in_section(payload: Payload<'_>) -> Result<Option<u64>, Error> {
    match payload {
        Payload::TypeSection(section) => {
            for group in section {
                for (offset, ty) in group?.into_types_and_offsets() {
                    if SubType::try_from(&ty).is_ok_and(|ty| of_sub_type(&ty)) {
                        return Ok(Some(offset));
                    }
                }
            }
        }
        Payload::ImportSection(section) => {
            for import in section.into_imports_with_offsets() {
                let (offset, import) = import?;
                let found = match import.ty {
                    wasmparser::TypeRef::Table(ty) => of_parsed(ty.element_type.into()),
                    wasmparser::TypeRef::Global(ty) => of_parsed(ty.content_type),
                    _ => false,
                };
                if found {
                    return Ok(Some(offset));
                }
            }
        }
        Payload::TableSection(section) => {
            for table in section.into_iter_with_offsets() {
                let (offset, table) = table?;
                let init = match &table.init {
                    TableInit::RefNull => false,
                    TableInit::Expr(expr) => in_expr(expr),
                };
                if init || of_parsed(table.ty.element_type.into()) {
                    return Ok(Some(offset));
                }
            }
        }
        Payload::GlobalSection(section) => {
            for global in section.into_iter_with_offsets() {
                let (offset, global) = global?;
                if of_parsed(global.ty.content_type) || in_expr(&global.init_expr) {
                    return Ok(Some(offset));
                }
            }
        }
        Payload::ElementSection(section) => {
            for segment in section.into_iter_with_offsets() {
                let (offset, segment) = segment?;
                if let wasmparser::ElementItems::Expressions(ty, items) = segment.items {
                    let mut found = of_parsed(ty.into());
                    for item in items {
                        found |= in_expr(&item?);
                    }
                    if found {
                        return Ok(Some(offset));
                    }
                }
            }
        }
        _ => {}
    }
    Ok(None)
}

/// Whether an expression has an operator of the proposal. `global.get` of any global, which came
/// with it, is translated.
fn in_expr(expr: &ConstExpr<'_>) -> bool {
    expr.get_operators_reader().into_iter().map_while(Result::ok).any(|op| match op {
        Operator::RefNull { hty } => HeapType::try_from(hty).is_ok_and(of_heap),
        Operator::RefI31
        | Operator::StructNew { .. }
        | Operator::StructNewDefault { .. }
        | Operator::ArrayNew { .. }
        | Operator::ArrayNewDefault { .. }
        | Operator::ArrayNewFixed { .. }
        | Operator::AnyConvertExtern
        | Operator::ExternConvertAny => true,
        _ => false,
    })
}

fn of_sub_type(ty: &SubType) -> bool {
    match &ty.composite {
        CompositeType::Func(ty) => ty.params().iter().chain(ty.results()).any(|ty| of_value(*ty)),
        CompositeType::Struct(_) | CompositeType::Array(_) => true,
    }
}

fn of_parsed(ty: wasmparser::ValType) -> bool {
    ValType::try_from(ty).is_ok_and(of_value)
}

fn of_value(ty: ValType) -> bool {
    ty.as_ref().is_some_and(of_ref)
}

fn of_ref(ty: RefType) -> bool {
    of_heap(ty.heap)
}

fn of_heap(heap: HeapType) -> bool {
    match heap {
        HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => true,
        // A concrete type is one of a function, where none of structures and arrays is let through.
        HeapType::Func
        | HeapType::NoFunc
        | HeapType::Extern
        | HeapType::NoExtern
        | HeapType::Exn
        | HeapType::NoExn
        | HeapType::Concrete(_) => false,
    }
}
