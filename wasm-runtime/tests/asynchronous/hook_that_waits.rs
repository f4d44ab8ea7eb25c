//! The call hook that may wait: what it is notified of, whether it waits or not, and that a call
//! that is dropped while it waits leaves nothing behind.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use wasm_runtime::{
    AsContextMut, CallFilter, CallHook, CallHookHandler, Caller, Engine, ExternRef, Func, FuncType,
    Instance, Linker, Module, Result, Store, StoreContextMut, Trap, TypedFunc, Val,
};

use crate::support::{After, Counted, block_on, poll_once};

/// What the hook does, and what it was notified of. Shared by all copies.
#[derive(Clone, Default)]
struct Hook(Arc<Inner>);

#[derive(Default)]
struct Inner {
    log: Mutex<Vec<CallHook>>,
    /// How often each of its futures is not ready.
    polls: AtomicU32,
    alive: Arc<AtomicUsize>,
    /// The event, by its place in the log, that it fails or panics at.
    fails_at: AtomicUsize,
    panics: AtomicBool,
    /// A function that it calls each time.
    calls: Mutex<Option<TypedFunc<i32, i32>>>,
}

impl Hook {
    fn taken(&self) -> Vec<CallHook> {
        std::mem::take(&mut *self.0.log.lock().expect("no panic"))
    }

    fn set(&self, polls: u32) {
        self.0.polls.store(polls, Ordering::Relaxed);
        self.0.fails_at.store(usize::MAX, Ordering::Relaxed);
    }

    fn alive(&self) -> usize {
        self.0.alive.load(Ordering::Relaxed)
    }
}

impl<T: Send + 'static> CallHookHandler<T> for Hook {
    fn handle_call_event<'life0, 'life1, 'async_trait>(
        &'life0 self,
        mut store: StoreContextMut<'life1, T>,
        event: CallHook,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let inner = &*self.0;
            let _counted = Counted::new(&inner.alive);
            let place = {
                let mut log = inner.log.lock().expect("no panic");
                log.push(event);
                log.len() - 1
            };
            After(inner.polls.load(Ordering::Relaxed)).await;
            let calls = *inner.calls.lock().expect("no panic");
            if let Some(func) = calls {
                func.call_async(&mut store, 1).await?;
            }
            if place == inner.fails_at.load(Ordering::Relaxed) {
                assert!(!inner.panics.load(Ordering::Relaxed), "the hook panics");
                wasm_runtime::bail!("the hook has failed at {event:?}");
            }
            Ok(())
        })
    }
}

const PROGRAM: &str = r#"(module
    (type $f (func (param i32 f64 externref i64) (result i64 externref)))
    (import "" "now" (func $now (param i32 f64 externref i64) (result i64 externref)))
    (import "" "later" (func $later (param i32 f64 externref i64) (result i64 externref)))
    (import "" "fails" (func $fails))
    (import "" "panics" (func $panics))
    (table funcref (elem $now $later))
    (func (export "now") (param i32 f64 externref i64) (result i64 externref)
        (call $now (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func (export "later") (param i32 f64 externref i64) (result i64 externref)
        (call $later (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func (export "table") (param i32 f64 externref i64) (result i64 externref)
        (call_indirect (type $f) (local.get 0) (local.get 1) (local.get 2) (local.get 3)
            (i32.and (local.get 0) (i32.const 1))))
    (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "fails") (call $fails))
    (func (export "panics") (call $panics))
    (func (export "traps") (unreachable)))"#;

/// What the host functions get, in the order of the program.
type Params = (i32, f64, Object, i64);
type Object = Option<wasm_runtime::Rooted<ExternRef>>;

struct World {
    store: Store<u32>,
    instance: Instance,
    hook: Hook,
}

/// The hook is set before anything is bound, or afterwards.
fn world(is_early: bool) -> Result<World> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let hook = Hook::default();
    hook.set(0);
    if is_early {
        store.call_hook_async(hook.clone());
    }
    let mut linker = Linker::new(&engine);
    linker.func_wrap(
        "",
        "now",
        |mut caller: Caller<'_, u32>, a: i32, b: f64, c: Object, d: i64| {
            *caller.data_mut() += 1;
            (i64::from(a) + b as i64 + d, c)
        },
    )?;
    linker.func_wrap_async("", "later", |caller: Caller<'_, u32>, (a, b, c, d): Params| {
        Box::new(async move {
            After(*caller.data() % 3).await;
            (i64::from(a) + b as i64 + d, c)
        })
    })?;
    linker.func_wrap("", "fails", || -> Result<()> { wasm_runtime::bail!("failed") })?;
    linker.func_wrap("", "panics", || -> () { panic!("the function panics") })?;
    let module = Module::new(&engine, PROGRAM)?;
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    if !is_early {
        store.call_hook_async(hook.clone());
    }
    hook.taken();
    Ok(World { store, instance, hook })
}

const WHOLE: [CallHook; 4] = [
    CallHook::CallingWasm,
    CallHook::CallingHost,
    CallHook::ReturningFromHost,
    CallHook::ReturningFromWasm,
];

impl World {
    async fn call(&mut self, name: &str, a: i32) -> Result<i64> {
        let func = self.instance.get_func(&mut self.store, name).expect("an export");
        let object = ExternRef::new_async(&mut self.store, 77_u32).await?;
        let params =
            [Val::I32(a), Val::F64(2.0_f64.to_bits()), Val::ExternRef(Some(object)), Val::I64(3)];
        let mut results = [Val::I64(0), Val::ExternRef(None)];
        func.call_async(&mut self.store, &params, &mut results).await?;
        let Val::ExternRef(Some(object)) = results[1] else { panic!("{results:?}") };
        let data = object.data(&self.store)?.and_then(|data| data.downcast_ref::<u32>());
        assert_eq!(data, Some(&77));
        Ok(results[0].unwrap_i64())
    }
}

#[test]
fn it_is_notified_of_calls_and_returns_and_waited_for() -> Result<()> {
    for is_early in [false, true] {
        let mut world = world(is_early)?;
        for polls in 0..3 {
            world.hook.set(polls);
            for name in ["now", "later", "table"] {
                for a in 0..3 {
                    assert_eq!(block_on(world.call(name, a))?, i64::from(a) + 5, "{name} {polls}");
                    assert_eq!(world.hook.taken(), WHOLE, "{name} {polls}");
                    assert_eq!(world.hook.alive(), 0);
                }
            }
            let plain = world.instance.get_typed_func::<i32, i32>(&mut world.store, "plain")?;
            assert_eq!(block_on(plain.call_async(&mut world.store, 4))?, 5);
            assert_eq!(world.hook.taken(), [WHOLE[0], WHOLE[3]]);
            // The other kinds of calls, and what is made later.
            let ty = FuncType::new(world.store.engine(), [], []);
            let func = Func::new(&mut world.store, ty, |_, _, _| Ok(()));
            block_on(func.call_async(&mut world.store, &[], &mut []))?;
            assert_eq!(world.hook.taken(), WHOLE);
            let func = Func::wrap_async(&mut world.store, |_, (): ()| Box::new(After(1)));
            block_on(func.call_async(&mut world.store, &[], &mut []))?;
            assert_eq!(world.hook.taken(), WHOLE);
            let numeric = plain.func().numeric(&world.store).expect("numbers");
            let mut slots = [7];
            block_on(numeric.call_async(&mut world.store, &mut slots))?;
            assert_eq!((slots[0], world.hook.taken().len()), (8, 2));
        }
    }
    Ok(())
}

#[test]
fn it_goes_and_leaves_nothing() -> Result<()> {
    let mut world = world(true)?;
    world.hook.set(1);
    assert_eq!(block_on(world.call("now", 1))?, 6);
    assert!(world.store.unset_call_hook());
    assert!(!world.store.unset_call_hook());
    world.hook.taken();
    for name in ["now", "later", "table"] {
        assert_eq!(block_on(world.call(name, 1))?, 6);
    }
    assert_eq!(world.hook.taken(), []);
    assert_eq!(Arc::strong_count(&world.hook.0), 1);
    // The hook that does not wait replaces one that does, and the other way round.
    let count = Arc::new(AtomicU32::new(0));
    for _ in 0..2 {
        world.store.call_hook_async(world.hook.clone());
        block_on(world.call("later", 1))?;
        assert_eq!((world.hook.taken().len(), count.swap(0, Ordering::Relaxed)), (4, 0));
        let counter = Arc::clone(&count);
        world.store.call_hook(move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        block_on(world.call("later", 1))?;
        assert_eq!((world.hook.taken().len(), count.swap(0, Ordering::Relaxed)), (0, 4));
    }
    Ok(())
}

#[test]
fn errors_and_panics_end_the_call() -> Result<()> {
    for polls in 0..2 {
        for name in ["now", "later", "table"] {
            for fails_at in 0..4 {
                let mut world = world(false)?;
                world.hook.set(polls);
                world.hook.0.fails_at.store(fails_at, Ordering::Relaxed);
                let error = block_on(world.call(name, 1)).unwrap_err();
                assert!(format!("{error:?}").contains(&format!("at {:?}", WHOLE[fails_at])));
                let mut told = WHOLE[..=fails_at].to_vec();
                // A call that it has prevented has no end; the one around it has.
                if matches!(fails_at, 1 | 2) {
                    told.push(CallHook::ReturningFromWasm);
                }
                assert_eq!(world.hook.taken(), told);
                world.hook.0.panics.store(true, Ordering::Relaxed);
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    block_on(world.call(name, 1))
                }));
                assert!(outcome.is_err());
                assert_eq!(world.hook.taken(), WHOLE[..=fails_at]);
                world.hook.set(0);
                assert_eq!(block_on(world.call(name, 1))?, 6);
                assert_eq!(world.hook.taken(), WHOLE);
                assert_eq!(world.hook.alive(), 0);
            }
        }
    }
    Ok(())
}

#[test]
fn it_is_notified_of_failures_but_not_of_panics() -> Result<()> {
    for polls in 0..2 {
        let mut world = world(true)?;
        world.hook.set(polls);
        let mut func = |name: &str| world.instance.get_typed_func::<(), ()>(&mut world.store, name);
        let (fails, panics, traps) = (func("fails")?, func("panics")?, func("traps")?);
        let error = block_on(fails.call_async(&mut world.store, ())).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "failed");
        assert_eq!(world.hook.taken(), WHOLE);
        let error = block_on(traps.call_async(&mut world.store, ())).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
        assert_eq!(world.hook.taken(), [WHOLE[0], WHOLE[3]]);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            block_on(panics.call_async(&mut world.store, ()))
        }));
        assert!(outcome.is_err());
        assert_eq!(world.hook.taken(), WHOLE[..2]);
        assert_eq!(block_on(world.call("later", 1))?, 6);
    }
    Ok(())
}

/// Dropped at each point where it waits, and forgotten there.
#[test]
fn calls_are_dropped_where_it_waits() -> Result<()> {
    for forgets in [false, true] {
        for name in ["now", "later", "table"] {
            for polls in 0..10 {
                let mut world = world(true)?;
                world.hook.set(2);
                let mut left = 0;
                {
                    let mut call = Box::pin(world.call(name, 1));
                    let mut is_over = false;
                    for _ in 0..polls {
                        is_over = is_over || poll_once(call.as_mut()).is_ready();
                    }
                    if is_over {
                        assert!(polls > 8, "{name}");
                    }
                    if forgets && !is_over {
                        std::mem::forget(call);
                        left = usize::from(polls > 0);
                    }
                }
                assert_eq!(world.hook.alive(), left, "{name} {polls}");
                let told = world.hook.taken();
                assert_eq!(told, WHOLE[..told.len()]);
                world.hook.set(1);
                assert_eq!(block_on(world.call(name, 2))?, 7);
                assert_eq!(world.hook.taken(), WHOLE);
                world.store.gc(None)?;
            }
        }
    }
    Ok(())
}

/// It is not notified of the calls that it makes, whoever polls them.
#[test]
fn it_calls_functions_itself() -> Result<()> {
    for polls in 0..2 {
        let mut world = world(true)?;
        let plain = world.instance.get_typed_func::<i32, i32>(&mut world.store, "plain")?;
        *world.hook.0.calls.lock().expect("no panic") = Some(plain);
        world.hook.set(polls);
        for name in ["now", "later", "table"] {
            assert_eq!(block_on(world.call(name, 1))?, 6);
            assert_eq!(world.hook.taken(), WHOLE);
        }
    }
    Ok(())
}

/// Hooks that do not wait are notified within it, of what their filters let through.
#[test]
fn other_hooks_are_notified_within_it() -> Result<()> {
    for is_early in [false, true] {
        let mut world = world(is_early)?;
        let order = Arc::new(Mutex::new(Vec::new()));
        for name in ["now", "later"] {
            let order = Arc::clone(&order);
            world.store.add_call_hook(CallFilter::none().import("", name), move |call| {
                order.lock().expect("no panic").push((name, call.event()));
                Ok(())
            });
        }
        for polls in 0..2 {
            world.hook.set(polls);
            for name in ["now", "later"] {
                block_on(world.call(name, 1))?;
                assert_eq!(world.hook.taken(), WHOLE);
                let seen = std::mem::take(&mut *order.lock().expect("no panic"));
                assert_eq!(seen, [(name, WHOLE[1]), (name, WHOLE[2])]);
            }
        }
    }
    Ok(())
}

#[test]
fn the_store_needs_calls_that_may_wait() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let func = Func::wrap(&mut store, |x: i32| x);
    let func = func.typed::<i32, i32>(&store)?;
    assert_eq!(func.call(&mut store, 3)?, 3);
    store.call_hook_async(Hook::default());
    assert!(func.call(&mut store, 3).is_err());
    let mut call = pin!(func.call_async(store.as_context_mut(), 3));
    assert!(poll_once(call.as_mut()).is_ready());
    Ok(())
}

/// A hook that is ready at once, and whose future collects when it is dropped.
struct CollectsAtTheEnd;

struct Collects<'a, T: 'static>(StoreContextMut<'a, T>);

impl<T: 'static> Future for Collects<'_, T> {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

impl<T: 'static> Drop for Collects<'_, T> {
    fn drop(&mut self) {
        self.0.gc(None).expect("nothing limits it");
    }
}

impl<T: Send + 'static> CallHookHandler<T> for CollectsAtTheEnd {
    fn handle_call_event<'life0, 'life1, 'async_trait>(
        &'life0 self,
        store: StoreContextMut<'life1, T>,
        _: CallHook,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(Collects(store))
    }
}

/// The values of a call are nobody's roots while the hook runs, of which the end of its future is a
/// part.
#[test]
fn objects_stay_where_they_are_until_the_future_of_a_hook_is_gone() -> Result<()> {
    const OBJECTS: &str = r#"(module
        (type $s (struct (field i32)))
        (import "" "host" (func $host (param anyref) (result anyref)))
        (func (export "make") (param i32) (result anyref) (struct.new $s (local.get 0)))
        (func (export "pass") (param anyref) (result anyref)
            (drop (struct.new $s (i32.const 1000)))
            (call $host (local.get 0)))
        (func (export "read") (param anyref) (result i32)
            (struct.get $s 0 (ref.cast (ref $s) (local.get 0)))))"#;
    type Any = Option<wasm_runtime::Rooted<wasm_runtime::AnyRef>>;
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    store.call_hook_async(CollectsAtTheEnd);
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "host", |_: Caller<'_, u32>, any: Any| any)?;
    let module = Module::new(&engine, OBJECTS)?;
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let make = instance.get_typed_func::<i32, Any>(&mut store, "make")?;
    let pass = instance.get_typed_func::<Any, Any>(&mut store, "pass")?;
    let read = instance.get_typed_func::<Any, i32>(&mut store, "read")?;
    for number in 0..50 {
        let mut any = block_on(make.call_async(&mut store, number))?;
        for _ in 0..3 {
            any = block_on(pass.call_async(&mut store, any))?;
        }
        assert_eq!(block_on(read.call_async(&mut store, any))?, number);
    }
    Ok(())
}
