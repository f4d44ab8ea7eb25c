//! What is done while system calls fail. A scenario is a list of steps, and a step that has failed
//! can be done again.

use std::time::Duration;

use wasm_runtime::error::Context as _;
use wasm_runtime::{
    Cache, CacheConfig, Config, Engine, Linker, Memory, MemoryType, Module,
    PoolingAllocationConfig, Ref, RefType, Result, Snapshot, Table, TableType, Trap, Woken, ensure,
};

use wasm_store::Bundle;

use crate::world::{Guest, World, config, large};

/// Returns a number that depends on what the step has seen.
pub(crate) type Step = fn(&mut World) -> Result<i64>;

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [Step],
    /// A call that does not fail here, whatever the system lacks.
    pub(crate) spared: Option<libc::c_long>,
}

const fn scenario(name: &'static str, steps: &'static [Step]) -> Scenario {
    Scenario { name, steps, spared: None }
}

pub(crate) static SCENARIOS: &[Scenario] = &[
    scenario("bytes", &[load_bytes, instantiate, use_it, drop_it, twice, end]),
    scenario("component", &[load_component, instantiate, use_it, drop_it, twice, end]),
    scenario("file", &[load_file, instantiate, use_it, drop_it, twice, end]),
    scenario("verified", &[load_verified, instantiate, use_it, drop_it, twice, end]),
    scenario("compile", &[compile, instantiate, use_it, end]),
    scenario("cache", &[open_cache, instantiate, use_it, from_cache, end]),
    scenario("grow", &[load_file, instantiate, grow, grow_host, drop_it, twice]),
    scenario("checked", &[load_checked, instantiate, grow, use_it, drop_it, twice]),
    scenario("traps", &[load_file, instantiate, traps, small_stack, traps, end]),
    scenario(
        "snapshot",
        &[load_file, instantiate, snapshot, restore_few, snapshot, restore_many, end],
    ),
    scenario("fork", &[load_file, instantiate, snapshot, fork, fork, end]),
    scenario("transaction", &[load_file, instantiate, snapshot, transaction, transaction, end]),
    scenario("timeouts", &[load_timed, instantiate, timeouts, requested, use_it]),
    Scenario {
        // A descriptor that counts events has room for one.
        spared: Some(libc::SYS_write),
        ..scenario("wait", &[load_timed, instantiate, wait, requested, wait, end])
    },
    scenario("pool", &[make_pool, load_file, instantiate, use_it, drop_it, twice]),
    scenario("profile", &[load_profiled, instantiate, use_it, end]),
    scenario("threads", &[load_file, on_a_thread, on_a_thread, end]),
];

/// Loads components of a few modules and of many, which must take the same calls.
pub(crate) static CONSTANT: [Scenario; 2] =
    [scenario("few", &[load_component]), scenario("many", &[load_large_component])];

fn from_bytes(world: &mut World, name: &str) -> Result<i64> {
    let engine = world.engine(&config(name))?;
    // SAFETY: this test has compiled the artifact.
    world.module = Some(unsafe { Module::deserialize(&engine, &world.bytes) }?);
    Ok(0)
}

fn load_bytes(world: &mut World) -> Result<i64> {
    from_bytes(world, "usual")
}

/// Writes a file for a profiler.
fn load_profiled(world: &mut World) -> Result<i64> {
    from_bytes(world, "profiled")
}

fn load(world: &mut World, name: &str) -> Result<i64> {
    let engine = world.engine(&config(name))?;
    // SAFETY: this test has compiled the artifact, and nobody changes it.
    world.module = Some(unsafe { Module::deserialize_file(&engine, world.artifact(name)) }?);
    Ok(0)
}

fn load_file(world: &mut World) -> Result<i64> {
    load(world, "usual")
}

fn load_component(world: &mut World) -> Result<i64> {
    component(world, "component")
}

/// Loads a component, to go on with one of its modules.
fn component(world: &mut World, name: &str) -> Result<i64> {
    let engine = world.engine(&config("usual"))?;
    // SAFETY: this test has made the artifact, and nobody changes it.
    let bundle = unsafe { Bundle::deserialize_file(&engine, world.artifact(name)) }?;
    world.module = bundle.modules().last().cloned();
    Ok(0)
}

fn load_large_component(world: &mut World) -> Result<i64> {
    component(world, "component-of-many")
}

fn load_checked(world: &mut World) -> Result<i64> {
    load(world, "checked")
}

fn load_timed(world: &mut World) -> Result<i64> {
    load(world, "timed")
}

fn load_verified(world: &mut World) -> Result<i64> {
    let engine = world.engine(&config("verified"))?;
    world.module = Some(Module::deserialize_file_verified(&engine, world.artifact("verified"))?);
    Ok(0)
}

fn compile(world: &mut World) -> Result<i64> {
    let engine = world.engine(Config::new().parallel_compilation(true))?;
    world.module = Some(Module::new(&engine, large())?);
    Ok(0)
}

/// An engine of its own, which has the cache in the scenario's folder.
fn cached(world: &World) -> Result<Module> {
    let mut cache = CacheConfig::new();
    cache.with_directory(world.own_folder.join("cache"));
    let mut config = config("usual");
    config.cache(Some(Cache::new(cache)?));
    Module::new(&Engine::new(&config)?, crate::world::GUEST)
}

fn open_cache(world: &mut World) -> Result<i64> {
    world.module = Some(cached(world)?);
    Ok(0)
}

fn from_cache(world: &mut World) -> Result<i64> {
    let mut guest = Guest::new(&cached(world)?)?;
    guest.call("write", 3)?;
    guest.look()
}

fn instantiate(world: &mut World) -> Result<i64> {
    let guest = Guest::new(world.module())?;
    world.guests.push(guest);
    world.guest().look()
}

fn use_it(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    guest.call("write", 9)?;
    guest.trap("unreachable", Trap::UnreachableCodeReached)?;
    guest.trap("outside", Trap::MemoryOutOfBounds)?;
    guest.call("look", 1).map(|_| 0)
}

/// The instance goes to the engine's list of those that can be used again.
fn drop_it(world: &mut World) -> Result<i64> {
    world.guests.clear();
    Ok(0)
}

/// Two instances, at least one of which may be one that was used before.
fn twice(world: &mut World) -> Result<i64> {
    let mut guests = [Guest::new(world.module())?, Guest::new(world.module())?];
    let first = guests[0].look()?;
    guests[1].call("write", 2)?;
    ensure!(guests[0].look()? == first, "instances share their state");
    Ok(first ^ (guests[1].look()? << 32))
}

/// Drops everything.
fn end(world: &mut World) -> Result<i64> {
    world.snapshots.clear();
    world.guests.clear();
    world.module = None;
    world.engine = None;
    Ok(0)
}

/// Grows from the inside to given sizes.
fn grow(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    for size in [3, 5, 20, 40] {
        let now = guest.instance.get_memory(&mut guest.store, "memory").expect("an export");
        let more = size - now.size(&guest.store) as i32;
        if more > 0 {
            ensure!(guest.call("grow", more)? >= 0, "the memory did not grow: os error");
        }
        guest.call("write", 16 * size)?;
        let now = guest.instance.get_table(&mut guest.store, "table").expect("an export");
        let more = size - now.size(&guest.store) as i32;
        if more > 0 {
            ensure!(guest.call("grow_table", more)? >= 0, "the table did not grow: os error");
        }
    }
    Ok(0)
}

/// Grows what the host has, and what the host has made.
fn grow_host(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    let memory = guest.instance.get_memory(&mut guest.store, "memory").expect("an export");
    let size = memory.size(&guest.store);
    if size < 60 {
        memory.grow(&mut guest.store, 60 - size)?;
    }
    let own = Memory::new(&mut guest.store, MemoryType::new(1, Some(50)))?;
    own.write(&mut guest.store, 65_000, b"own")?;
    own.grow(&mut guest.store, 30)?;
    own.write(&mut guest.store, 31 << 16, b"x").expect_err("beyond the end");
    own.write(&mut guest.store, (31 << 16) - 1, b"x")?;
    let ty = TableType::new(RefType::FUNCREF, 3, None);
    let table = Table::new(&mut guest.store, ty, Ref::Func(None))?;
    table.grow(&mut guest.store, 10_000, Ref::Func(None))?;
    let data = own.data(&guest.store);
    Ok(i64::from(data[65_001]) + data.len() as i64 + table.size(&guest.store) as i64)
}

fn traps(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    guest.trap("deep", Trap::StackOverflow)?;
    guest.trap("outside", Trap::MemoryOutOfBounds)?;
    guest.trap("deep", Trap::StackOverflow)?;
    guest.look()
}

fn small_stack(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    guest.store.set_max_wasm_stack(64 << 10)?;
    guest.look()
}

fn snapshot(world: &mut World) -> Result<i64> {
    let snapshot = Snapshot::of_store(&mut world.guest().store)?;
    world.snapshots.push(snapshot);
    world.guest().look()
}

/// Changes an instance, and takes it back to the last snapshot.
fn back(world: &mut World, pages: i32) -> Result<i64> {
    let snapshot = world.snapshots.last().expect("a step before has taken it").clone();
    let guest = world.guest();
    snapshot.restore(&mut guest.store)?;
    let before = guest.look()?;
    guest.call("write", pages)?;
    ensure!(guest.call("grow", 3)? >= 0, "the memory did not grow: os error");
    ensure!(guest.look()? != before, "nothing has changed");
    snapshot.restore(&mut guest.store)?;
    ensure!(guest.look()? == before, "the state is another");
    // The next snapshot has something to keep.
    guest.call("write", 4)?;
    Ok(before)
}

fn restore_few(world: &mut World) -> Result<i64> {
    back(world, 3)
}

fn restore_many(world: &mut World) -> Result<i64> {
    back(world, 32)?;
    // An older one.
    let first = world.snapshot(0).clone();
    first.restore(&mut world.guest().store)?;
    world.guest().look()
}

fn fork(world: &mut World) -> Result<i64> {
    let linker = Linker::new(world.module().engine());
    let mut store = wasm_runtime::Store::new(world.module().engine(), ());
    let instances = world.snapshot(0).fork(&mut store, &linker)?;
    let mut fork = Guest { store, instance: instances[0] };
    let before = fork.look()?;
    fork.call("write", 7)?;
    ensure!(fork.call("grow", 1)? >= 0, "the memory did not grow: os error");
    // Forks can be forked.
    let again = Snapshot::of_store(&mut fork.store)?;
    let mut store = wasm_runtime::Store::new(world.module().engine(), ());
    let instances = again.fork(&mut store, &linker)?;
    let mut second = Guest { store, instance: instances[0] };
    ensure!(second.look()? == fork.look()?, "a fork is another");
    Ok(before)
}

fn transaction(world: &mut World) -> Result<i64> {
    let snapshot = world.snapshot(0).clone();
    let guest = world.guest();
    snapshot.restore(&mut guest.store)?;
    let before = guest.look()?;
    let instance = guest.instance;
    let undone = guest.store.transaction(|store| -> Result<()> {
        let write = instance.get_typed_func::<i32, i32>(&mut *store, "write")?;
        write.call(&mut *store, 20)?;
        let grow = instance.get_typed_func::<i32, i32>(&mut *store, "grow")?;
        ensure!(grow.call(&mut *store, 2)? >= 0, "the memory did not grow: os error");
        Err(wasm_runtime::Error::msg("meant"))
    });
    match undone {
        Err(error) if error.to_string() == "meant" => {}
        Err(error) => return Err(error),
        Ok(()) => panic!("the closure fails"),
    }
    ensure!(guest.look()? == before, "the state is another");
    let transaction = guest.store.begin()?;
    transaction.commit();
    Ok(before)
}

fn timeouts(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    let time = Duration::from_millis(3);
    for (wall, processor) in [(Some(time), None), (None, Some(time))] {
        guest.store.set_timeout(wall)?;
        guest.store.set_cpu_timeout(processor)?;
        guest.trap("endless", Trap::Interrupt)?;
    }
    guest.store.set_cpu_timeout(None)?;
    guest.look()
}

fn requested(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    guest.store.interrupt_handle()?.interrupt();
    guest.trap("endless", Trap::Interrupt)?;
    guest.look()
}

fn wait(world: &mut World) -> Result<i64> {
    let guest = world.guest();
    let waiter = guest.store.waiter();
    let time = Some(Duration::from_millis(1));
    let woken = waiter.wait(&mut [], time).context("wait for a time")?;
    ensure!(woken == Woken::TimedOut, "woken: {woken:?}");
    guest.store.interrupt_handle()?.interrupt();
    let woken = waiter.wait(&mut [], None).context("wait for ever")?;
    ensure!(woken == Woken::Interrupted, "woken: {woken:?}");
    guest.trap("endless", Trap::Interrupt)?;
    guest.look()
}

fn make_pool(world: &mut World) -> Result<i64> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(2).total_memories(2).total_stacks(2);
    world.engine(config("usual").allocation_strategy(pool))?;
    Ok(0)
}

fn on_a_thread(world: &mut World) -> Result<i64> {
    let module = world.module().clone();
    let thread = std::thread::Builder::new().spawn(move || -> Result<i64> {
        let mut guest = Guest::new(&module)?;
        guest.trap("deep", Trap::StackOverflow)?;
        guest.call("write", 5)?;
        guest.look()
    });
    let thread = thread.context("make a thread")?;
    thread.join().expect("no panic")
}
