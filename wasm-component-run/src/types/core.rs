//! Types of core items, as the store has them.

use wasm_component::{CoreItemType, CoreValTypes};
use wasm_store::{
    Engine, ExternType, FuncType, GlobalType, HeapType, MemoryTypeBuilder, Mutability, RefType,
    Result, TableType, TagType, ValType, bail,
};
use wasm_types::{HeapType as AnyHeap, ValType as Any};

/// The type of a core item in an engine.
pub(crate) fn extern_type(engine: &Engine, ty: &CoreItemType<'_>) -> Result<ExternType> {
    Ok(match ty {
        CoreItemType::Func { params, results } => {
            FuncType::new(engine, val_types(*params)?, val_types(*results)?).into()
        }
        CoreItemType::Table { element, minimum, maximum, table64, shared } => {
            if *shared {
                bail!("shared tables are not supported");
            }
            let element = ref_type(*element)?;
            if *table64 {
                return Ok(TableType::new64(element, *minimum, *maximum).into());
            }
            let limit = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
            TableType::new(element, limit(*minimum), maximum.map(limit)).into()
        }
        CoreItemType::Memory(ty) => {
            let mut builder = MemoryTypeBuilder::new();
            builder
                .min(ty.minimum)
                .max(ty.maximum)
                .memory64(ty.memory64)
                .shared(ty.shared)
                .page_size_log2(ty.page_size_log2);
            builder.build()?.into()
        }
        CoreItemType::Global { content, mutable } => {
            let mutability = if *mutable { Mutability::Var } else { Mutability::Const };
            GlobalType::new(val_type(*content)?, mutability).into()
        }
        CoreItemType::Tag { params } => {
            TagType::new(FuncType::new(engine, val_types(*params)?, [])).into()
        }
    })
}

fn val_types(types: CoreValTypes<'_>) -> Result<Vec<ValType>> {
    types.iter().map(val_type).collect()
}

fn val_type(ty: Any) -> Result<ValType> {
    Ok(match ty {
        Any::I32 => ValType::I32,
        Any::I64 => ValType::I64,
        Any::F32 => ValType::F32,
        Any::F64 => ValType::F64,
        Any::V128 => ValType::V128,
        Any::Ref(ty) => ValType::Ref(ref_type(ty)?),
    })
}

fn ref_type(ty: wasm_types::RefType) -> Result<RefType> {
    let heap = match ty.heap {
        AnyHeap::Func => HeapType::Func,
        AnyHeap::Extern => HeapType::Extern,
        other => bail!("core modules of components with items of type `{other}` are not supported"),
    };
    Ok(RefType::new(ty.nullable, heap))
}
