//! A heap that grows when the limiter has answered, which may take its time: for what Wasm makes,
//! and for what the host does.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    ArrayRef, ArrayRefPre, ArrayType, Config, Engine, ExnRef, ExnRefPre, ExnType, ExternRef,
    FieldType, GcHeapOutOfMemory, Instance, Linker, Module, Mutability, ResourceLimiterAsync,
    Result, Snapshot, StorageType, Store, StructRef, StructRefPre, StructType, Tag, Val, ValType,
};

use crate::support::{After, Counted, block_on, poll_once};

#[derive(Default)]
struct Limiter {
    polls: u32,
    /// How large the heap may become.
    most: usize,
    asked: u32,
    alive: Arc<AtomicUsize>,
}

impl ResourceLimiterAsync for Limiter {
    fn memory_growing<'life0, 'async_trait>(
        &'life0 mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let _counted = Counted::new(&self.alive);
            After(self.polls).await;
            self.asked += 1;
            Ok(desired <= self.most)
        })
    }

    fn table_growing<'life0, 'async_trait>(
        &'life0 mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            After(self.polls).await;
            Ok(true)
        })
    }
}

const PROGRAM: &str = r#"(module
    (type $node (struct (field i64) (field (ref null $node))))
    (type $bytes (array (mut i8)))
    (type $nodes (array (mut (ref null $node))))
    (tag $tag (param i64))
    (data $data "0123456789")
    (elem $elem (ref null $node) (ref.null $node) (ref.null $node))
    (global $kept (export "kept") (mut (ref null $node)) (ref.null $node))
    ;; A list of so many nodes, with values in registers across each allocation.
    (func $list (export "list") (param $n i32) (param $a i64) (result i64)
        (local $b i64) (local $sum i64) (local $node (ref null $node))
        (local.set $b (i64.mul (local.get $a) (i64.const 3)))
        (loop $again
            (local.set $node (struct.new $node
                (i64.add (local.get $a) (i64.extend_i32_u (local.get $n))) (local.get $node)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (global.set $kept (local.get $node))
        (loop $sums
            (local.set $sum (i64.add (local.get $sum) (struct.get $node 0 (local.get $node))))
            (br_if $sums (i32.eqz (ref.is_null
                (local.tee $node (struct.get $node 1 (local.get $node)))))))
        (i64.add (local.get $sum) (local.get $b)))
    (func (export "arrays") (param $n i32) (result i32)
        (local $sum i32) (local $size i32)
        (loop $again
            (local.set $size (i32.add (local.get $size) (array.len
                (array.new_data $bytes $data (i32.const 2) (i32.const 8)))))
            (local.set $size (i32.add (local.get $size) (array.len
                (array.new_elem $nodes $elem (i32.const 0) (i32.const 2)))))
            (local.set $size (i32.add (local.get $size) (array.len
                (array.new_default $bytes (i32.const 50000)))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $size))
    (func (export "exceptions") (param $n i32) (result i64)
        (local $sum i64) (local $exception exnref)
        (loop $again
            (block $caught (result i64 exnref)
                (try_table (catch_ref $tag $caught)
                    (throw $tag (i64.extend_i32_u (local.get $n))))
                (unreachable))
            (local.set $exception)
            (local.set $sum (i64.add (local.get $sum)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))
"#;

fn world(config: &mut Config, polls: u32) -> Result<(Store<Limiter>, Instance)> {
    let engine = Engine::new(config)?;
    let module = Module::new(&engine, PROGRAM)?;
    let mut store = Store::new(&engine, Limiter { polls, most: 1 << 30, ..Limiter::default() });
    store.limiter_async(|limiter| limiter);
    let instance = block_on(Instance::new_async(&mut store, &module, &[]))?;
    Ok((store, instance))
}

fn expected(n: i64, a: i64) -> i64 {
    n * a + n * (n + 1) / 2 + 3 * a
}

#[test]
fn what_wasm_makes_waits_for_the_limiter() -> Result<()> {
    for zeal in [false, true] {
        for polls in 0..3 {
            let count = if zeal { 300 } else { 20_000 };
            let (mut store, instance) = world(Config::new().gc_zeal(zeal), polls)?;
            let list = instance.get_typed_func::<(i32, i64), i64>(&mut store, "list")?;
            let sum = block_on(list.call_async(&mut store, (count, 5)))?;
            assert_eq!(sum, expected(count.into(), 5));
            assert!(store.data().asked > 2);
            let arrays = instance.get_typed_func::<i32, i32>(&mut store, "arrays")?;
            assert_eq!(block_on(arrays.call_async(&mut store, 20))?, 20 * 50_010);
            let exceptions = instance.get_typed_func::<i32, i64>(&mut store, "exceptions")?;
            assert_eq!(block_on(exceptions.call_async(&mut store, 2000))?, 2000 * 2001 / 2);
            assert_eq!(store.data().alive.load(Ordering::Relaxed), 0);
        }
    }
    Ok(())
}

#[test]
fn a_heap_that_may_not_grow_is_full() -> Result<()> {
    let (mut store, instance) = world(&mut Config::new(), 2)?;
    store.data_mut().most = 64 << 10;
    let list = instance.get_typed_func::<(i32, i64), i64>(&mut store, "list")?;
    let error = block_on(list.call_async(&mut store, (100_000, 5))).unwrap_err();
    assert!(error.downcast_ref::<GcHeapOutOfMemory<()>>().is_some(), "{error:?}");
    assert_eq!(block_on(list.call_async(&mut store, (100, 5)))?, expected(100, 5));
    Ok(())
}

#[test]
fn a_call_can_be_dropped_wherever_it_waits_for_the_limiter() -> Result<()> {
    let mut dropped = 0;
    for point in 1.. {
        let (mut store, instance) = world(&mut Config::new(), 2)?;
        let list = instance.get_typed_func::<(i32, i64), i64>(&mut store, "list")?;
        {
            let mut call = Box::pin(list.call_async(&mut store, (3000, 5)));
            let mut is_over = false;
            for _ in 0..point {
                is_over = poll_once(call.as_mut()).is_ready();
                if is_over {
                    break;
                }
            }
            if is_over {
                break;
            }
        }
        dropped += 1;
        assert_eq!(store.data().alive.load(Ordering::Relaxed), 0, "a future is left");
        assert_eq!(block_on(list.call_async(&mut store, (3000, 6)))?, expected(3000, 6));
        block_on(store.gc_async(None))?;
    }
    assert!(dropped > 4);
    Ok(())
}

#[test]
fn what_the_host_makes_waits_for_the_limiter() -> Result<()> {
    let (mut store, _) = world(Config::new().gc_zeal(true), 2)?;
    let engine = store.engine().clone();
    let field = |ty: StorageType| FieldType::new(Mutability::Var, ty);
    let ty = StructType::new(&engine, [field(StorageType::ValType(ValType::I64))])?;
    let structs = StructRefPre::new(&mut store, ty);
    let bytes = ArrayRefPre::new(&mut store, ArrayType::new(&engine, field(StorageType::I8)));
    let exception = ExnType::new(&engine, [ValType::I32])?;
    let tag = Tag::new(&mut store, &exception.tag_type())?;
    let exceptions = ExnRefPre::new(&mut store, exception);
    let before = store.data().asked;
    for number in 0..50 {
        assert!(StructRef::new(&mut store, &structs, &[Val::I64(1)]).is_err());
        let made = block_on(StructRef::new_async(&mut store, &structs, &[Val::I64(number)]))?;
        assert_eq!(made.field(&mut store, 0)?.unwrap_i64(), number);
        assert!(ArrayRef::new(&mut store, &bytes, &Val::I32(1), 5).is_err());
        let made = block_on(ArrayRef::new_async(&mut store, &bytes, &Val::I32(7), 5000))?;
        assert_eq!(made.len(&store)?, 5000);
        assert_eq!(made.get(&mut store, 4999)?.unwrap_i32(), 7);
        assert!(ArrayRef::new_fixed(&mut store, &bytes, &[]).is_err());
        let made =
            block_on(ArrayRef::new_fixed_async(&mut store, &bytes, &[Val::I32(1), Val::I32(2)]))?;
        assert_eq!(made.get(&mut store, 1)?.unwrap_i32(), 2);
        assert!(ArrayRef::new_from_i8_slice(&mut store, &bytes, b"").is_err());
        let made = block_on(ArrayRef::new_from_i8_slice_async(&mut store, &bytes, b"abc"))?;
        assert_eq!(made.get(&mut store, 2)?.unwrap_i32(), i32::from(b'c'));
        assert!(ExnRef::new(&mut store, &exceptions, &tag, &[Val::I32(1)]).is_err());
        let made = block_on(ExnRef::new_async(&mut store, &exceptions, &tag, &[Val::I32(3)]))?;
        assert_eq!(made.field(&mut store, 0)?.unwrap_i32(), 3);
        let made = block_on(ExternRef::new_async(&mut store, number))?;
        let data = made.data(&store)?.expect("a value of the host");
        assert_eq!(data.downcast_ref::<i64>(), Some(&number));
    }
    assert!(store.data().asked > before);
    // One that is dropped while it waits, and one that is refused: the value comes back.
    store.data_mut().most = 0;
    {
        let mut made = pin!(ArrayRef::new_async(&mut store, &bytes, &Val::I32(7), 10 << 20));
        assert!(poll_once(made.as_mut()).is_pending());
    }
    let error = loop {
        match block_on(ExternRef::new_async(&mut store, "a text")) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let full = error.downcast::<GcHeapOutOfMemory<&str>>().expect("the heap is full");
    assert_eq!(full.into_inner(), "a text");
    Ok(())
}

#[test]
fn forks_wait_for_the_limiter() -> Result<()> {
    let (mut store, instance) = world(&mut Config::new(), 2)?;
    let list = instance.get_typed_func::<(i32, i64), i64>(&mut store, "list")?;
    block_on(list.call_async(&mut store, (5000, 5)))?;
    let snapshot = Snapshot::take(&mut store, &[instance])?;
    let linker = Linker::new(store.engine());
    let mut other = Store::new(store.engine(), Limiter { polls: 2, ..Limiter::default() });
    other.limiter_async(|limiter| limiter);
    assert!(block_on(snapshot.fork_async(&mut other, &linker)).is_err(), "no heap is allowed");
    other.data_mut().most = 1 << 30;
    {
        let mut fork = pin!(snapshot.fork_async(&mut other, &linker));
        assert!(poll_once(fork.as_mut()).is_pending());
    }
    let fork = block_on(snapshot.fork_async(&mut other, &linker))?[0];
    let list = fork.get_typed_func::<(i32, i64), i64>(&mut other, "list")?;
    assert_eq!(block_on(list.call_async(&mut other, (100, 5)))?, expected(100, 5));
    Ok(())
}

#[test]
fn modules_as_namespaces_wait() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("host", "wait", |_: wasm_runtime::Caller<'_, ()>, ()| {
        Box::new(async {
            After(2).await;
            7_i32
        })
    })?;
    let command = Module::new(
        &engine,
        r#"(module (import "host" "wait" (func $wait (result i32)))
            (func (export "_start") (drop (call $wait)))
            (func (export "get") (result i32) (call $wait)))"#,
    )?;
    let reactor = Module::new(
        &engine,
        r#"(module (import "host" "wait" (func $wait (result i32))) (global $g (mut i32) (i32.const 0))
            (func (export "_initialize") (global.set $g (call $wait)))
            (func (export "get") (result i32) (global.get $g)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    block_on(linker.module_async(&mut store, "command", &command))?;
    block_on(linker.module_async(&mut store, "reactor", &reactor))?;
    let user = Module::new(
        &engine,
        r#"(module (import "command" "get" (func $a (result i32)))
            (import "reactor" "get" (func $b (result i32)))
            (func (export "sum") (result i32) (i32.add (call $a) (i32.mul (call $b) (i32.const 2)))))"#,
    )?;
    let instance = block_on(linker.instantiate_async(&mut store, &user))?;
    let sum = instance.get_typed_func::<(), i32>(&mut store, "sum")?;
    assert_eq!(block_on(sum.call_async(&mut store, ()))?, 21);
    Ok(())
}

/// Functions of the host that may wait are not taken for others when they are read from objects.
#[test]
fn functions_that_may_wait_are_kept_in_objects() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap_async("", "later", |_, (): ()| {
        Box::new(async {
            After(1).await;
            7
        })
    })?;
    let module = Module::new(
        &engine,
        r#"(module
            (type $f (func (result i32)))
            (type $box (struct (field (mut funcref))))
            (import "" "later" (func $later (type $f)))
            (func $one (type $f) (i32.const 1))
            (elem declare func $later $one)
            (global $first (mut (ref null $box)) (ref.null $box))
            (global $second (mut (ref null $box)) (ref.null $box))
            (func (export "f") (result i32)
                (global.set $first (struct.new $box (ref.func $one)))
                (global.set $second (struct.new $box (ref.func $later)))
                (i32.add
                    (i32.mul (i32.const 100) (call_ref $f
                        (ref.cast (ref $f) (struct.get $box 0 (global.get $first)))))
                    (call_ref $f (ref.cast (ref $f) (struct.get $box 0 (global.get $second)))))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let func = instance.get_typed_func::<(), i32>(&mut store, "f")?;
    assert_eq!(block_on(func.call_async(&mut store, ()))?, 107);
    Ok(())
}
