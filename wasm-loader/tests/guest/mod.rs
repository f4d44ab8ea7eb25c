//! A module whose one function is run: for the tests of loading.

use wasm_types::{
    CompiledFunction, CompiledModule, ConstExpr, ConstOp, DataKind, DataSegment, FuncType,
    MemoryIndex, MemoryType, Module, RecGroup, SubType, TypeIndex, ValType,
};

/// Code that returns 42.
#[cfg(target_arch = "x86_64")]
pub(crate) const FORTY_TWO: &[u8] = b"\xb8\x2a\0\0\0\xc3";
#[cfg(target_arch = "aarch64")]
pub(crate) const FORTY_TWO: &[u8] = b"\x40\x05\x80\x52\xc0\x03\x5f\xd6";
#[cfg(target_arch = "riscv64")]
pub(crate) const FORTY_TWO: &[u8] = b"\x13\x05\xa0\x02\x67\x80\x00\x00";
#[cfg(target_arch = "s390x")]
pub(crate) const FORTY_TWO: &[u8] = b"\xa7\x29\0\x2a\x07\xfe";

/// The contents of the module's memory at the address that it is given.
pub(crate) const DATA: &[u8] = b"hello";

/// A module with one function whose code is the given bytes, and a memory with [`DATA`] at an
/// address.
pub(crate) fn module(code: &[u8], address: i32) -> (Module, CompiledModule) {
    let offset = ConstExpr::new([ConstOp::I32Const(address)]);
    let memory = MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: 16,
    };
    let module = Module {
        types: vec![SubType::func(FuncType::new([], [ValType::I32]))],
        rec_groups: vec![RecGroup { start: TypeIndex::new(0), len: 1 }],
        functions: vec![TypeIndex::new(0)],
        memories: vec![memory],
        data: vec![DataSegment {
            kind: DataKind::Active { memory: MemoryIndex::new(0), offset },
            range: 0..DATA.len(),
        }],
        ..Module::default()
    };
    let compiled = CompiledModule {
        target: format!("{}-unknown-{}-gnu", std::env::consts::ARCH, std::env::consts::OS),
        text: code.to_vec(),
        functions: vec![CompiledFunction { offset: 0, len: code.len() as u32, frame_size: 0 }],
        ..CompiledModule::default()
    };
    (module, compiled)
}
