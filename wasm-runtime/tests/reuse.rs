//! What a dropped store leaves for the next one: nothing that can be observed.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wasm_runtime::{
    Config, Engine, Extern, ExternRef, Func, Instance, InstanceAllocationStrategy, Linker, Memory,
    MemoryType, Module, PoolingAllocationConfig, Ref, ReuseConfig, Store, Trap, Val,
};

const PAGE: usize = 1 << 16;

/// Where the initial contents of the first memory end: they are mapped if they are large, and
/// copied if they are small.
const ENDS: [usize; 2] = [131_000, 5_000];

/// A module with one of everything that code or host can change. Its functions change all of it.
const EVERYTHING: &str = r#"(module
    (import "env" "host" (func $host))
    (memory $first (export "first") 3 12)
    (memory $second (export "second") 1 9)
    (data (memory $first) (i32.const 1000) "initial")
    (data (memory $first) (i32.const END) "the image goes on over a page")
    (data $passive "passive")
    (global $number (export "number") (mut i64) (i64.const 7))
    (global $vector (export "vector") (mut v128) (v128.const i64x2 1 2))
    (global $extern (export "extern") (mut externref) (ref.null extern))
    (global $func (export "func") (mut funcref) (ref.func $one))
    (table $functions (export "functions") 8 40 funcref)
    (table $externs (export "externs") 4 20 externref)
    (table $filled (export "filled") 3 10 funcref)
    (elem (table $functions) (i32.const 1) func $one $two)
    (elem (table $filled) (i32.const 0) func $two $two $two)
    (elem $unused func $two)
    (func $one (export "one") (result i32) (i32.const 1))
    (func $two (export "two") (result i32) (i32.const 2))
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
            (else (i32.const 0))))
    (func $spoil (export "spoil")
        (drop (memory.grow $first (i32.const 5)))
        (drop (memory.grow $second (i32.const 3)))
        (memory.fill $first (i32.const 0) (i32.const 0xab) (i32.const 524288))
        (memory.fill $second (i32.const 0) (i32.const 0xab) (i32.const 262144))
        (global.set $number (i64.const -1))
        (global.set $vector (v128.const i64x2 -1 -1))
        (global.set $func (ref.null func))
        (drop (table.grow $functions (ref.func $two) (i32.const 9)))
        (table.fill $functions (i32.const 0) (ref.func $two) (i32.const 17))
        (table.set $functions (i32.const 3) (ref.func $one))
        (drop (table.grow $filled (ref.null func) (i32.const 2)))
        (table.fill $filled (i32.const 0) (ref.null func) (i32.const 5))
        (table.init $functions $unused (i32.const 0) (i32.const 0) (i32.const 1))
        (data.drop $passive)
        (elem.drop $unused)
        (drop (call $deep (i32.const 2000)))
        (call $host))
    (func (export "spoil_little")
        (i32.store8 $first (i32.const 1001) (i32.const 0xab))
        (i32.store8 $first (i32.const 196607) (i32.const 0xab))
        (i32.store8 $second (i32.const 40000) (i32.const 0xab)))
    (func (export "spoil_and_trap") (call $spoil) unreachable)
    (func (export "set_externs") (param externref)
        (global.set $extern (local.get 0))
        (drop (table.grow $externs (local.get 0) (i32.const 5)))
        (table.fill $externs (i32.const 0) (local.get 0) (i32.const 9)))
    (func (export "beyond_first") (result i32) (i32.load8_u $first (i32.const 196608)))
    (func (export "beyond_second") (result i32) (i32.load8_u $second (i32.const 65536)))
    (func (export "far_beyond") (result i32) (i32.load8_u $first (i32.const 524287)))
    (func (export "segments_are_there")
        (memory.init $first $passive (i32.const 0) (i32.const 0) (i32.const 7))
        (table.init $functions $unused (i32.const 5) (i32.const 0) (i32.const 1)))
    (func (export "call_element") (param i32) (result i32)
        (call_indirect $functions (result i32) (local.get 0))))"#;

/// What the host function does, once each.
const NOTHING: u32 = 0;
const FAIL: u32 = 1;
const PANIC: u32 = 2;

struct Fixture {
    /// One of [`ENDS`].
    end: usize,
    engine: Engine,
    module: Module,
    linker: Linker<()>,
    host_does: Arc<AtomicU32>,
}

impl Fixture {
    fn new(config: &Config, end: usize) -> Self {
        let engine = Engine::new(config).unwrap();
        let text = EVERYTHING.replace("END", &end.to_string());
        let module = Module::new(&engine, text).unwrap();
        let mut linker = Linker::new(&engine);
        let host_does = Arc::new(AtomicU32::new(NOTHING));
        let does = Arc::clone(&host_does);
        linker
            .func_wrap("env", "host", move || match does.swap(NOTHING, Ordering::Relaxed) {
                FAIL => wasm_runtime::bail!("as the test requested"),
                PANIC => resume_unwind(Box::new("as the test requested")),
                _ => Ok(()),
            })
            .unwrap();
        Self { end, engine, module, linker, host_does }
    }

    fn instance(&self) -> (Store<()>, Instance) {
        let mut store = Store::new(&self.engine, ());
        let instance = self.linker.instantiate(&mut store, &self.module).unwrap();
        (store, instance)
    }

    /// Checks everything that an instance can see, and returns the address of its first memory.
    fn look(&self) -> usize {
        let (mut store, instance) = self.instance();
        let first = instance.get_memory(&mut store, "first").unwrap();
        let second = instance.get_memory(&mut store, "second").unwrap();
        let mut expected = vec![0; 3 * PAGE];
        expected[1000..1007].copy_from_slice(b"initial");
        let end = self.end;
        expected[end..end + 29].copy_from_slice(b"the image goes on over a page");
        assert!(first.data(&store) == expected, "the first memory is as it was declared");
        assert!(second.data(&store) == [0; PAGE], "the second memory is zero");
        for (memory, name) in [(first, "beyond_first"), (second, "beyond_second")] {
            let size = memory.data_size(&store);
            let beyond = instance.get_typed_func::<(), i32>(&mut store, name).unwrap();
            let error = beyond.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{name}: {size}");
        }
        let far = instance.get_typed_func::<(), i32>(&mut store, "far_beyond").unwrap();
        assert!(far.call(&mut store, ()).is_err());

        let global = |store: &mut Store<()>, name: &str| {
            let global = instance.get_global(&mut *store, name).unwrap();
            global.get(store)
        };
        assert_eq!(global(&mut store, "number").unwrap_i64(), 7);
        assert_eq!(global(&mut store, "vector").unwrap_v128().as_u128(), 2 << 64 | 1);
        assert!(matches!(global(&mut store, "extern"), Val::ExternRef(None)));
        let Val::FuncRef(Some(one)) = global(&mut store, "func") else { panic!("a function") };
        assert_eq!(one.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 1);

        let functions = instance.get_table(&mut store, "functions").unwrap();
        assert_eq!(functions.size(&store), 8);
        for index in 0..8 {
            let element = functions.get(&mut store, index).unwrap();
            match (element, index) {
                (Ref::Func(Some(func)), 1 | 2) => {
                    let func = func.typed::<(), i32>(&store).unwrap();
                    assert_eq!(func.call(&mut store, ()).unwrap(), index as i32);
                }
                (Ref::Func(None), 0 | 3..) => {}
                (element, index) => panic!("element {index} is {element:?}"),
            }
        }
        let externs = instance.get_table(&mut store, "externs").unwrap();
        assert_eq!(externs.size(&store), 4);
        for index in 0..4 {
            assert!(matches!(externs.get(&mut store, index), Some(Ref::Extern(None))));
        }
        let filled = instance.get_table(&mut store, "filled").unwrap();
        assert_eq!(filled.size(&store), 3);
        for index in 0..3 {
            let Some(Ref::Func(Some(two))) = filled.get(&mut store, index) else {
                panic!("a function")
            };
            assert_eq!(two.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 2);
        }
        let call = instance.get_typed_func::<i32, i32>(&mut store, "call_element").unwrap();
        assert_eq!(call.call(&mut store, 2).unwrap(), 2);
        assert!(call.call(&mut store, 3).is_err());
        let segments = instance.get_typed_func::<(), ()>(&mut store, "segments_are_there").unwrap();
        segments.call(&mut store, ()).unwrap();
        first.data_ptr(&store).addr()
    }

    fn spoil(&self, how: &str) {
        let (mut store, instance) = self.instance();
        let text = ExternRef::new(&mut store, "a secret").unwrap();
        let set = instance.get_func(&mut store, "set_externs").unwrap();
        set.call(&mut store, &[Val::ExternRef(Some(text))], &mut []).unwrap();
        let spoil = instance.get_typed_func::<(), ()>(&mut store, how).unwrap();
        let called = catch_unwind(AssertUnwindSafe(|| spoil.call(&mut store, ())));
        let memory = instance.get_memory(&mut store, "first").unwrap();
        assert!(memory.data(&store)[1001] == 0xab);
        drop(called);
    }
}

fn configs() -> Vec<(&'static str, Config)> {
    let reuse = |change: fn(&mut ReuseConfig)| {
        let mut reuse = ReuseConfig::new();
        change(&mut reuse);
        let mut config = Config::new();
        config.reuse(reuse);
        config
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(2).total_memories(4).total_stacks(2).max_memory_size(16 * PAGE);
    pool.max_memories_per_module(2).max_tables_per_module(3);
    let mut pooling = Config::new();
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool.clone()));
    let mut cold = Config::new();
    cold.allocation_strategy(pool.max_unused_warm_slots(0).clone());
    let mut checked = Config::new();
    checked.memory_reservation(0).memory_reservation_for_growth(1 << 16);
    let mut roomy = Config::new();
    roomy.memory_reservation(0).memory_reservation_for_growth(1 << 20);
    vec![
        ("default", Config::new()),
        (
            "nothing stays",
            reuse(|it| {
                it.linear_memory_keep_resident(0);
            }),
        ),
        (
            "one page stays",
            reuse(|it| {
                it.linear_memory_keep_resident(4096);
            }),
        ),
        (
            "all stays",
            reuse(|it| {
                it.linear_memory_keep_resident(usize::MAX);
            }),
        ),
        (
            "nothing is kept",
            reuse(|it| {
                it.max_unused_instances(0);
            }),
        ),
        ("pooling", pooling),
        ("pooling, nothing is kept", cold),
        ("checked, moving", checked),
        ("checked", roomy),
    ]
}

/// Each configuration with each of [`ENDS`].
fn cases() -> impl Iterator<Item = (&'static str, Config, usize)> {
    let with = |(name, config): (&'static str, Config)| ENDS.map(|end| (name, config.clone(), end));
    configs().into_iter().flat_map(with)
}

#[test]
fn nothing_of_an_instance_reaches_the_next() {
    for (name, mut config, end) in cases() {
        config.wasm_multi_memory(true);
        let fixture = Fixture::new(&config, end);
        eprintln!("{name}, {end}");
        let address = fixture.look();
        for round in 0..3 {
            // One after the other, so that each starts with what the one before has left.
            fixture.spoil("spoil_little");
            fixture.look();
            fixture.spoil("spoil");
            fixture.look();
            fixture.spoil("spoil_and_trap");
            fixture.look();
            for does in [FAIL, PANIC] {
                fixture.host_does.store(does, Ordering::Relaxed);
                fixture.spoil("spoil");
                let again = fixture.look();
                assert!(
                    name != "default" || again == address,
                    "round {round}: the reservation is used again"
                );
            }
        }
    }
}

#[test]
fn what_only_the_host_wrote_is_reset_too() {
    for (name, mut config, end) in cases() {
        config.wasm_multi_memory(true);
        let fixture = Fixture::new(&config, end);
        for how in 0..6 {
            eprintln!("{name}, {end}, {how}");
            let (mut store, instance) = fixture.instance();
            let memory = instance.get_memory(&mut store, "first").unwrap();
            let table = instance.get_table(&mut store, "functions").unwrap();
            match how {
                0 => memory.write(&mut store, 1000, b"written").unwrap(),
                1 => memory.data_mut(&mut store).fill(9),
                2 => drop(memory.grow(&mut store, 2).unwrap()),
                3 => table.set(&mut store, 1, Ref::Func(None)).unwrap(),
                4 => drop(table.grow(&mut store, 3, Ref::Func(None)).unwrap()),
                _ => {
                    let mine = Func::wrap(&mut store, || 77);
                    table.fill(&mut store, 0, Ref::Func(Some(mine)), 8).unwrap();
                    for name in ["number", "extern"] {
                        let global = instance.get_global(&mut store, name).unwrap();
                        let value = match name {
                            "number" => Val::I64(99),
                            _ => Val::ExternRef(Some(ExternRef::new(&mut store, 5).unwrap())),
                        };
                        global.set(&mut store, value).unwrap();
                    }
                }
            }
            drop(store);
            fixture.look();
        }
    }
}

#[test]
fn an_instantiation_that_fails_half_way_leaves_nothing() {
    let wat = r#"(module
        (import "env" "memory" (memory 1))
        (import "env" "table" (table 4 funcref))
        (memory $own (export "own") 2)
        (func $f)
        (data (memory $own) (i32.const 5) "own")
        (data (memory 0) (i32.const 3) "left behind")
        (elem (table 0) (i32.const 0) func $f)
        (data (memory 0) (i32.const 65530) "beyond the end"))"#;
    let engine = Engine::new(Config::new().wasm_multi_memory(true)).unwrap();
    let failing = Module::new(&engine, wat).unwrap();
    let whole = Module::new(
        &engine,
        r#"(module (memory (export "memory") 1) (table (export "table") 4 funcref))"#,
    )
    .unwrap();
    for _ in 0..20 {
        let mut store = Store::new(&engine, ());
        let owner = Instance::new(&mut store, &whole, &[]).unwrap();
        let memory = owner.get_memory(&mut store, "memory").unwrap();
        let table = owner.get_table(&mut store, "table").unwrap();
        assert!(memory.data(&store) == [0; PAGE]);
        assert!((0..4).all(|index| table.get(&mut store, index).unwrap().is_null()));
        let imports = [Extern::Memory(memory), Extern::Table(table)];
        assert!(Instance::new(&mut store, &failing, &imports).is_err());
        assert_eq!(&memory.data(&store)[3..14], b"left behind");
        assert!(!table.get(&mut store, 0).unwrap().is_null());
    }
}

#[test]
fn a_start_function_that_traps_leaves_nothing() {
    let wat = r#"(module
        (import "env" "traps" (global $traps i32))
        (memory (export "memory") 1)
        (global $g (export "g") (mut i32) (i32.const 3))
        (func $start
            (if (global.get $traps) (then
                (memory.fill (i32.const 0) (i32.const 0xab) (i32.const 65536))
                (global.set $g (i32.const 4))
                unreachable)))
        (start $start))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, wat).unwrap();
    for round in 0..20 {
        let mut store = Store::new(&engine, ());
        let ty = wasm_runtime::GlobalType::new(
            wasm_runtime::ValType::I32,
            wasm_runtime::Mutability::Const,
        );
        let traps = wasm_runtime::Global::new(&mut store, ty, Val::I32(round % 2)).unwrap();
        let made = Instance::new(&mut store, &module, &[traps.into()]);
        let Ok(instance) = made else {
            assert_eq!(round % 2, 1);
            continue;
        };
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        assert!(memory.data(&store) == [0; PAGE]);
        let g = instance.get_global(&mut store, "g").unwrap();
        assert_eq!(g.get(&mut store).unwrap_i32(), 3);
    }
}

#[test]
fn modules_with_memories_of_one_size_share_reservations_and_nothing_else() {
    let module = |engine: &Engine, text: &str| {
        let wat =
            format!(r#"(module (memory (export "memory") 2 4) (data (i32.const 8) "{text}"))"#);
        Module::new(engine, wat).unwrap()
    };
    let mut one = PoolingAllocationConfig::new();
    one.total_core_instances(1).total_memories(1).total_stacks(1);
    let mut single = Config::new();
    single.allocation_strategy(one);
    for config in [Config::new(), single] {
        let engine = Engine::new(&config).unwrap();
        let texts = ["first", "", "the third"];
        let modules = texts.map(|text| module(&engine, text));
        for round in 0..12 {
            let mut store = Store::new(&engine, ());
            let number = round % 4;
            let (memory, text) = match modules.get(number) {
                Some(module) => {
                    let instance = Instance::new(&mut store, module, &[]).unwrap();
                    (instance.get_memory(&mut store, "memory").unwrap(), texts[number])
                }
                // A memory of the host as well.
                None => (Memory::new(&mut store, MemoryType::new(2, Some(4))).unwrap(), ""),
            };
            let mut expected = vec![0; 2 * PAGE];
            expected[8..8 + text.len()].copy_from_slice(text.as_bytes());
            assert!(memory.data(&store) == expected, "{text:?} in round {round}");
            memory.grow(&mut store, 1).unwrap();
            memory.data_mut(&mut store).fill(0xab);
        }
    }
}

#[test]
fn a_dropped_module_is_forgotten() {
    let engine = Engine::default();
    for number in 0..50 {
        // A new module may be at the address of a dropped one. It must not get that one's
        // instances.
        let wat = format!(
            r#"(module (memory (export "memory") 1) (data (i32.const 0) "number {number}")
                (func (export "number") (result i32) (i32.const {number})))"#
        );
        let module = Module::new(&engine, wat).unwrap();
        for _ in 0..2 {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let get = instance.get_typed_func::<(), i32>(&mut store, "number").unwrap();
            assert_eq!(get.call(&mut store, ()).unwrap(), number);
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            let text = format!("number {number}");
            assert_eq!(&memory.data(&store)[..text.len()], text.as_bytes());
        }
    }
}

#[test]
fn instances_made_on_many_threads_are_their_own() {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(8).total_memories(16).total_stacks(8);
    pool.max_memories_per_module(2).max_tables_per_module(3);
    let mut pooling = Config::new();
    pooling.allocation_strategy(pool);
    for mut config in [Config::new(), pooling] {
        config.wasm_multi_memory(true);
        let fixture = Fixture::new(&config, ENDS[0]);
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let fixture = &fixture;
                scope.spawn(move || {
                    for round in 0..200_usize {
                        let (mut store, instance) = fixture.instance();
                        let memory = instance.get_memory(&mut store, "first").unwrap();
                        let data = memory.data_mut(&mut store);
                        assert_eq!(&data[1000..1007], b"initial");
                        assert!(data[2000..130000].iter().all(|byte| *byte == 0));
                        for page in 0..round % 48 {
                            data[page * 4096 + 2500] = thread + 1;
                        }
                        if round % 3 == 0 {
                            let spoil = instance.get_typed_func(&mut store, "spoil_little");
                            let spoil: wasm_runtime::TypedFunc<(), ()> = spoil.unwrap();
                            spoil.call(&mut store, ()).unwrap();
                        }
                        let data = memory.data(&store);
                        for page in 0..round % 48 {
                            assert_eq!(data[page * 4096 + 2500], thread + 1);
                        }
                    }
                });
            }
        });
        fixture.look();
    }
}
