//! Limits of stores. An error for what is refused says which limit it is, its value, and what was
//! requested; the store goes on. Also the size of a store's stack.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Config, Engine, Error, ExternRef, Instance, InstanceAllocationStrategy, Linker, Memory,
    MemoryType, Module, PoolingAllocationConfig, Ref, RefType, ResourceLimiter, Result, Snapshot,
    Store, StoreLimits, StoreLimitsBuilder, Table, TableType, Trap,
};

const PAGE: usize = 64 << 10;

/// A module that can grow its memory and its table.
const GROWS: &str = r#"(module
    (memory (export "memory") 1 10)
    (table (export "table") 2 20 funcref)
    (func (export "memory_grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table_grow") (param i32) (result i32)
        (table.grow (ref.null func) (local.get 0))))"#;

fn limited(limits: StoreLimits) -> Store<StoreLimits> {
    let mut store = Store::new(&Engine::default(), limits);
    store.limiter(|limits| limits);
    store
}

fn instance(store: &mut Store<StoreLimits>, wat: &str) -> Result<Instance> {
    let module = Module::new(store.engine(), wat)?;
    Instance::new(store, &module, &[])
}

fn grow(store: &mut Store<StoreLimits>, instance: Instance, what: &str, by: i32) -> Result<i32> {
    instance.get_typed_func::<i32, i32>(&mut *store, what)?.call(store, by)
}

/// Checks that an error's text contains all these parts.
fn says<T>(result: Result<T>, parts: &[&str]) {
    let error = result.err().expect("a refusal");
    let text = format!("{error:#}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in `{text}`");
    }
}

#[test]
fn counts() -> Result<()> {
    let limits = StoreLimitsBuilder::new().instances(2).memories(2).tables(1).build();
    let mut store = limited(limits);
    instance(&mut store, "(module (memory 1))")?;
    says(
        instance(&mut store, "(module (table 1 funcref) (table 1 funcref))"),
        &["table count too high at 2", "limit is 1"],
    );
    says(instance(&mut store, "(module)"), &["instance count too high at 3", "limit is 2"]);
    Memory::new(&mut store, MemoryType::new(1, None))?;
    says(
        Memory::new(&mut store, MemoryType::new(1, None)),
        &["memory count too high at 3", "limit is 2"],
    );
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    Table::new(&mut store, ty.clone(), Ref::Func(None))?;
    says(Table::new(&mut store, ty, Ref::Func(None)), &["table count too high at 2"]);
    Ok(())
}

#[test]
fn sizes_of_memories() -> Result<()> {
    let mut store = limited(StoreLimitsBuilder::new().memory_size(3 * PAGE).build());
    let parts = ["262144 bytes are wanted", "`StoreLimits::memory_size`, is 196608"];
    says(instance(&mut store, "(module (memory 4))"), &parts);
    says(Memory::new(&mut store, MemoryType::new(4, None)), &parts);
    let instance = instance(&mut store, GROWS)?;
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    // Wasm gets the result that the specification asks for, and the host gets the reason.
    assert_eq!(grow(&mut store, instance, "memory_grow", 3)?, -1);
    says(memory.grow(&mut store, 3), &["failed to grow memory by `3`", parts[0], parts[1]]);
    assert_eq!(memory.size(&store), 1);
    assert_eq!(grow(&mut store, instance, "memory_grow", 1)?, 1);
    assert_eq!(memory.grow(&mut store, 1)?, 2);
    assert_eq!(grow(&mut store, instance, "memory_grow", 1)?, -1);
    Ok(())
}

#[test]
fn the_maximum_of_a_type_is_named_too() -> Result<()> {
    let mut store = limited(StoreLimits::default());
    let instance = instance(&mut store, GROWS)?;
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    says(
        memory.grow(&mut store, 10),
        &["720896 bytes are wanted", "the maximum of the memory's type is 655360"],
    );
    let table = instance.get_table(&mut store, "table").unwrap();
    says(
        table.grow(&mut store, 19, Ref::Func(None)),
        &["21 elements are wanted", "the maximum of the table's type is 20"],
    );
    // Without a limiter no callback is called, and the outcome is the same.
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(2)))?;
    says(memory.grow(&mut store, 2), &["3 pages are wanted", "the memory's type is 2"]);
    let ty = TableType::new(RefType::FUNCREF, 1, Some(2));
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    says(
        table.grow(&mut store, 2, Ref::Func(None)),
        &["3 elements are wanted", "the maximum is 2"],
    );
    Ok(())
}

#[test]
fn sizes_of_tables() -> Result<()> {
    let mut store = limited(StoreLimitsBuilder::new().table_elements(4).build());
    let parts = ["5 elements are wanted", "`StoreLimits::table_elements`, is 4"];
    says(instance(&mut store, "(module (table 5 funcref))"), &parts);
    let ty = TableType::new(RefType::FUNCREF, 5, None);
    says(Table::new(&mut store, ty, Ref::Func(None)), &parts);
    let instance = instance(&mut store, GROWS)?;
    let table = instance.get_table(&mut store, "table").unwrap();
    assert_eq!(grow(&mut store, instance, "table_grow", 3)?, -1);
    says(
        table.grow(&mut store, 3, Ref::Func(None)),
        &["failed to grow table by `3`", parts[0], parts[1]],
    );
    assert_eq!(grow(&mut store, instance, "table_grow", 2)?, 2);
    Ok(())
}

#[test]
fn growth_that_fails_as_a_trap() -> Result<()> {
    let limits = StoreLimitsBuilder::new()
        .memory_size(2 * PAGE)
        .total_memory_size(8 * PAGE + 16)
        .table_elements(4)
        .trap_on_grow_failure(true)
        .build();
    let mut store = limited(limits);
    let instance = instance(&mut store, GROWS)?;
    for _ in 0..2 {
        says(
            grow(&mut store, instance, "memory_grow", 2),
            &["forcing trap", "196608 bytes", "`StoreLimits::memory_size`, is 131072"],
        );
        says(
            grow(&mut store, instance, "table_grow", 3),
            &["forcing trap", "5 elements", "`StoreLimits::table_elements`, is 4"],
        );
    }
    assert_eq!(grow(&mut store, instance, "memory_grow", 1)?, 1);
    // A growth that the limiter allows, and that fails all the same.
    Memory::new(&mut store, MemoryType::new(2, None))?;
    Memory::new(&mut store, MemoryType::new(2, None))?;
    let last = Memory::new(&mut store, MemoryType::new(1, None))?;
    Memory::new(&mut store, MemoryType::new(1, None))?;
    says(
        last.grow(&mut store, 1),
        &["forcing a memory growth failure to be a trap", "`total_memory_size`, is 524304"],
    );
    Ok(())
}

#[test]
fn all_memories_together() -> Result<()> {
    let mut store = limited(StoreLimitsBuilder::new().total_memory_size(5 * PAGE + 16).build());
    let first = instance(&mut store, GROWS)?;
    // An element of a table takes 8 bytes.
    let parts = ["of the store take 65552", "`total_memory_size`, is 327696"];
    // All memories of a module are counted before any is made.
    says(instance(&mut store, "(module (memory 3) (memory 2))"), &["take 262160"]);
    says(instance(&mut store, "(module (memory 5))"), &parts);
    says(Memory::new(&mut store, MemoryType::new(5, None)), &parts);
    assert_eq!(grow(&mut store, first, "memory_grow", 5)?, -1);
    let own = first.get_memory(&mut store, "memory").unwrap();
    says(own.grow(&mut store, 5), &["327680 more bytes are wanted", parts[0], parts[1]]);
    // What was refused is not counted.
    let host = Memory::new(&mut store, MemoryType::new(1, None))?;
    assert_eq!(host.grow(&mut store, 1)?, 1);
    assert_eq!(grow(&mut store, first, "memory_grow", 2)?, 1);
    assert_eq!(grow(&mut store, first, "memory_grow", 1)?, -1);
    says(host.grow(&mut store, 1), &["take 327696"]);
    instance(&mut store, "(module (memory 0))")?;
    Ok(())
}

/// An operation that needs more memory. It has a name, takes a number of bytes, and returns whether
/// they were granted.
type Allocation = (&'static str, fn(&mut Store<StoreLimits>, Instance, usize) -> Result<bool>);

const ELEMENT: usize = 8;

/// All operations by which the code of a store, or its host, gets more of what is counted.
const ALLOCATIONS: [Allocation; 8] = [
    ("memory.grow", |store, instance, bytes| {
        Ok(grow(store, instance, "memory_grow", (bytes / PAGE) as i32)? != -1)
    }),
    ("table.grow", |store, instance, bytes| {
        Ok(grow(store, instance, "table_grow", (bytes / ELEMENT) as i32)? != -1)
    }),
    ("Memory::grow", |store, instance, bytes| {
        let memory = instance.get_memory(&mut *store, "memory").unwrap();
        Ok(memory.grow(store, (bytes / PAGE) as u64).is_ok())
    }),
    ("Table::grow", |store, instance, bytes| {
        let table = instance.get_table(&mut *store, "table").unwrap();
        Ok(table.grow(store, (bytes / ELEMENT) as u64, Ref::Func(None)).is_ok())
    }),
    ("Memory::new", |store, _, bytes| {
        Ok(Memory::new(store, MemoryType::new((bytes / PAGE) as u32, None)).is_ok())
    }),
    ("Table::new", |store, _, bytes| {
        let ty = TableType::new(RefType::EXTERNREF, (bytes / ELEMENT) as u32, None);
        Ok(Table::new(store, ty, Ref::Extern(None)).is_ok())
    }),
    ("instantiation", |store, _, bytes| {
        let (pages, elements) = (bytes / PAGE / 2, bytes / ELEMENT / 2);
        let wat = format!("(module (memory {pages}) (table {elements} externref))");
        Ok(instance(store, &wat).is_ok())
    }),
    ("ExternRef::new", |store, _, bytes| {
        // Each takes 4096 bytes, including what refers to it; the heap takes two pages.
        for _ in 0..bytes / 4096 - 2 {
            if ExternRef::new(&mut *store, [0_u64; 510]).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }),
];

#[test]
fn everything_that_is_counted_is_counted_together() -> Result<()> {
    const WAT: &str = r#"(module
        (memory (export "memory") 0)
        (table (export "table") 0 funcref)
        (func (export "memory_grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table_grow") (param i32) (result i32)
            (table.grow (ref.null func) (local.get 0))))"#;
    for (first, one) in ALLOCATIONS {
        for (second, other) in ALLOCATIONS {
            let mut store = limited(StoreLimitsBuilder::new().total_memory_size(4 * PAGE).build());
            let instance = instance(&mut store, WAT)?;
            assert!(one(&mut store, instance, 2 * PAGE)?, "{first}");
            assert!(!other(&mut store, instance, 4 * PAGE)?, "{first}, {second}");
            // A refused operation takes nothing. Only the references to the host's values that were
            // made before it was refused stay.
            let refused_whole = second != "ExternRef::new";
            let fits = other(&mut store, instance, 2 * PAGE)?;
            assert_eq!(fits, refused_whole, "{first}, {second}");
            assert!(!one(&mut store, instance, 2 * PAGE)?, "{first}, {second}");
            // Without the limit there is room for it.
            let mut free = limited(StoreLimits::default());
            let instance = self::instance(&mut free, WAT)?;
            assert!(one(&mut free, instance, 4 * PAGE)?, "{first}");
        }
    }
    Ok(())
}

#[test]
fn refusals_of_tables_name_the_total() -> Result<()> {
    let mut store = limited(StoreLimitsBuilder::new().total_memory_size(100).build());
    let parts = ["`total_memory_size`, is 100", "104 more bytes are wanted for a table", "take 0"];
    says(instance(&mut store, "(module (table 13 funcref))"), &parts);
    let ty = TableType::new(RefType::FUNCREF, 13, None);
    says(Table::new(&mut store, ty, Ref::Func(None)), &parts);
    let ty = TableType::new(RefType::FUNCREF, 2, None);
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    says(
        table.grow(&mut store, 11, Ref::Func(None)),
        &["88 more bytes are wanted for a table", "take 16", "is 100"],
    );
    says(
        ExternRef::new(&mut store, [0_u64; 10]),
        &["96 more bytes are wanted for a value of the host's", "take 16", "is 100"],
    );
    Ok(())
}

#[test]
fn forks_of_snapshots() -> Result<()> {
    let mut store = limited(StoreLimits::default());
    let linker = Linker::new(store.engine());
    let instance = instance(&mut store, GROWS)?;
    let snapshot = Snapshot::take(&mut store, &[instance])?;
    let pre = snapshot.fork_pre(&linker)?;
    let fork = |limits: StoreLimits| -> Result<()> {
        let mut other = Store::new(linker.engine(), limits);
        other.limiter(|limits| limits);
        pre.fork(&mut other).map(drop)
    };
    fork(StoreLimits::default())?;
    let builder = StoreLimitsBuilder::new;
    says(fork(builder().memory_size(9).build()), &["memory_size`, is 9", "65536 bytes"]);
    says(fork(builder().table_elements(1).build()), &["table_elements`, is 1", "2 elements"]);
    says(fork(builder().total_memory_size(9).build()), &["total_memory_size`, is 9"]);
    says(fork(builder().total_memory_size(PAGE + 15).build()), &["16 more bytes", "for a table"]);
    fork(builder().total_memory_size(PAGE + 16).build())?;
    says(fork(builder().instances(0).build()), &["instance count too high at 1"]);
    Ok(())
}

/// Going back is always possible. What it brings back counts, so nothing grows before there is room
/// for it.
#[test]
fn what_is_put_back_counts() -> Result<()> {
    let limit = 6 * PAGE + 2 * 16;
    let mut store = limited(StoreLimitsBuilder::new().total_memory_size(limit).build());
    let (first, second) = (instance(&mut store, GROWS)?, instance(&mut store, GROWS)?);
    let small = Snapshot::take(&mut store, &[first])?;
    assert_eq!(grow(&mut store, first, "memory_grow", 4)?, 1);
    let large = Snapshot::take(&mut store, &[first])?;
    small.restore(&mut store)?;
    assert_eq!(grow(&mut store, second, "memory_grow", 4)?, 1);
    large.restore(&mut store)?;
    let parts = ["take 655392", "`total_memory_size`, is 393248"];
    let memory = first.get_memory(&mut store, "memory").unwrap();
    assert_eq!(memory.size(&store), 5);
    for _ in 0..2 {
        says(memory.grow(&mut store, 1), &parts);
        says(Memory::new(&mut store, MemoryType::new(1, None)), &parts);
        says(instance(&mut store, GROWS), &parts);
        says(ExternRef::new(&mut store, 1), &parts);
        assert_eq!(grow(&mut store, second, "memory_grow", 1)?, -1);
        assert_eq!(grow(&mut store, first, "table_grow", 1)?, -1);
        // The state that a rollback returns to is as large.
        let mut transaction = store.begin()?;
        small.restore(&mut *transaction)?;
        transaction.rollback()?;
    }
    small.restore(&mut store)?;
    assert_eq!(grow(&mut store, first, "memory_grow", 1)?, -1);
    let mut transaction = store.begin()?;
    says(instance(&mut transaction, GROWS), &["take 393248"]);
    transaction.rollback()?;
    Ok(())
}

/// A limiter that records its calls.
#[derive(Default)]
struct Witness {
    calls: Vec<String>,
    answer: Option<Result<bool>>,
}

impl ResourceLimiter for Witness {
    fn memory_growing(&mut self, now: usize, next: usize, max: Option<usize>) -> Result<bool> {
        self.calls.push(format!("memory {now} {next} {max:?}"));
        self.answer.take().unwrap_or(Ok(true))
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.calls.push(format!("failed: {error}"));
        Ok(())
    }

    fn table_growing(&mut self, now: usize, next: usize, max: Option<usize>) -> Result<bool> {
        self.calls.push(format!("table {now} {next} {max:?}"));
        self.answer.take().unwrap_or(Ok(true))
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.calls.push(format!("failed: {error}"));
        Ok(())
    }
}

#[test]
fn what_a_limiter_is_called_with() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Witness::default());
    store.limiter(|witness| witness);
    let calls = |store: &mut Store<Witness>| std::mem::take(&mut store.data_mut().calls);
    let instance = Instance::new(&mut store, &Module::new(&engine, GROWS)?, &[])?;
    assert_eq!(calls(&mut store), ["memory 0 65536 Some(655360)", "table 0 2 Some(20)"]);
    let memory = instance.get_typed_func::<i32, i32>(&mut store, "memory_grow")?;
    let table = instance.get_typed_func::<i32, i32>(&mut store, "table_grow")?;
    // Growing by zero does not count as growth.
    assert_eq!((memory.call(&mut store, 0)?, table.call(&mut store, 0)?), (1, 2));
    assert_eq!(calls(&mut store), [""; 0]);
    // The limiter is also queried if the type's maximum does not allow the growth, and it is
    // notified of the failure.
    assert_eq!((memory.call(&mut store, 10)?, table.call(&mut store, 19)?), (-1, -1));
    let log = calls(&mut store);
    assert_eq!(log[0], "memory 65536 720896 Some(655360)");
    assert!(log[1].starts_with("failed: Memory maximum size exceeded"), "{log:?}");
    assert_eq!(log[2], "table 2 21 Some(20)");
    assert!(log[3].starts_with("failed: Table maximum size exceeded"), "{log:?}");
    assert_eq!(log.len(), 4);
    // It is not notified of what it refuses itself. If it gives no reason, the error says that the
    // limiter decided.
    store.data_mut().answer = Some(Ok(false));
    assert_eq!(memory.call(&mut store, 1)?, -1);
    assert_eq!(calls(&mut store), ["memory 65536 131072 Some(655360)"]);
    store.data_mut().answer = Some(Ok(false));
    let exported = instance.get_memory(&mut store, "memory").unwrap();
    says(exported.grow(&mut store, 1), &["by `1`", "the store's limiter does not allow it"]);
    // An error of the limiter ends the computation.
    for func in [memory, table] {
        store.data_mut().answer = Some(Err(Error::msg("enough")));
        let error = func.call(&mut store, 1).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "enough");
    }
    assert_eq!((memory.call(&mut store, 1)?, table.call(&mut store, 1)?), (1, 2));
    Ok(())
}

/// A function that calls itself until the stack is used up, and counts its calls.
fn depth(store: &mut Store<()>, instance: Instance) -> Result<i32> {
    let deeper = instance.get_typed_func::<(), ()>(&mut *store, "deeper")?;
    let error = deeper.call(&mut *store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    let depth = instance.get_global(&mut *store, "depth").unwrap();
    let reached = depth.get(&mut *store).unwrap_i32();
    depth.set(store, 0.into())?;
    Ok(reached)
}

const DEEPER: &str = r#"(module (global $depth (export "depth") (mut i32) (i32.const 0))
    (func $deeper (export "deeper")
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        (call $deeper) (global.set $depth (global.get $depth))))"#;

#[test]
fn a_stack_of_its_own_size() -> Result<()> {
    let engine = Engine::new(Config::new().max_wasm_stack(256 << 10))?;
    let module = Module::new(&engine, DEEPER)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    assert_eq!(store.max_wasm_stack(), 256 << 10);
    let usual = depth(&mut store, instance)?;
    // Changed between calls, to smaller and larger sizes, and back; and before the first call of
    // another instance.
    for (size, times) in [(64 << 10, 0.25), (1 << 20, 4.0), (128 << 10, 0.5), (256 << 10, 1.0)] {
        let mut fresh = Store::new(&engine, ());
        let other = Instance::new(&mut fresh, &module, &[])?;
        fresh.set_max_wasm_stack(size)?;
        store.set_max_wasm_stack(size)?;
        for (store, instance) in [(&mut store, instance), (&mut fresh, other)] {
            assert_eq!(store.max_wasm_stack(), size);
            let reached = f64::from(depth(store, instance)?);
            let expected = f64::from(usual) * times;
            assert!(
                (reached - expected).abs() < expected / 20.0,
                "{reached} is not about {expected}"
            );
        }
    }
    // The next store has a stack of the usual size.
    store.set_max_wasm_stack(64 << 10)?;
    drop(store);
    let mut next = Store::new(&engine, ());
    let instance = Instance::new(&mut next, &module, &[])?;
    assert_eq!(depth(&mut next, instance)?, usual);
    Ok(())
}

#[test]
fn stacks_that_can_not_be() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, DEEPER)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let usual = store.max_wasm_stack();
    for _ in 0..2 {
        says(store.set_max_wasm_stack(100), &["100 bytes is too small", "at least a page"]);
        says(store.set_max_wasm_stack(usize::MAX), &["larger than this machine's address space"]);
        says(store.set_max_wasm_stack(1 << 60), &["1152921504606846976 bytes"]);
        assert_eq!(store.max_wasm_stack(), usual);
        assert!(depth(&mut store, instance)? > 0);
    }
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(1).total_memories(1).total_stacks(1);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let mut store = Store::new(&Engine::new(&config)?, ());
    says(store.set_max_wasm_stack(usual * 2), &["reserved up front", "Config::max_wasm_stack"]);
    store.set_max_wasm_stack(usual)?;
    Ok(())
}

#[test]
fn the_smallest_stack_runs_something() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    store.set_max_wasm_stack(1 << 12)?;
    let module = Module::new(
        store.engine(),
        r#"(module (memory 1) (func (export "f") (result i32) (memory.grow (i32.const 1))))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let f = instance.get_typed_func::<(), i32>(&mut store, "f")?;
    assert_eq!((f.call(&mut store, ())?, f.call(&mut store, ())?), (1, 2));
    Ok(())
}

/// If a fork gets its own copies of the host's memories and tables, they count like those that
/// instances define.
#[test]
fn forks_count_what_the_host_has_made() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    let module = Module::new(&engine, "(module (memory 1) (table 1 funcref))").unwrap();
    Instance::new(&mut store, &module, &[]).unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    for (memories, tables) in [(2, 2), (1, 2), (2, 1)] {
        let limits = StoreLimitsBuilder::new().memories(memories).tables(tables).build();
        let mut store = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        let forked = snapshot.fork(&mut store, &Linker::new(&engine));
        assert_eq!(forked.is_ok(), (memories, tables) == (2, 2), "{memories} {tables}");
    }
}
