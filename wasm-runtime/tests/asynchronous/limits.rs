//! Limiters that may wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    Config, Engine, Error, ExternRef, Instance, Linker, Memory, MemoryType, Module, Ref, RefType,
    ResourceLimiterAsync, Result, SharedMemory, Store, Table, TableType,
};

use crate::support::{After, Counted, block_on, poll_once};

#[derive(Default)]
struct Limiter {
    polls: u32,
    /// How much may be there; more is refused.
    most: usize,
    log: Vec<(bool, usize, usize, Option<usize>)>,
    failed: u32,
    alive: Arc<AtomicUsize>,
}

impl Limiter {
    async fn asked(&mut self, what: (bool, usize, usize, Option<usize>)) -> Result<bool> {
        let _counted = Counted::new(&self.alive);
        After(self.polls).await;
        self.log.push(what);
        wasm_runtime::ensure!(what.2 != 13 << 16, "thirteen");
        assert_ne!(what.2, 14 << 16, "fourteen");
        Ok(what.2 <= self.most)
    }
}

impl ResourceLimiterAsync for Limiter {
    fn memory_growing<'life0, 'async_trait>(
        &'life0 mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.asked((false, current, desired, maximum)))
    }

    fn table_growing<'life0, 'async_trait>(
        &'life0 mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.asked((true, current, desired, maximum)))
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.failed += 1;
        Ok(())
    }
}

const PROGRAM: &str = r#"(module
    (memory (export "memory") 1 20)
    (table (export "table") 2 30 funcref)
    (func (export "memory.grow") (param i32 i64 i64) (result i64)
        (local $a i64) (local $b i64)
        (local.set $a (i64.mul (local.get 1) (i64.const 3)))
        (local.set $b (i64.mul (local.get 2) (i64.const 5)))
        (i64.add (i64.extend_i32_s (memory.grow (local.get 0)))
            (i64.sub (local.get $a) (local.get $b))))
    (func $f (export "table.grow") (param i32) (result i32)
        (table.grow (ref.func $f) (local.get 0)))
    (func (export "filled") (param i32) (result i32)
        (ref.is_null (table.get (local.get 0)))))
"#;

fn world(polls: u32) -> Result<(Store<Limiter>, Instance)> {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM)?;
    let limiter = Limiter { polls, most: 10 << 16, ..Limiter::default() };
    let mut store = Store::new(&engine, limiter);
    store.limiter_async(|limiter| limiter);
    let instance = block_on(Instance::new_async(&mut store, &module, &[]))?;
    let asked = [(false, 0, 1 << 16, Some(20 << 16)), (true, 0, 2, Some(30))];
    assert_eq!(std::mem::take(&mut store.data_mut().log), asked);
    Ok((store, instance))
}

#[test]
fn what_grows_waits_for_the_limiter() -> Result<()> {
    for polls in 0..3 {
        let (mut store, instance) = world(polls)?;
        let grow = instance.get_typed_func::<(i32, i64, i64), i64>(&mut store, "memory.grow")?;
        assert_eq!(block_on(grow.call_async(&mut store, (2, 7, 4)))?, 1 + 21 - 20);
        assert_eq!(block_on(grow.call_async(&mut store, (0, 7, 4)))?, 3 + 1);
        assert_eq!(block_on(grow.call_async(&mut store, (9, 7, 4)))?, -1 + 1, "12 is too much");
        let asked =
            [(false, 1 << 16, 3 << 16, Some(20 << 16)), (false, 3 << 16, 12 << 16, Some(20 << 16))];
        assert_eq!(std::mem::take(&mut store.data_mut().log), asked);
        let error = block_on(grow.call_async(&mut store, (10, 7, 4))).unwrap_err();
        assert!(format!("{error:?}").contains("thirteen"), "{error:?}");
        let panicked =
            catch_unwind(AssertUnwindSafe(|| block_on(grow.call_async(&mut store, (11, 7, 4)))));
        assert!(panicked.is_err());
        store.data_mut().most = usize::MAX;
        assert_eq!(block_on(grow.call_async(&mut store, (50, 7, 4)))?, -1 + 1);
        assert_eq!(store.data().failed, 1, "beyond the maximum");
        assert_eq!(store.data().alive.load(Ordering::Relaxed), 0);

        store.data_mut().log.clear();
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "table.grow")?;
        let is_null = instance.get_typed_func::<i32, i32>(&mut store, "filled")?;
        assert_eq!(block_on(grow.call_async(&mut store, 5))?, 2);
        assert_eq!(store.data().log, [(true, 2, 7, Some(30))]);
        assert_eq!(block_on(is_null.call_async(&mut store, 1))?, 1);
        assert_eq!(block_on(is_null.call_async(&mut store, 6))?, 0);
        assert_eq!(block_on(grow.call_async(&mut store, 50))?, -1);
        if polls > 0 {
            {
                let mut call = pin!(grow.call_async(&mut store, 5));
                assert!(poll_once(call.as_mut()).is_pending());
            }
            assert_eq!(store.data().alive.load(Ordering::Relaxed), 0);
            let table = instance.get_table(&mut store, "table").expect("an export");
            assert_eq!(table.size(&store), 7);
        }
        assert_eq!(block_on(grow.call_async(&mut store, 1))?, 7);
    }
    Ok(())
}

#[test]
fn the_host_waits_too() -> Result<()> {
    let (mut store, instance) = world(2)?;
    let ty = MemoryType::new(1, None);
    assert!(Memory::new(&mut store, ty.clone()).is_err());
    let memory = block_on(Memory::new_async(&mut store, ty))?;
    assert!(memory.grow(&mut store, 1).is_err());
    assert_eq!(block_on(memory.grow_async(&mut store, 1))?, 1);
    assert_eq!(block_on(memory.grow_async(&mut store, 0))?, 2);
    assert!(block_on(memory.grow_async(&mut store, 100)).is_err());
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    assert!(Table::new(&mut store, ty.clone(), Ref::Func(None)).is_err());
    let table = block_on(Table::new_async(&mut store, ty, Ref::Func(None)))?;
    assert!(table.grow(&mut store, 1, Ref::Func(None)).is_err());
    assert_eq!(block_on(table.grow_async(&mut store, 1, Ref::Func(None)))?, 1);
    // One that was dropped leaves no answer for the next.
    {
        let mut growth = pin!(memory.grow_async(&mut store, 1));
        assert!(poll_once(growth.as_mut()).is_pending());
    }
    assert!(memory.grow(&mut store, 1).is_err());
    // So does one with several questions, of which the first was answered.
    store.data_mut().polls = 1;
    let module = Module::new(store.engine(), "(module (memory 1) (memory 1))")?;
    {
        let mut instance = pin!(Instance::new_async(&mut store, &module, &[]));
        assert!(poll_once(instance.as_mut()).is_pending());
        assert!(poll_once(instance.as_mut()).is_pending());
    }
    assert!(memory.grow(&mut store, 1).is_err());
    // An instance that is too large.
    let module = Module::new(store.engine(), "(module (memory 11))")?;
    assert!(block_on(Instance::new_async(&mut store, &module, &[])).is_err());
    assert!(block_on(Linker::new(store.engine()).instantiate_async(&mut store, &module)).is_err());
    assert!(Instance::new(&mut store, &module, &[]).is_err());
    // What makes objects requires functions that wait, whether the heap would grow or not.
    for polls in [0, 2] {
        store.data_mut().polls = polls;
        store.data_mut().most = usize::MAX;
        assert!(ExternRef::new(&mut store, 1).is_err());
        assert!(store.gc(None).is_err());
        block_on(ExternRef::new_async(&mut store, 1))?;
        block_on(store.gc_async(None))?;
    }
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "table.grow")?;
    assert!(grow.call(&mut store, 1).is_err());
    Ok(())
}

/// The limiter was asked about another size than the one that would come of it.
#[test]
fn a_shared_memory_that_others_let_grow_meanwhile_does_not_grow() -> Result<()> {
    let engine = Engine::new(Config::new().shared_memory(true))?;
    let text = r#"(module (import "" "" (memory 1 16 shared))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let module = Module::new(&engine, text)?;
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 16))?;
    let mut store = Store::new(&engine, Limiter { polls: 1, most: 10 << 16, ..Limiter::default() });
    store.limiter_async(|limiter| limiter);
    let imports = [memory.clone().into()];
    let instance = block_on(Instance::new_async(&mut store, &module, &imports))?;
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
    {
        let mut call = pin!(grow.call_async(&mut store, 9));
        assert!(poll_once(call.as_mut()).is_pending());
        memory.grow(1)?;
        assert_eq!(block_on(call)?, -1);
    }
    assert_eq!(memory.size(), 2);
    assert_eq!(block_on(grow.call_async(&mut store, 8))?, 2);
    assert_eq!(block_on(grow.call_async(&mut store, 1))?, -1);
    let asked = [(1, 10), (2, 10), (10, 11)];
    let asked = asked.map(|(from, to)| (false, from << 16, to << 16, Some(16 << 16)));
    assert_eq!(store.data().log, asked);
    Ok(())
}
