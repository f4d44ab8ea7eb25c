//! Components whose host functions wait.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use wasm_runtime::component::{Component, Func, Linker, ResourceType, Val};
use wasm_runtime::{Engine, Result, Store, Trap};

/// Is ready when it is polled for the second time.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Runs a future, and says how often it had to be polled.
fn run<F: Future>(future: F) -> (F::Output, u32) {
    let mut future = pin!(future);
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return (output, polls);
        }
    }
}

/// A string goes to the host and another one comes back, for which the guest makes room; then a
/// resource is dropped.
const GUEST: &str = r#"(component
    (import "r" (type $r (sub resource)))
    (import "make" (func $make (result (own $r))))
    (import "upper" (func $upper (param "x" string) (result string)))
    (core module $memory
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get 3)))))
    (core instance $memory (instantiate $memory))
    (alias core export $memory "memory" (core memory $mem))
    (alias core export $memory "realloc" (core func $realloc))
    (core func $make (canon lower (func $make)))
    (core func $drop (canon resource.drop $r))
    (core func $upper (canon lower (func $upper) (memory $mem) (realloc $realloc)))
    (core module $m
        (import "" "memory" (memory 1))
        (import "" "upper" (func $upper (param i32 i32 i32)))
        (import "" "make" (func $make (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "run") (param i32 i32) (result i32)
            (call $upper (local.get 0) (local.get 1) (i32.const 16))
            (call $drop (call $make))
            (i32.const 16)))
    (core instance $i (instantiate $m (with "" (instance
        (export "memory" (memory $mem))
        (export "upper" (func $upper))
        (export "make" (func $make))
        (export "drop" (func $drop))))))
    (func (export "run") (param "x" string) (result string)
        (canon lift (core func $i "run") (memory $mem) (realloc $realloc))))"#;

struct Counted;

fn linker(engine: &Engine, dropped: &Arc<AtomicU32>) -> Result<Linker<u32>> {
    let mut linker = Linker::<u32>::new(engine);
    let mut root = linker.root();
    let dropped = Arc::clone(dropped);
    root.resource_async("r", ResourceType::host::<Counted>(), move |_, rep| {
        let dropped = Arc::clone(&dropped);
        Box::new(async move {
            Later(false).await;
            dropped.fetch_add(rep, Ordering::Relaxed);
            Ok(())
        })
    })?;
    root.func_new("make", |store, _, _, results| {
        let resource = wasm_runtime::component::Resource::<Counted>::new_own(5);
        results[0] = Val::Resource(resource.try_into_resource_any(store)?);
        Ok(())
    })?;
    root.func_new_async("upper", |mut store, _, params, results| {
        Box::new(async move {
            let [Val::String(text)] = params else { panic!("{params:?}") };
            Later(false).await;
            *store.data_mut() += 1;
            results[0] = Val::String(text.to_uppercase());
            Ok(())
        })
    })?;
    Ok(linker)
}

fn made(store: &mut Store<u32>, dropped: &Arc<AtomicU32>) -> Result<Func> {
    let engine = store.engine().clone();
    let component = Component::new(&engine, GUEST)?;
    let linker = linker(&engine, dropped)?;
    assert!(linker.instantiate(&mut *store, &component).is_err());
    let (instance, _) = run(linker.instantiate_async(&mut *store, &component));
    Ok(instance?.get_func(store, "run").unwrap())
}

#[test]
fn host_functions_and_destructors_wait() -> Result<()> {
    let mut store = Store::new(&Engine::default(), 0);
    let dropped = Arc::new(AtomicU32::new(0));
    let func = made(&mut store, &dropped)?;
    let mut results = [Val::Bool(false)];
    let hello = [Val::String("hello".into())];
    let (called, polls) = run(func.call_async(&mut store, &hello, &mut results));
    called?;
    assert_eq!(results, [Val::String("HELLO".into())]);
    assert_eq!((polls, *store.data()), (3, 1));
    assert_eq!(dropped.load(Ordering::Relaxed), 5);
    // A call that can't wait is refused, and harms nothing.
    assert!(func.call(&mut store, &hello, &mut results).is_err());
    Ok(())
}

#[test]
fn a_call_that_is_dropped_ends_its_instance() -> Result<()> {
    let mut store = Store::new(&Engine::default(), 0);
    let dropped = Arc::new(AtomicU32::new(0));
    let func = made(&mut store, &dropped)?;
    let other = made(&mut store, &dropped)?;
    let hello = [Val::String("hello".into())];
    let mut results = [Val::Bool(false)];
    {
        let mut call = pin!(func.call_async(&mut store, &hello, &mut results));
        let context = &mut Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(context).is_pending());
    }
    let (called, _) = run(func.call_async(&mut store, &hello, &mut results));
    assert_eq!(called.unwrap_err().downcast_ref(), Some(&Trap::CannotEnterComponent));
    let (called, _) = run(other.call_async(&mut store, &hello, &mut results));
    called?;
    assert_eq!(results, [Val::String("HELLO".into())]);
    Ok(())
}
