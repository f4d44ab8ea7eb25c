//! Hard limits of an engine that reserves everything up front. If something runs out, the error
//! says which setting to change. What is given back can be used again.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Config, Engine, Instance, Memory, MemoryType, Module, PoolingAllocationConfig, Store,
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
    let large = Module::new(&engine, "(module (memory 5))").unwrap();
    names(instance(&engine, &large), "max_memory_size");
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
