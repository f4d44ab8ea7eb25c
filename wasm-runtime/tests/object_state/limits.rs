//! The heap under limits: what forks and restores bring counts, and what allocates for ever ends.

use std::time::Duration;

use wasm_runtime::{
    Engine, GcHeapOutOfMemory, Linker, Module, ResourceLimiter, Result, Snapshot, Store,
    StoreLimits, StoreLimitsBuilder, Trap,
};

use crate::graph::config;

/// Keeps a list that grows, or makes garbage, for ever.
const GREEDY: &str = r#"(module
    (type $node (struct (field (ref null $node)) (field i64 i64 i64)))
    (type $bytes (array (mut i8)))
    (global $list (mut (ref null $node)) (ref.null $node))
    (func (export "keep") (param $count i32)
        (loop $again
            (global.set $list (struct.new $node (global.get $list)
                (i64.const 1) (i64.const 2) (i64.const 3)))
            (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func (export "waste") (loop $again
        (drop (struct.new $node (ref.null $node) (i64.const 1) (i64.const 2) (i64.const 3)))
        (br $again)))
    (func (export "large") (loop $again
        (drop (array.new_default $bytes (i32.const 100000)))
        (br $again))))"#;

fn guest(engine: &Engine, limits: StoreLimits) -> Result<(Store<StoreLimits>, Module)> {
    let module = Module::new(engine, GREEDY)?;
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits as &mut dyn ResourceLimiter);
    Ok((store, module))
}

fn limits(bytes: usize) -> StoreLimits {
    StoreLimitsBuilder::new().memory_size(bytes).build()
}

#[test]
fn a_fork_asks_for_its_heap() -> Result<()> {
    let engine = Engine::new(&config())?;
    let (mut store, module) = guest(&engine, limits(64 << 20))?;
    let linker = Linker::new(&engine);
    let instance = linker.instantiate(&mut store, &module)?;
    let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep")?;
    keep.call(&mut store, 100_000)?;
    let snapshot = Snapshot::of_store(&mut store)?;
    let (mut small, _) = guest(&engine, limits(1 << 20))?;
    let error = snapshot.fork(&mut small, &linker).unwrap_err();
    assert!(error.downcast_ref::<GcHeapOutOfMemory<()>>().is_some(), "{error:?}");
    let (mut large, _) = guest(&engine, limits(64 << 20))?;
    let forked = snapshot.fork(&mut large, &linker)?[0];
    let keep = forked.get_typed_func::<i32, ()>(&mut large, "keep")?;
    keep.call(&mut large, 1000)?;
    large.gc(None)?;
    assert_eq!(large.heap_summary()?.count(), 101_000);
    assert!(large.gc_heap_capacity() >= 101_000 * 32);
    // What is restored was there before.
    snapshot.restore(&mut store)?;
    store.gc(None)?;
    assert_eq!(store.heap_summary()?.count(), 100_000);
    Ok(())
}

#[test]
fn a_full_heap_is_an_error_and_goes_on() -> Result<()> {
    let engine = Engine::new(&config())?;
    let (mut store, module) = guest(&engine, limits(1 << 20))?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let before = Snapshot::of_store(&mut store)?;
    let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep")?;
    for _ in 0..3 {
        let error = keep.call(&mut store, 1_000_000).unwrap_err();
        assert!(error.downcast_ref::<GcHeapOutOfMemory<()>>().is_some(), "{error:?}");
        before.restore(&mut store)?;
        keep.call(&mut store, 1000)?;
    }
    Ok(())
}

#[test]
fn loops_that_allocate_are_interrupted() -> Result<()> {
    for zeal in [false, true] {
        let engine = Engine::new(config().gc_zeal(zeal).interruption(true))?;
        let (mut store, module) = guest(&engine, limits(64 << 20))?;
        let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
        for name in ["waste", "large"] {
            let run = instance.get_typed_func::<(), ()>(&mut store, name)?;
            store.set_timeout(Some(Duration::from_millis(50)))?;
            let error = run.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt), "{error:?}");
        }
    }
    Ok(())
}

#[test]
fn loops_that_allocate_use_up_their_fuel() -> Result<()> {
    let engine = Engine::new(config().consume_fuel(true))?;
    let (mut store, module) = guest(&engine, limits(64 << 20))?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    for name in ["waste", "large"] {
        store.set_fuel(10_000)?;
        let run = instance.get_typed_func::<(), ()>(&mut store, name)?;
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel), "{error:?}");
    }
    Ok(())
}
