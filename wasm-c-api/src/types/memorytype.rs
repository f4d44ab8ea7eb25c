//! Types of memories, with what `wasmtime/memory.h` adds to them.

#![allow(unsafe_code)]

use wasm_runtime::MemoryType;

use super::CExternType;
use super::externtype::{Kind, Limits, limits_max};
use crate::border::{Out, abort};
use crate::error::{Failure, failure};

/// Null if the limits are out of order.
#[unsafe(no_mangle)]
extern "C" fn wasm_memorytype_new(limits: &Limits) -> Option<Box<CExternType>> {
    let mut builder = MemoryType::builder();
    builder.min(limits.min.into()).max(limits_max(limits).map(u64::from));
    Some(Box::new(CExternType::memory(builder.build().ok()?)))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_memorytype_limits(ty: &CExternType) -> &Limits {
    match &ty.kind {
        Kind::Memory(_, limits) => limits,
        _ => abort("wasm_memorytype_limits", "this is not the type of a memory"),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_new(
    min: u64,
    max_present: bool,
    max: u64,
    is_64: bool,
    shared: bool,
    page_size_log2: u8,
    out: Out<'_, Box<CExternType>>,
) -> Failure {
    let mut builder = MemoryType::builder();
    builder
        .min(min)
        .max(max_present.then_some(max))
        .memory64(is_64)
        .shared(shared)
        .page_size_log2(page_size_log2);
    failure(builder.build(), |ty| {
        out.write(Box::new(CExternType::memory(ty)));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_minimum(ty: &CExternType) -> u64 {
    ty.memory_type().minimum()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_maximum(ty: &CExternType, out: Out<'_, u64>) -> bool {
    ty.memory_type().maximum().map(|maximum| out.write(maximum)).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_is64(ty: &CExternType) -> bool {
    ty.memory_type().is_64()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_isshared(ty: &CExternType) -> bool {
    ty.memory_type().is_shared()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_page_size(ty: &CExternType) -> u64 {
    ty.memory_type().page_size()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_memorytype_page_size_log2(ty: &CExternType) -> u8 {
    ty.memory_type().page_size_log2()
}
