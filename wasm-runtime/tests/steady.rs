//! Many instances, one after the other, take no more of the process's resources than a few. What an
//! engine keeps for reuse stays within its limits. All of this is one test, since it measures the
//! whole process.

#![cfg(all(feature = "jit", feature = "wat", target_os = "linux"))]

use std::fs;
use std::time::Duration;

use wasm_runtime::{
    Config, Engine, InstanceAllocationStrategy, Linker, Module, PoolingAllocationConfig,
    ReuseConfig, Store,
};

/// An instance that uses everything that takes resources: written pages, growth, a stack, tables, a
/// trap.
const WAT: &str = r#"(module
    (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 2 64)
    (data (i32.const 100) "initial")
    (table (export "table") 100 1000 funcref)
    (elem (i32.const 3) $deep)
    (func $deep (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
            (else (call $host (i32.const 0)))))
    (func (export "work") (param i32) (result i32)
        (i32.store (i32.const 70000) (i32.const 1))
        (drop (call $deep (i32.const 300)))
        (if (i32.eq (i32.and (local.get 0) (i32.const 7)) (i32.const 3)) (then
            (drop (memory.grow (i32.const 20)))
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 1400000))
            (drop (table.grow (ref.func $deep) (i32.const 100)))))
        (if (i32.eq (i32.and (local.get 0) (i32.const 15)) (i32.const 5)) (then unreachable))
        (i32.load (i32.const 100))))"#;

struct Fixture {
    engine: Engine,
    linker: Linker<u32>,
    module: Module,
}

impl Fixture {
    fn new(config: &Config) -> Self {
        let engine = Engine::new(config).unwrap();
        let mut linker = Linker::new(&engine);
        linker.func_wrap("env", "host", |x: i32| x).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        Self { engine, linker, module }
    }

    fn run(&self, count: usize) {
        let pre = self.linker.instantiate_pre(&self.module).unwrap();
        for number in 0..count as i32 {
            let mut store = Store::new(&self.engine, 0);
            let instance = pre.instantiate(&mut store).unwrap();
            let work = instance.get_typed_func::<i32, i32>(&mut store, "work").unwrap();
            match work.call(&mut store, number) {
                Ok(text) => assert_eq!(text, if number & 7 == 3 { 0x0101_0101 } else { INIT }),
                Err(_) => assert_eq!(number & 15, 5),
            }
        }
    }
}

const INIT: i32 = i32::from_le_bytes(*b"init");

/// A line of `/proc/self/status`, in KiB.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// How many whole 32-bit index spaces are reserved.
fn reservations() -> u64 {
    status("VmSize:") >> 22
}

#[test]
fn many_instances_take_as_much_as_a_few() {
    let fixture = Fixture::new(&Config::new());
    let count = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    fixture.run(1000);
    let before = (status("VmRSS:"), descriptors(), mappings(), reservations());
    fixture.run(count);
    let after = (status("VmRSS:"), descriptors(), mappings(), reservations());
    assert!(after.0 < before.0 + 4096, "{} KiB became {} KiB", before.0, after.0);
    assert_eq!(after.1, before.1, "descriptors");
    assert!(after.2 <= before.2 + 8, "{} mappings became {}", before.2, after.2);
    assert_eq!(after.3, before.3, "reservations");
    drop(fixture);

    threads_take_as_much_as_their_number();
    modules_that_come_and_go();
    what_is_kept_is_limited();
    old_instances_are_dropped();
    everything_is_reserved_up_front();
}

fn threads_take_as_much_as_their_number() {
    let fixture = Fixture::new(&Config::new());
    let before = reservations();
    let run = || {
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| fixture.run(300))));
        });
    };
    run();
    let first = descriptors();
    run();
    run();
    assert!(reservations() <= before + 6, "{} of four threads", reservations() - before);
    assert_eq!(descriptors(), first);
}

fn modules_that_come_and_go() {
    let before = reservations();
    let engine = Engine::default();
    for number in 0..200 {
        let wat = format!("(module (memory 1) (data (i32.const 0) \"{number}\"))");
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    }
    assert!(reservations() <= before + 1, "nothing of a module stays that is gone");

    // What instances of a module leave when it is gone takes little memory, and goes with time.
    let mut reuse = ReuseConfig::new();
    reuse.max_unused_time(Some(Duration::from_millis(50)));
    let engine = Engine::new(Config::new().reuse(reuse)).unwrap();
    let before = (status("VmRSS:"), reservations());
    let wat = r#"(module (memory (export "memory") 100) (data (i32.const 0) "a"))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut stores: Vec<_> = (0..10).map(|_| Store::new(&engine, 0)).collect();
    for store in &mut stores {
        let instance = Linker::new(&engine).instantiate(&mut *store, &module).unwrap();
        let memory = instance.get_memory(&mut *store, "memory").unwrap();
        memory.data_mut(store).fill(1);
    }
    drop(stores);
    drop(module);
    let after = status("VmRSS:");
    assert!(after < before.0 + 4096, "{} KiB became {after} KiB", before.0);
    assert_eq!(reservations(), before.1 + 10);
    std::thread::sleep(Duration::from_millis(200));
    let module = Module::new(&engine, "(module)").unwrap();
    let mut store = Store::new(&engine, 0);
    Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    drop(store);
    assert_eq!(reservations(), before.1);
}

/// Makes this many instances at once, and drops them all.
fn at_once(fixture: &Fixture, count: usize) {
    let live: Vec<_> = (0..count)
        .map(|_| {
            let mut store = Store::new(&fixture.engine, 0);
            let instance = fixture.linker.instantiate(&mut store, &fixture.module).unwrap();
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            memory.data_mut(&mut store).fill(1);
            store
        })
        .collect();
    drop(live);
}

fn reuse(change: impl FnOnce(&mut ReuseConfig)) -> Fixture {
    let mut reuse = ReuseConfig::new();
    change(&mut reuse);
    Fixture::new(Config::new().reuse(reuse))
}

fn what_is_kept_is_limited() {
    for limit in [0, 1, 5] {
        let fixture = reuse(|it| {
            it.max_unused_instances(limit);
        });
        let before = reservations();
        at_once(&fixture, 10);
        assert_eq!(reservations() - before, u64::from(limit), "unused instances");
        drop(fixture);
        assert_eq!(reservations(), before, "an engine leaves nothing");
    }
    // In each instance 128 KiB were written, all of which may be kept.
    let fixture = reuse(|it| {
        it.max_unused_memory_bytes(1 << 20);
    });
    let before = reservations();
    at_once(&fixture, 20);
    let kept = reservations() - before;
    assert!((6..8).contains(&kept), "{kept} instances in 1 MiB");
}

fn old_instances_are_dropped() {
    let fixture = reuse(|it| {
        it.max_unused_time(Some(Duration::from_millis(50)));
    });
    let before = reservations();
    at_once(&fixture, 10);
    std::thread::sleep(Duration::from_millis(200));
    at_once(&fixture, 1);
    assert_eq!(reservations() - before, 1);
    let fixture = reuse(|it| {
        it.max_unused_time(None);
    });
    let before = reservations();
    at_once(&fixture, 10);
    std::thread::sleep(Duration::from_millis(200));
    at_once(&fixture, 1);
    assert_eq!(reservations() - before, 10);
}

fn everything_is_reserved_up_front() {
    let before = reservations();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(10).total_memories(10).total_stacks(10);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let fixture = Fixture::new(&config);
    assert_eq!(reservations() - before, 10);
    let size = status("VmSize:");
    at_once(&fixture, 10);
    fixture.run(500);
    assert!(status("VmSize:") < size + 10_000, "no more is reserved");
    drop(fixture);
    assert_eq!(reservations(), before);
}
