//! Hard limits of an engine that reserves everything up front. If something runs out, the error
//! says which setting to change. What is given back can be used again.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Config, Enabled, Engine, Instance, Memory, MemoryType, Module, PoolConcurrencyLimitError,
    PoolingAllocationConfig, Store,
};

fn with_pool(change: impl FnOnce(&mut PoolingAllocationConfig)) -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(3).total_memories(3).total_stacks(2).max_memory_size(4 << 16);
    change(&mut pool);
    Engine::new(Config::new().allocation_strategy(pool)).unwrap()
}

const WAT: &str = r#"(module (memory (export "memory") 1)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

fn instance(engine: &Engine, module: &Module) -> wasm_runtime::Result<(Store<()>, Instance)> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[])?;
    Ok((store, instance))
}

#[track_caller]
fn names<T>(result: wasm_runtime::Result<T>, setting: &str) {
    let Err(error) = result else { panic!("the limit does not hold") };
    assert!(format!("{error:#}").contains(setting), "{error:#}");
}

#[test]
fn instances_are_limited() {
    let engine = with_pool(|pool| {
        pool.total_memories(10);
    });
    let module = Module::new(&engine, WAT).unwrap();
    for _ in 0..3 {
        let mut live: Vec<_> = (0..3).map(|_| instance(&engine, &module).unwrap()).collect();
        names(instance(&engine, &module), "total_core_instances");
        live.pop();
        live.push(instance(&engine, &module).unwrap());
    }
}

#[test]
fn memories_are_limited() {
    let engine = with_pool(|pool| {
        pool.total_core_instances(10);
    });
    let module = Module::new(&engine, WAT).unwrap();
    let other = Module::new(&engine, r#"(module (memory 2) (data (i32.const 0) "x"))"#).unwrap();
    for _ in 0..3 {
        let _live: Vec<_> = (0..2).map(|_| instance(&engine, &module).unwrap()).collect();
        let third = instance(&engine, &other).unwrap();
        names(instance(&engine, &module), "total_memories");
        let mut store = Store::new(&engine, ());
        let ty = MemoryType::new(1, None);
        names(Memory::new(&mut store, ty.clone()), "total_memories");
        drop(third);
        Memory::new(&mut store, ty).unwrap();
    }
}

#[test]
fn stacks_are_limited() {
    let engine = with_pool(|_| ());
    let module = Module::new(&engine, WAT).unwrap();
    for _ in 0..3 {
        let call = |(mut store, instance): (Store<()>, Instance)| {
            let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
            grow.call(&mut store, 0)?;
            wasm_runtime::Result::Ok(store)
        };
        let _first = call(instance(&engine, &module).unwrap()).unwrap();
        let second = call(instance(&engine, &module).unwrap()).unwrap();
        names(call(instance(&engine, &module).unwrap()), "total_stacks");
        drop(second);
        call(instance(&engine, &module).unwrap()).unwrap();
    }
}

#[test]
fn sizes_are_limited() {
    let engine = with_pool(|_| ());
    let large = Module::new(&engine, "(module (memory 5))");
    names(large, "max_memory_size");
    let module = Module::new(&engine, WAT).unwrap();
    let (mut store, instance) = instance(&engine, &module).unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, 3).unwrap(), 1);
    assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    assert_eq!(memory.size(&store), 4);
    assert!(memory.grow(&mut store, 1).is_err());
}

#[test]
fn checked_memories_have_slots_too() {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(2).total_memories(2).total_stacks(2).max_memory_size(8 << 16);
    let mut config = Config::new();
    config.memory_reservation(0).allocation_strategy(pool);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, WAT).unwrap();
    for _ in 0..5 {
        let (mut store, instance) = instance(&engine, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let address = memory.data_ptr(&store);
        memory.grow(&mut store, 7).unwrap();
        assert_eq!(memory.data_ptr(&store), address, "it does not move");
        assert!(memory.data(&store).iter().all(|byte| *byte == 0));
        memory.data_mut(&mut store).fill(1);
        assert!(memory.grow(&mut store, 1).is_err());
    }
}

#[test]
fn what_can_not_be_reserved_is_reported_at_once() {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(1_000_000);
    let Err(error) = Engine::new(Config::new().allocation_strategy(pool)) else {
        panic!("this machine has 4 PiB of address space")
    };
    let error = format!("{error:#}");
    assert!(error.contains("total_memories") && error.contains("bytes of address"), "{error}");
}

#[test]
fn tables_are_limited() {
    let engine = with_pool(|pool| {
        pool.total_tables(3).max_tables_per_module(2).total_core_instances(10);
    });
    let module = Module::new(&engine, "(module (table 1 funcref) (table 1 externref))").unwrap();
    for _ in 0..3 {
        let (mut store, _) = instance(&engine, &module).unwrap();
        names(instance(&engine, &module), "total_tables");
        let ty = || wasm_runtime::TableType::new(wasm_runtime::RefType::FUNCREF, 1, None);
        let init = || wasm_runtime::Ref::Func(None);
        wasm_runtime::Table::new(&mut store, ty(), init()).unwrap();
        let error = wasm_runtime::Table::new(&mut store, ty(), init()).unwrap_err();
        assert!(error.is::<PoolConcurrencyLimitError>(), "{error:?}");
    }
}

#[test]
fn modules_of_which_no_instance_can_be_made_are_refused() {
    let engine = with_pool(|pool| {
        pool.max_memories_per_module(1).max_tables_per_module(1).table_elements(10);
        pool.max_core_instance_size(400);
    });
    let artifacts = Engine::default();
    for (text, setting) in [
        ("(module (memory 1) (memory 1))", "max_memories_per_module"),
        ("(module (table 1 funcref) (table 1 funcref))", "max_tables_per_module"),
        ("(module (table 11 funcref))", "table_elements"),
        ("(module (memory 5))", "max_memory_size"),
        (&format!("(module {})", "(global (mut v128) (v128.const i64x2 0 0))".repeat(30)), {
            "max_core_instance_size"
        }),
    ] {
        names(Module::new(&engine, text), setting);
        let artifact = artifacts.precompile_module(text.as_bytes()).unwrap();
        // SAFETY: it was compiled just now.
        names(unsafe { Module::deserialize(&engine, &artifact) }, setting);
    }
    let fits = r#"(module (import "" "a" (memory 9)) (import "" "b" (table 99 funcref))
        (memory 1) (table 10 funcref))"#;
    Module::new(&engine, fits).unwrap();
}

/// Those of Wasmtime: who has chosen a pool counts on them.
#[test]
fn a_pool_has_limits_that_were_not_set() {
    let mut config = Config::new();
    config.allocation_strategy(wasm_runtime::InstanceAllocationStrategy::pooling());
    let engine = Engine::new(&config).unwrap();
    for (text, setting) in [
        ("(module (memory 1) (memory 1))", "max_memories_per_module"),
        ("(module (table 1 funcref) (table 1 funcref))", "max_tables_per_module"),
        ("(module (table 20001 funcref))", "table_elements"),
    ] {
        names(Module::new(&engine, text), setting);
    }
    Module::new(&engine, "(module (memory 65536) (table 20000 funcref))").unwrap();
}

#[test]
fn tables_of_modules_grow_to_their_limit() {
    let engine = with_pool(|pool| _ = pool.table_elements(10));
    let text = r#"(module (table (export "t") 8 funcref) (func (export "grow") (result i32)
        (table.grow (ref.null func) (i32.const 1))))"#;
    let module = Module::new(&engine, text).unwrap();
    // Also when the instance is used again.
    for _ in 0..2 {
        let (mut store, instance) = instance(&engine, &module).unwrap();
        let grow = instance.get_typed_func::<(), i32>(&mut store, "grow").unwrap();
        let grown: Vec<_> = (0..3).map(|_| grow.call(&mut store, ()).unwrap()).collect();
        assert_eq!(grown, [8, 9, -1]);
        let table = instance.get_table(&mut store, "t").unwrap();
        assert!(table.grow(&mut store, 1, wasm_runtime::Ref::Func(None)).is_err());
    }
}

#[test]
fn what_is_in_use_is_an_error_of_its_own() {
    let engine = with_pool(|pool| _ = pool.total_core_instances(1));
    let module = Module::new(&engine, WAT).unwrap();
    let _one = instance(&engine, &module).unwrap();
    let error = instance(&engine, &module).map(|_| ()).unwrap_err();
    assert!(error.is::<PoolConcurrencyLimitError>());
    assert!(
        error.to_string().starts_with("maximum concurrent limit of 1 for core instances reached")
    );
}

#[test]
fn keys_of_memories_are_not_there() {
    let with = |keys: Enabled| {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_memories(1).total_stacks(1).memory_protection_keys(keys);
        Engine::new(Config::new().allocation_strategy(pool))
    };
    names(with(Enabled::Yes), "memory_protection_keys");
    let engine = with(Enabled::Auto).unwrap();
    let pool = engine.get_pooling_config().unwrap();
    assert_eq!((pool.get_total_memories(), pool.get_total_core_instances()), (1, 1000));
}

#[test]
fn what_is_in_use_is_counted() {
    let engine = with_pool(|pool| _ = pool.total_core_instances(10));
    let metrics = engine.pooling_allocator_metrics().unwrap();
    let counts = || {
        let used = (metrics.core_instances(), metrics.memories(), metrics.tables());
        (used, metrics.stacks(), metrics.gc_heaps())
    };
    let unused = || {
        let warm = (metrics.unused_warm_memories(), metrics.unused_warm_tables());
        (warm, metrics.unused_warm_stacks())
    };
    assert_eq!((counts(), unused()), (((0, 0, 0), 0, 0), ((0, 0), 0)));
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (table 3 funcref)
            (func (export "run") (i32.store (i32.const 0) (i32.const 1))))"#,
    )
    .unwrap();
    for _ in 0..3 {
        let (mut store, made) = instance(&engine, &module).unwrap();
        assert_eq!(counts(), ((1, 1, 1), 0, 0));
        let run = made.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        run.call(&mut store, ()).unwrap();
        wasm_runtime::ExternRef::new(&mut store, 1).unwrap();
        Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        let second = instance(&engine, &module).unwrap();
        assert_eq!((counts(), unused()), (((2, 3, 2), 1, 1), ((0, 0), 0)));
        drop(second);
        assert_eq!((counts(), unused()), (((1, 2, 1), 1, 1), ((1, 1), 0)));
        drop(store);
        assert_eq!((counts(), unused()), (((0, 0, 0), 0, 0), ((3, 2), 1)));
        assert!(metrics.unused_table_bytes_resident() >= 2 * 3 * 8);
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            assert!(metrics.unused_memory_bytes_resident() >= 4096);
        }
    }
    // An instance that fails takes nothing but its place in the count, until its store is dropped.
    let stores: Vec<_> = (0..3).map(|_| instance(&engine, &module).unwrap()).collect();
    let mut store = Store::new(&engine, ());
    names(Instance::new(&mut store, &module, &[]), "total_memories");
    assert_eq!(metrics.memories(), 3);
    drop((stores, store));
    assert_eq!(counts(), ((0, 0, 0), 0, 0));
    assert!(Engine::default().pooling_allocator_metrics().is_none());
}

/// Growing beyond the reservation is refused where memories may not move.
#[test]
fn memories_can_be_kept_in_place() {
    for may_move in [true, false] {
        let mut config = Config::new();
        config
            .memory_reservation(3 << 16)
            .memory_reservation_for_growth(2 << 16)
            .memory_may_move(may_move);
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        let at = memory.data_ptr(&store);
        memory.grow(&mut store, 2).unwrap();
        assert_eq!(memory.data_ptr(&store), at);
        assert_eq!(memory.grow(&mut store, 1).is_ok(), may_move);
        let module = Module::new(&engine, WAT).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
        assert_eq!(grow.call(&mut store, 9).unwrap(), if may_move { 1 } else { -1 });
    }
}
