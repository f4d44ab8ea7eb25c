//! Shared memories: stores on several threads that have the same one.

#![cfg(all(feature = "jit", feature = "wat"))]

mod support;
mod waiting;
#[cfg(feature = "wasi")]
mod wasi;

use std::thread;

use support::{Shared, engine};
use wasm_runtime::{
    Config, Engine, Extern, Instance, Linker, Memory, MemoryType, Module, Snapshot, Store,
    StoreLimitsBuilder, Trap,
};

/// Settings that change what accesses to a shared memory look like.
const SETTINGS: [fn(&mut Config); 5] = [
    |_| {},
    |config| {
        config.memory_reservation(0).memory_reservation_for_growth(0);
    },
    |config| {
        config.interruption(true);
    },
    |config| {
        config.consume_fuel(true);
    },
    |config| {
        config.cranelift_opt_level(wasm_runtime::OptLevel::None).memory_guard_size(0);
    },
];

#[test]
fn no_addition_is_lost_whatever_the_settings() {
    const THREADS: i32 = 4;
    const TIMES: i32 = 20_000;
    for settings in SETTINGS {
        let engine = engine(settings);
        let shared = Shared::new(&engine);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let mut own = shared.thread();
                    let _ = own.store.set_fuel(u64::MAX);
                    own.call::<_, ()>("count", (64, TIMES)).unwrap();
                });
            }
        });
        let mut own = shared.thread();
        let _ = own.store.set_fuel(u64::MAX);
        assert_eq!(own.call::<_, i32>("load", 64).unwrap(), THREADS * TIMES);
    }
}

#[test]
fn what_one_thread_has_grown_the_others_see() {
    for settings in SETTINGS {
        let shared = Shared::new(&engine(settings));
        let mut own = shared.thread();
        let _ = own.store.set_fuel(u64::MAX);
        let far = 5 << 16;
        let error = own.call::<_, i32>("load", far).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut other = shared.thread();
                let _ = other.store.set_fuel(u64::MAX);
                assert_eq!(other.call::<_, i32>("grow", 8).unwrap(), 1);
                other.call::<_, ()>("store", (far, 7)).unwrap();
                // Its reservation is a matter of the memory, and not of who has let it grow.
                other.call::<_, ()>("store", (16, 1)).unwrap();
            });
            own.call::<_, ()>("spin", 16).unwrap();
            assert_eq!(own.call::<_, i32>("load", far).unwrap(), 7);
            assert_eq!(own.call::<_, i32>("size", ()).unwrap(), 9);
            own.call::<_, ()>("fill", (far, 1, 65536)).unwrap();
        });
        assert_eq!(own.call::<_, i32>("grow", 8).unwrap(), -1);
        assert_eq!(own.call::<_, i32>("grow", 7).unwrap(), 9);
        assert_eq!(shared.memory.data_size(), 16 << 16);
        let error = own.call::<_, i32>("load", 16 << 16).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    }
}

/// A memory that a module defines is shared with other stores by its export, and outlives the
/// instance. Each instance has one of its own, also where others of the module were before.
#[test]
fn a_memory_that_is_defined_can_be_given_to_others() {
    let text = r#"(module
        (memory (export "memory") 1 4 shared)
        (data (i32.const 8) "abcd")
        (func (export "add") (param i32) (result i32)
            (i32.atomic.rmw.add (i32.const 8) (local.get 0))))"#;
    let importer = r#"(module (import "m" "memory" (memory 1 4 shared))
        (func (export "get") (result i32) (i32.atomic.load (i32.const 8))))"#;
    for settings in SETTINGS {
        let engine = engine(settings);
        let module = Module::new(&engine, text).unwrap();
        let importer = Module::new(&engine, importer).unwrap();
        for _ in 0..3 {
            let mut store = Store::new(&engine, ());
            let _ = store.set_fuel(u64::MAX);
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let add = instance.get_typed_func::<i32, i32>(&mut store, "add").unwrap();
            let first = i32::from_le_bytes(*b"abcd");
            assert_eq!(add.call(&mut store, 1).unwrap(), first);
            assert!(instance.get_memory(&mut store, "memory").is_none());
            assert!(instance.memories(&mut store).unwrap().is_empty());
            let error = instance.memory_at(&mut store, 0).unwrap_err();
            assert!(error.to_string().contains("get_shared_memory"), "{error}");
            let memory = instance.get_shared_memory(&mut store, "memory").unwrap();
            drop(store);
            let mut store = Store::new(&engine, ());
            let _ = store.set_fuel(u64::MAX);
            let mut linker = Linker::new(&engine);
            linker.define(&store, "m", "memory", memory).unwrap();
            let again = linker.get(&mut store, "m", "memory").unwrap();
            assert!(again.ty(&store).memory().unwrap().is_shared());
            let instance = linker.instantiate(&mut store, &importer).unwrap();
            let get = instance.get_typed_func::<(), i32>(&mut store, "get").unwrap();
            assert_eq!(get.call(&mut store, ()).unwrap(), first + 1);
            // A linker's memory can be given to the instances of any store of the engine.
            let mut other = Store::new(&engine, ());
            linker.instantiate(&mut other, &importer).unwrap();
        }
    }
}

#[test]
fn what_does_not_match_is_not_linked() {
    let engine = engine(|_| {});
    let mut store = Store::new(&engine, ());
    let ty = MemoryType::new(1, Some(16));
    let plain: Extern = Memory::new(&mut store, ty.clone()).unwrap().into();
    let shared = Shared::new(&engine);
    let error = Instance::new(&mut store, &shared.module, &[plain]).unwrap_err();
    assert!(format!("{error:#}").contains("only one of them is shared"), "{error:#}");
    let module = Module::new(&engine, r#"(module (import "" "" (memory 1 16)))"#).unwrap();
    let memory: Extern = shared.memory.clone().into();
    let error = Instance::new(&mut store, &module, std::slice::from_ref(&memory)).unwrap_err();
    assert!(format!("{error:#}").contains("only one of them is shared"), "{error:#}");
    let module = Module::new(&engine, r#"(module (import "" "" (memory 2 16 shared)))"#).unwrap();
    let imports = std::slice::from_ref(&memory);
    let error = Instance::new(&mut store, &module, imports).unwrap_err();
    assert!(format!("{error:#}").contains("smaller"), "{error:#}");
    shared.memory.grow(1).unwrap();
    Instance::new(&mut store, &module, imports).unwrap();
    let other = Shared::new(&support::engine(|_| {}));
    let error = Instance::new(&mut store, &module, &[other.memory.into()]).unwrap_err();
    assert!(error.to_string().contains("cross-`Engine`"), "{error}");
}

#[test]
fn without_permission_there_is_no_shared_memory() {
    let engine = Engine::default();
    let module = Module::new(&engine, "(module (memory 1 2 shared))").unwrap();
    let mut store = Store::new(&engine, ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert!(error.to_string().contains("Config::shared_memory"), "{error}");
    // Atomic instructions need none.
    let text = r#"(module (memory 1) (func (export "add") (result i64)
        (i64.atomic.rmw32.add_u offset=4 (i32.const 0) (i64.const 5))))"#;
    let module = Module::new(&engine, text).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let add = instance.get_typed_func::<(), i64>(&mut store, "add").unwrap();
    assert_eq!([0, 5].map(|_| add.call(&mut store, ()).unwrap()), [0, 5]);
}

#[test]
fn the_limiter_of_the_store_whose_code_grows_it_decides() {
    let shared = Shared::new(&engine(|_| {}));
    let limits = StoreLimitsBuilder::new().memory_size(3 << 16).build();
    let mut store = Store::new(shared.module.engine(), limits);
    store.limiter(|limits| limits);
    let imports = [shared.memory.clone().into()];
    let instance = Instance::new(&mut store, &shared.module, &imports).unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, 2).unwrap(), 1);
    assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
    assert_eq!(shared.memory.grow(1).unwrap(), 3);
    assert_eq!(shared.thread().call::<_, i32>("grow", 1).unwrap(), 4);
}

#[test]
fn the_state_of_a_shared_memory_is_not_taken() {
    let shared = Shared::new(&engine(|_| {}));
    let mut own = shared.thread();
    let error = Snapshot::take(&mut own.store, &[own.instance]).unwrap_err();
    assert!(error.to_string().contains("shared memory"), "{error}");
    let error = own.store.begin().map(drop).unwrap_err();
    assert!(error.to_string().contains("shared memory"), "{error}");
    own.call::<_, ()>("count", (0, 1)).unwrap();
}

#[test]
fn wide_addresses_and_small_pages_can_be_shared() {
    let engine = engine(|config| {
        config.wasm_custom_page_sizes(true);
    });
    for (text, size) in [
        ("(memory i64 1 3 shared)", 65536_u64),
        ("(memory 4096 8192 shared (pagesize 1))", 4096),
        ("(memory i64 4096 8192 shared (pagesize 1))", 4096),
    ] {
        let index = if text.contains("i64") { "i64" } else { "i32" };
        let text = format!(
            r#"(module {text}
                (func (export "add") (param {index} i32) (result i32)
                    (i32.atomic.rmw.add (local.get 0) (local.get 1)))
                (func (export "notify") (param {index}) (result i32)
                    (memory.atomic.notify offset=4 (local.get 0) (i32.const 1)))
                (func (export "grow") (result {index}) (memory.grow ({index}.const 1))))"#
        );
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut at = |name: &str, address: u64| {
            let func = instance.get_func(&mut store, name).unwrap();
            let ty = func.ty(&store);
            let mut args = vec![match index {
                "i64" => wasm_runtime::Val::I64(address as i64),
                _ => wasm_runtime::Val::I32(address as i32),
            }];
            args.extend(ty.params().skip(1).map(|_| wasm_runtime::Val::I32(3)));
            args.truncate(ty.params().len());
            let mut results = [wasm_runtime::Val::I32(0)];
            func.call(&mut store, &args, &mut results)
                .map_err(|error| error.downcast_ref::<Trap>().copied())
                .map(|()| results[0].i64().unwrap_or_else(|| results[0].unwrap_i32().into()))
        };
        let beyond = Err(Some(Trap::MemoryOutOfBounds));
        assert_eq!(at("add", size - 4), Ok(0));
        assert_eq!(at("add", size - 4), Ok(3));
        assert_eq!(at("add", size), beyond);
        assert_eq!(at("add", size - 2), Err(Some(Trap::HeapMisaligned)));
        assert_eq!(at("notify", size - 8), Ok(0));
        assert_eq!(at("notify", size - 4), beyond);
        if index == "i64" {
            assert_eq!(at("notify", u64::MAX - 3), beyond);
            assert_eq!(at("add", u64::MAX - 3), beyond);
        }
        assert_eq!(at("grow", 0), Ok(if size == 4096 { 4096 } else { 1 }));
        let grown = if size == 4096 { Err(Some(Trap::MemoryOutOfBounds)) } else { Ok(0) };
        assert_eq!(at("add", size), grown);
    }
}
