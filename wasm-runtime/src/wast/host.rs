//! What scripts may import from the host: the module `spectest`, as the specification's reference
//! interpreter defines it, and `wasmtime`, as Wasmtime's runner of scripts does.

use crate::{
    Caller, Extern, Global, GlobalType, Linker, Memory, MemoryType, Mutability, Ref, RefType,
    Result, SharedMemory, Store, Table, TableType, Val, ValType,
};

/// A linker in which nothing but these two is defined. The printing functions print nothing.
pub(super) fn spectest(store: &mut Store<()>) -> Result<Linker<()>> {
    const MODULE: &str = "spectest";
    let mut linker = Linker::new(store.engine());
    linker.allow_shadowing(true);
    linker.func_wrap(MODULE, "print", || {})?;
    linker.func_wrap(MODULE, "print_i32", |_: i32| {})?;
    linker.func_wrap(MODULE, "print_i64", |_: i64| {})?;
    linker.func_wrap(MODULE, "print_f32", |_: f32| {})?;
    linker.func_wrap(MODULE, "print_f64", |_: f64| {})?;
    linker.func_wrap(MODULE, "print_i32_f32", |_: i32, _: f32| {})?;
    linker.func_wrap(MODULE, "print_f64_f64", |_: f64, _: f64| {})?;

    let globals = [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6_f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6_f64.to_bits())),
    ];
    for (name, ty, value) in globals {
        let global = Global::new(&mut *store, GlobalType::new(ty, Mutability::Const), value)?;
        define(&mut linker, store, name, global.into())?;
    }

    let table = TableType::new(RefType::FUNCREF, 10, Some(20));
    let table = Table::new(&mut *store, table, Ref::Func(None))?;
    define(&mut linker, store, "table", table.into())?;
    let table = TableType::new64(RefType::FUNCREF, 10, Some(20));
    let table = Table::new(&mut *store, table, Ref::Func(None))?;
    define(&mut linker, store, "table64", table.into())?;
    let memory = Memory::new(&mut *store, MemoryType::new(1, Some(2)))?;
    define(&mut linker, store, "memory", memory.into())?;
    // An engine without shared memories has none, and scripts that want one fail.
    if let Ok(memory) = SharedMemory::new(store.engine(), MemoryType::shared(1, 2)) {
        define(&mut linker, store, "shared_memory", memory.into())?;
    }
    linker.func_wrap("wasmtime", "gc", |mut caller: Caller<'_, ()>| caller.gc(None))?;
    return Ok(linker);

    fn define(
        linker: &mut Linker<()>,
        store: &mut Store<()>,
        name: &str,
        item: Extern,
    ) -> Result<()> {
        linker.define(&mut *store, MODULE, name, item)?;
        Ok(())
    }
}
