//! Types of core modules that are imported or exported, as the plan has them.

use wasm_component::write::{CoreItemDecl, CoreItemDeclType};
use wasm_types::{GlobalType, MemoryType, TableType, ValType};
use wasmparser::component_types::ComponentCoreModuleTypeId;
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};

use crate::error::Error;

/// Imports and exports of a module type.
pub(crate) type Decls<'a> = (Vec<CoreItemDecl<'a>>, Vec<CoreItemDecl<'a>>);

/// Converts a module type.
pub(crate) fn module_type(
    types: TypesRef<'_>,
    id: ComponentCoreModuleTypeId,
) -> Result<Decls<'_>, Error> {
    let Some(ty) = types.get(id) else {
        return Err(Error::unsupported("a module type that the validator does not know"));
    };
    let mut imports = Vec::with_capacity(ty.imports.len());
    for ((module, name), ty) in &ty.imports {
        imports.push(CoreItemDecl { module, name, ty: item(types, *ty)? });
    }
    let mut exports = Vec::with_capacity(ty.exports.len());
    for (name, ty) in &ty.exports {
        exports.push(CoreItemDecl { module: "", name, ty: item(types, *ty)? });
    }
    Ok((imports, exports))
}

fn item(types: TypesRef<'_>, ty: EntityType) -> Result<CoreItemDeclType, Error> {
    Ok(match ty {
        EntityType::Func(id) | EntityType::FuncExact(id) => {
            let (params, results) = func(types, id)?;
            CoreItemDeclType::Func { params, results }
        }
        EntityType::Tag(id) => CoreItemDeclType::Tag { params: func(types, id)?.0 },
        EntityType::Table(table) => CoreItemDeclType::Table(TableType {
            element: match val_type(wasmparser::ValType::Ref(table.element_type))? {
                ValType::Ref(element) => element,
                _ => return Err(unsupported()),
            },
            minimum: table.initial,
            maximum: table.maximum,
            table64: table.table64,
            shared: table.shared,
        }),
        EntityType::Memory(memory) => CoreItemDeclType::Memory(MemoryType {
            minimum: memory.initial,
            maximum: memory.maximum,
            memory64: memory.memory64,
            shared: memory.shared,
            page_size_log2: match memory.page_size_log2 {
                None | Some(16) => MemoryType::DEFAULT_PAGE_SIZE_LOG2,
                Some(0) => 0,
                Some(_) => return Err(Error::unsupported("pages of this size")),
            },
        }),
        EntityType::Global(global) => CoreItemDeclType::Global(GlobalType {
            content: val_type(global.content_type)?,
            mutable: global.mutable,
        }),
    })
}

type Signature = (Vec<ValType>, Vec<ValType>);

fn func(types: TypesRef<'_>, id: CoreTypeId) -> Result<Signature, Error> {
    let ty = types.get(id).and_then(|ty| match &ty.composite_type.inner {
        wasmparser::CompositeInnerType::Func(func) => Some(func),
        _ => None,
    });
    let ty = ty.ok_or_else(unsupported)?;
    let all = |types: &[wasmparser::ValType]| {
        types.iter().map(|ty| val_type(*ty)).collect::<Result<Vec<_>, _>>()
    };
    Ok((all(ty.params())?, all(ty.results())?))
}

fn val_type(ty: wasmparser::ValType) -> Result<ValType, Error> {
    Ok(match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::FUNCREF => ValType::FUNCREF,
        wasmparser::ValType::EXTERNREF => ValType::EXTERNREF,
        wasmparser::ValType::Ref(_) => return Err(unsupported()),
    })
}

fn unsupported() -> Error {
    Error::unsupported(
        "types other than numbers, vectors, `funcref` and `externref` in core modules that a \
         component imports or exports",
    )
}
