//! The proposals that the declarations of a module use.

use wasm_types::{
    CompositeType, ConstExpr, ConstOp, DataKind, ElementItems, ElementKind, EntityIndex, FieldType,
    HeapType, MemoryType, Module, RecGroup, RefType, StorageType, SubType, TableType, TagType,
    ValType, WasmFeatures,
};

/// The proposals that all of a module uses but its types and the bodies of its functions.
pub(crate) fn of_declarations(module: &Module) -> WasmFeatures {
    let mut used = WasmFeatures::empty();
    // A type that stands alone may still refer to itself.
    if module.rec_groups.iter().any(|group| group.len != 1 || refers_to_itself(module, group)) {
        used |= WasmFeatures::GC;
    }
    for ty in &module.tables {
        used |= of_table(ty);
    }
    for ty in &module.memories {
        used |= of_memory(ty);
    }
    if module.tables.len() > 1 {
        used |= WasmFeatures::REFERENCE_TYPES;
    }
    if module.memories.len() > 1 {
        used |= WasmFeatures::MULTI_MEMORY;
    }
    for ty in &module.globals {
        used |= of_type(ty.content);
    }
    if !module.tags.is_empty() {
        used |= WasmFeatures::EXCEPTIONS;
    }
    let has_results =
        |tag: &TagType| module.func_type(tag.ty).is_some_and(|ty| !ty.results().is_empty());
    if module.tags.iter().any(has_results) {
        used |= WasmFeatures::STACK_SWITCHING;
    }
    // A table whose elements start as something else than null.
    for init in module.table_inits.iter().flatten() {
        used |= WasmFeatures::FUNCTION_REFERENCES | of_expr(module, init);
    }
    for init in &module.global_inits {
        used |= of_expr(module, init);
    }
    used | of_borders(module) | of_segments(module)
}

/// Whether the only type of a group refers to itself.
fn refers_to_itself(module: &Module, group: &RecGroup) -> bool {
    let is_own = |heap| matches!(heap, HeapType::Concrete(to, _) if to == group.start);
    let own = |ty: &ValType| ty.as_ref().is_some_and(|ty| is_own(ty.heap));
    // Structures and arrays are of the proposal in any case.
    let func = module.func_type(group.start);
    func.is_some_and(|func| func.params().iter().chain(func.results()).any(own))
}

/// What imports and exports use, beyond what the types of what they name do.
fn of_borders(module: &Module) -> WasmFeatures {
    let imported = module.imports.iter().map(|import| import.index);
    let exported = module.exports.iter().map(|export| export.index);
    let is_mutable = |index| match index {
        EntityIndex::Global(global) => module.globals[global.index()].mutable,
        _ => false,
    };
    if imported.chain(exported).any(is_mutable) {
        WasmFeatures::MUTABLE_GLOBAL
    } else {
        WasmFeatures::empty()
    }
}

fn of_segments(module: &Module) -> WasmFeatures {
    let mut used = WasmFeatures::empty();
    for segment in &module.elements {
        used |= match &segment.kind {
            ElementKind::Passive => WasmFeatures::BULK_MEMORY,
            // Its kind of encoding came with the other one.
            ElementKind::Declared => WasmFeatures::REFERENCE_TYPES | WasmFeatures::BULK_MEMORY,
            ElementKind::Active { offset, .. } => of_expr(module, offset),
        };
        if let ElementItems::Expressions(items) = &segment.items {
            used |= WasmFeatures::BULK_MEMORY | of_ref(segment.ty);
            for item in items {
                used |= of_expr(module, item);
            }
        }
    }
    for segment in &module.data {
        used |= match &segment.kind {
            DataKind::Passive => WasmFeatures::BULK_MEMORY,
            DataKind::Active { offset, .. } => of_expr(module, offset),
        };
    }
    used
}

fn of_expr(module: &Module, expr: &ConstExpr) -> WasmFeatures {
    let of_op = |op: &ConstOp| match *op {
        ConstOp::I32Const(_)
        | ConstOp::I64Const(_)
        | ConstOp::F32Const(_)
        | ConstOp::F64Const(_) => WasmFeatures::empty(),
        ConstOp::V128Const(_) => WasmFeatures::SIMD,
        // At first only imported globals could be read.
        ConstOp::GlobalGet(global) if module.defined_global(global).is_some() => WasmFeatures::GC,
        ConstOp::GlobalGet(_) => WasmFeatures::empty(),
        ConstOp::RefNull(heap) => {
            WasmFeatures::REFERENCE_TYPES | of_ref(RefType { nullable: true, heap })
        }
        ConstOp::RefFunc(_) => WasmFeatures::REFERENCE_TYPES,
        ConstOp::I32Add
        | ConstOp::I32Sub
        | ConstOp::I32Mul
        | ConstOp::I64Add
        | ConstOp::I64Sub
        | ConstOp::I64Mul => WasmFeatures::EXTENDED_CONST,
        ConstOp::RefI31
        | ConstOp::StructNew(_)
        | ConstOp::StructNewDefault(_)
        | ConstOp::ArrayNew(_)
        | ConstOp::ArrayNewDefault(_)
        | ConstOp::ArrayNewFixed(..)
        | ConstOp::AnyConvertExtern
        | ConstOp::ExternConvertAny => WasmFeatures::GC,
    };
    expr.ops().iter().map(of_op).fold(WasmFeatures::empty(), WasmFeatures::union)
}

/// The proposals that types use.
pub(crate) fn of_types<'a>(types: impl IntoIterator<Item = &'a SubType>) -> WasmFeatures {
    types.into_iter().map(of_sub_type).fold(WasmFeatures::empty(), WasmFeatures::union)
}

fn of_sub_type(ty: &SubType) -> WasmFeatures {
    let of_field = |field: &FieldType| match field.storage {
        StorageType::I8 | StorageType::I16 => WasmFeatures::empty(),
        StorageType::Val(ty) => of_type(ty),
    };
    let of_parts = match &ty.composite {
        CompositeType::Func(ty) => {
            let several = ty.results().len() > 1;
            let several = if several { WasmFeatures::MULTI_VALUE } else { WasmFeatures::empty() };
            let types = ty.params().iter().chain(ty.results());
            types.map(|ty| of_type(*ty)).fold(several, WasmFeatures::union)
        }
        CompositeType::Struct(ty) => {
            ty.fields.iter().map(of_field).fold(WasmFeatures::GC, WasmFeatures::union)
        }
        CompositeType::Array(ty) => WasmFeatures::GC | of_field(&ty.0),
        CompositeType::Cont(_) => WasmFeatures::STACK_SWITCHING,
    };
    let is_plain = ty.is_final && ty.supertype.is_none();
    if is_plain { of_parts } else { of_parts | WasmFeatures::GC }
}

fn of_table(ty: &TableType) -> WasmFeatures {
    // Tables of functions were there from the start.
    let mut used = match ty.element {
        RefType::FUNCREF => WasmFeatures::empty(),
        element => of_ref(element),
    };
    used.set(WasmFeatures::MEMORY64, ty.table64);
    if ty.shared { used | WasmFeatures::THREADS } else { used }
}

fn of_memory(ty: &MemoryType) -> WasmFeatures {
    let mut used = WasmFeatures::empty();
    used.set(WasmFeatures::MEMORY64, ty.memory64);
    used.set(WasmFeatures::THREADS, ty.shared);
    used.set(WasmFeatures::CUSTOM_PAGE_SIZES, !ty.has_default_pages());
    used
}

/// The proposals that the type of a value uses.
pub(crate) fn of_type(ty: ValType) -> WasmFeatures {
    match ty {
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => WasmFeatures::empty(),
        ValType::V128 => WasmFeatures::SIMD,
        ValType::Ref(ty) => of_ref(ty),
    }
}

fn of_ref(ty: RefType) -> WasmFeatures {
    let heap = match ty.heap {
        HeapType::Func | HeapType::Extern if ty.nullable => WasmFeatures::empty(),
        HeapType::Func | HeapType::Extern | HeapType::Concrete(..) => {
            WasmFeatures::FUNCTION_REFERENCES
        }
        HeapType::Exn => WasmFeatures::EXCEPTIONS,
        HeapType::NoExn => WasmFeatures::EXCEPTIONS | WasmFeatures::GC,
        HeapType::Cont | HeapType::NoCont if ty.nullable => WasmFeatures::STACK_SWITCHING,
        HeapType::Cont | HeapType::NoCont => {
            WasmFeatures::STACK_SWITCHING | WasmFeatures::FUNCTION_REFERENCES
        }
        HeapType::NoFunc
        | HeapType::NoExtern
        | HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => WasmFeatures::GC,
    };
    WasmFeatures::REFERENCE_TYPES | heap
}
