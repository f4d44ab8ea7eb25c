//! Costs, engines with other costs, and stores.

use wasm_runtime::{
    Config, Engine, Instance, InstancePre, Linker, Module, OperatorCost, Store, TypedFunc,
};

use crate::support::metered;

#[test]
fn costs_can_be_set() {
    let mut costs = OperatorCost::new();
    costs.I32Const = 10;
    costs.Drop = 3;
    costs.End = 2;
    costs.variable.memory_fill_per_byte = 5;
    let mut config = Config::new();
    // In either order.
    config.operator_cost(costs.clone()).consume_fuel(true);
    assert_eq!(config.tunables(), Config::new().consume_fuel(true).operator_cost(costs).tunables());
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (func (export "run")
            (drop (i32.const 1)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 2))))"#,
    );
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module.unwrap(), &[]).unwrap();
    store.set_fuel(1000).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
    assert_eq!(1000 - store.get_fuel().unwrap(), 1 + 10 + 3 + 30 + 1 + 10 + 2);
}

#[test]
fn other_engines_refuse_the_code() {
    let plain = Engine::default();
    let metering = metered();
    let mut costs = OperatorCost::new();
    costs.Nop = 1;
    let dearer = Engine::new(Config::new().consume_fuel(true).operator_cost(costs)).unwrap();
    let wat = r#"(module (func (export "run") (loop (br 0))))"#;
    let artifact = |engine: &Engine| Module::new(engine, wat).unwrap().serialize().unwrap();
    // SAFETY: the artifacts were made right here.
    let load = |engine: &Engine, bytes: &[u8]| unsafe { Module::deserialize(engine, bytes) };
    let error = load(&metering, &artifact(&plain)).unwrap_err().to_string();
    assert!(error.contains("code that counts none") && error.contains("consume_fuel"), "{error}");
    let error = load(&metering, &artifact(&dearer)).unwrap_err().to_string();
    assert!(error.contains("costs of operators") && error.contains("operator_cost"), "{error}");
    load(&dearer, &artifact(&dearer)).unwrap();
    // An engine that does not count fuel runs code that counts it like any other code.
    let wat = r#"(module (func (export "run") (result i32) (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))
        (local.get 0)))"#;
    let bytes = Module::new(&metering, wat).unwrap().serialize().unwrap();
    let module = load(&plain, &bytes).unwrap();
    let mut store = Store::new(&plain, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run: TypedFunc<(), i32> = instance.get_typed_func(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 1000);
    assert!(store.get_fuel().unwrap_err().to_string().contains("Config::consume_fuel(true)"));
    assert!(store.set_fuel(1).is_err());
}

#[test]
fn more_than_a_signed_number_is_remembered() {
    let engine = metered();
    let mut store = Store::new(&engine, ());
    for fuel in [0, 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
        store.set_fuel(fuel).unwrap();
        assert_eq!(store.get_fuel().unwrap(), fuel);
    }
    let module = Module::new(&engine, r#"(module (func (export "run")))"#).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
    assert_eq!(store.get_fuel().unwrap(), u64::MAX - 1);
}

#[test]
fn instances_that_are_used_again_count_for_their_new_store() {
    let engine = metered();
    let module = Module::new(&engine, r#"(module (memory 1) (func (export "run") nop))"#).unwrap();
    let pre: InstancePre<()> = Linker::new(&engine).instantiate_pre(&module).unwrap();
    let mut before: Vec<Store<()>> = Vec::new();
    for round in 0..20 {
        let mut store = Store::new(&engine, ());
        let instance = pre.instantiate(&mut store).unwrap();
        store.set_fuel(100 + round).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
        assert_eq!(store.get_fuel().unwrap(), 99 + round);
        // Some stores are dropped at once, some live on.
        if round % 3 == 0 {
            before.push(store);
        }
    }
    let left: Vec<u64> = before.iter().map(|store| store.get_fuel().unwrap()).collect();
    assert_eq!(left, [99, 102, 105, 108, 111, 114, 117]);
}
