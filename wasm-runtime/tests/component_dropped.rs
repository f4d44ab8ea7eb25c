//! Calls that nobody waits for any more, with resources in flight: whatever was lent to them is
//! given back, no handle is left but those in tables of instances that are never entered again, and
//! other instances are as they were.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use wasm_runtime::component::{Component, Func, Linker, Resource, ResourceAny, ResourceType, Val};
use wasm_runtime::{Engine, Result, Store, StoreContextMut, Trap};

struct File;

/// What the guest has done, by which a test knows how many handles there are.
#[derive(Default)]
struct State {
    made: usize,
    destroyed: usize,
    /// What is called by `nested`.
    nested: Option<Func>,
}

/// Is ready when it is polled for the second time.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Passes what it borrows on to the host, and drops it.
const INNER: &str = r#"
    (import "r" (type $r (sub resource)))
    (import "wait-inside" (func $wait (param "x" (borrow $r))))
    (core func $wait (canon lower (func $wait)))
    (core func $drop (canon resource.drop $r))
    (core module $m
        (import "" "wait" (func $wait (param i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "run") (param i32)
            (call $wait (local.get 0))
            (call $drop (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance
        (export "wait" (func $wait)) (export "drop" (func $drop))))))
    (func (export "run") (param "x" (borrow $r)) (canon lift (core func $i "run")))"#;

/// Does what a list of steps says, with a resource that is lent to it, one that it gets, and one
/// that it makes. What is lent to it is dropped last, so that it has it whenever it waits.
const OUTER: &str = r#"(component
    (import "r" (type $r (sub resource)))
    (import "make" (func $make (result (own $r))))
    (import "wait" (func $wait (param "x" (borrow $r))))
    (import "wait-inside" (func $wait-inside (param "x" (borrow $r))))
    (import "nested" (func $nested (param "x" (borrow $r))))
    (component $Inner INNER)
    (instance $inner (instantiate $Inner
        (with "r" (type $r)) (with "wait-inside" (func $wait-inside))))
    (component $Main
    (import "r" (type $r (sub resource)))
    (import "make" (func $make (result (own $r))))
    (import "wait" (func $wait (param "x" (borrow $r))))
    (import "nested" (func $nested (param "x" (borrow $r))))
    (import "inner" (func $inner (param "x" (borrow $r))))
    (core module $memory
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $memory (instantiate $memory))
    (alias core export $memory "memory" (core memory $mem))
    (core func $make (canon lower (func $make)))
    (core func $wait (canon lower (func $wait)))
    (core func $nested (canon lower (func $nested)))
    (core func $inner (canon lower (func $inner)))
    (core func $drop (canon resource.drop $r))
    (core module $m
        (import "" "memory" (memory 1))
        (import "" "make" (func $make (result i32)))
        (import "" "wait" (func $wait (param i32)))
        (import "" "nested" (func $nested (param i32)))
        (import "" "inner" (func $inner (param i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "run") (param $lent i32) (param $own i32) (param $at i32) (param $len i32)
            (local $made i32) (local $step i32)
            (loop $next
                (if (local.get $len) (then
                    (local.set $step (i32.load8_u (local.get $at)))
                    (if (i32.eq (local.get $step) (i32.const 0))
                        (then (call $wait (local.get $lent))))
                    (if (i32.eq (local.get $step) (i32.const 1))
                        (then (call $wait (local.get $own))))
                    (if (i32.eq (local.get $step) (i32.const 2))
                        (then (call $inner (local.get $lent))))
                    (if (i32.eq (local.get $step) (i32.const 3))
                        (then (call $inner (local.get $own))))
                    (if (i32.eq (local.get $step) (i32.const 4))
                        (then (call $nested (local.get $lent))))
                    (if (i32.eq (local.get $step) (i32.const 5))
                        (then (call $nested (local.get $own))))
                    (if (i32.eq (local.get $step) (i32.const 6)) (then
                        (if (local.get $made) (then (call $drop (local.get $made))))
                        (local.set $made (call $make))))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (local.set $len (i32.sub (local.get $len) (i32.const 1)))
                    (br $next))))
            (if (local.get $made) (then (call $drop (local.get $made))))
            (call $drop (local.get $own))
            (call $drop (local.get $lent))))
    (core instance $i (instantiate $m (with "" (instance
        (export "memory" (memory $mem))
        (export "make" (func $make))
        (export "wait" (func $wait))
        (export "nested" (func $nested))
        (export "inner" (func $inner))
        (export "drop" (func $drop))))))
    (func (export "run")
        (param "lent" (borrow $r)) (param "own" (own $r)) (param "steps" (list u8))
        (canon lift (core func $i "run")
            (memory $mem) (realloc (core func $memory "realloc")))))
    (instance $main (instantiate $Main
        (with "r" (type $r))
        (with "make" (func $make))
        (with "wait" (func $wait))
        (with "nested" (func $nested))
        (with "inner" (func $inner "run"))))
    (export "run" (func $main "run")))"#;

const STEPS: u8 = 7;

fn lent(params: &[Val]) -> ResourceAny {
    match params {
        [Val::Resource(resource)] => *resource,
        other => panic!("{other:?}"),
    }
}

fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::<State>::new(engine);
    let mut root = linker.root();
    root.resource_async("r", ResourceType::host::<File>(), |mut store, _| {
        Box::new(async move {
            store.data_mut().destroyed += 1;
            Later(false).await;
            Ok(())
        })
    })?;
    root.func_wrap("make", |mut store: StoreContextMut<'_, State>, (): ()| {
        store.data_mut().made += 1;
        Ok((Resource::<File>::new_own(5),))
    })?;
    root.func_wrap_async("wait", |_: StoreContextMut<'_, State>, (_lent,): (Resource<File>,)| {
        Box::new(async move {
            Later(false).await;
            Ok(())
        })
    })?;
    root.func_new_async("wait-inside", |mut store, _, params, _| {
        Box::new(async move {
            Later(false).await;
            lent(params).resource_drop(&mut store)
        })
    })?;
    root.func_new_async("nested", |mut store, _, params, _| {
        Box::new(async move {
            let nested = store.data().nested.expect("there is one");
            nested.call_async(&mut store, params, &mut []).await?;
            lent(params).resource_drop(&mut store)
        })
    })?;
    Ok(linker)
}

/// Polls a future that often, and says whether it was ready. Then it is dropped.
fn poll<F: Future>(future: F, times: usize) -> Option<(F::Output, usize)> {
    let mut future = pin!(future);
    (1..=times).find_map(|polls| {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some((output, polls)),
            Poll::Pending => None,
        }
    })
}

fn finished<F: Future>(future: F) -> F::Output {
    poll(future, 1000).expect("everything is ready after some polls").0
}

/// How many handles there are: as many as can't be made any more.
fn handles(store: &mut Store<State>) -> Result<usize> {
    let limit = store.max_component_handles();
    let mut made = Vec::new();
    while let Ok(handle) = Resource::<File>::new_own(0).try_into_resource_any(&mut *store) {
        made.push(handle);
    }
    for handle in &made {
        handle.resource_drop(&mut *store)?;
    }
    Ok(limit - made.len())
}

struct World {
    store: Store<State>,
    linker: Linker<State>,
    inner: Component,
    outer: Component,
}

impl World {
    fn new(engine: &Engine) -> Result<Self> {
        let mut store = Store::new(engine, State::default());
        store.set_max_component_handles(300);
        let inner = Component::new(engine, format!("(component {INNER})"))?;
        let outer = Component::new(engine, OUTER.replace("INNER", INNER))?;
        Ok(Self { store, linker: linker(engine)?, inner, outer })
    }

    fn run_of(&mut self, component: &Component) -> Result<Func> {
        let made = self.linker.instantiate_async(&mut self.store, component);
        let instance = finished(made)?;
        Ok(instance.get_func(&mut self.store, "run").expect("it is exported"))
    }

    /// Makes instances, has them do these steps, and drops the call after so many polls. Returns
    /// how often it was polled if it has come to its end.
    fn call(&mut self, steps: &[u8], polls: usize) -> Result<Option<usize>> {
        let before = handles(&mut self.store)?;
        let (inner, outer) = (self.inner.clone(), self.outer.clone());
        let nested = self.run_of(&inner)?;
        let run = self.run_of(&outer)?;
        *self.store.data_mut() = State { nested: Some(nested), ..State::default() };
        let [lent, own] =
            [1, 2].map(|rep| Resource::<File>::new_own(rep).try_into_resource_any(&mut self.store));
        let (lent, own) = (lent?, own?);
        let list = Val::List(steps.iter().map(|step| Val::U8(*step)).collect());
        let params = [Val::Resource(lent), Val::Resource(own), list];
        let ended = poll(run.call_async(&mut self.store, &params, &mut []), polls);
        let ended = ended.map(|(outcome, polls)| outcome.map(|()| polls)).transpose()?;
        let State { made, destroyed, .. } = *self.store.data();
        let expected = match ended {
            // All that is left is what was lent.
            Some(_) => 1,
            // That, and what the guest owns. What guests had borrowed is gone with the call.
            None => 1 + (1 + made - destroyed),
        };
        assert_eq!(handles(&mut self.store)?, before + expected, "{steps:?}, {polls} polls");
        // It is nobody's any more.
        finished(lent.resource_drop_async(&mut self.store))?;
        if ended.is_none() {
            let again = finished(run.call_async(&mut self.store, &params, &mut []));
            assert_eq!(again.unwrap_err().downcast_ref(), Some(&Trap::CannotEnterComponent));
        }
        assert_eq!(handles(&mut self.store)?, before + expected - 1);
        Ok(ended)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_lent_to_a_dropped_call_is_given_back(
        steps in proptest::collection::vec(0..STEPS, 0..10),
    ) {
        let mut world = World::new(&Engine::default()).unwrap();
        let polls = world.call(&steps, 1000).unwrap().expect("it comes to its end");
        for dropped_after in 1..polls {
            prop_assert_eq!(world.call(&steps, dropped_after).unwrap(), None);
        }
        prop_assert_eq!(world.call(&steps, 1000).unwrap(), Some(polls));
    }
}

/// A destructor that nobody waits for any more: the handle is gone, and nothing is lent.
#[test]
fn a_dropped_destructor_leaves_nothing() -> Result<()> {
    let mut world = World::new(&Engine::default())?;
    let (outer, before) = (world.outer.clone(), handles(&mut world.store)?);
    let run = world.run_of(&outer)?;
    let own = Resource::<File>::new_own(2).try_into_resource_any(&mut world.store)?;
    let lent = Resource::<File>::new_own(1).try_into_resource_any(&mut world.store)?;
    let params = [Val::Resource(lent), Val::Resource(own), Val::List(Vec::new())];
    assert!(poll(run.call_async(&mut world.store, &params, &mut []), 1).is_none());
    assert_eq!(world.store.data().destroyed, 1);
    lent.resource_drop(&mut world.store)?;
    // The guest never came to dropping what it had borrowed: that was done for it.
    assert_eq!(handles(&mut world.store)?, before);
    Ok(())
}

/// A start function that nobody waits for any more: there is no instance, and nothing of it is
/// left.
#[test]
fn a_dropped_instantiation_leaves_nothing() -> Result<()> {
    const STARTS: &str = r#"(component
        (import "r" (type $r (sub resource)))
        (import "make" (func $make (result (own $r))))
        (import "wait" (func $wait (param "x" (borrow $r))))
        (core func $make (canon lower (func $make)))
        (core func $wait (canon lower (func $wait)))
        (core module $m
            (import "" "make" (func $make (result i32)))
            (import "" "wait" (func $wait (param i32)))
            (func $start (call $wait (call $make)))
            (start $start))
        (core instance (instantiate $m (with "" (instance
            (export "make" (func $make)) (export "wait" (func $wait)))))))"#;
    let engine = Engine::default();
    let mut world = World::new(&engine)?;
    let starts = Component::new(&engine, STARTS)?;
    for _ in 0..3 {
        let made = world.linker.instantiate_async(&mut world.store, &starts);
        assert!(poll(made, 1).is_none());
        assert_eq!(handles(&mut world.store)?, 0);
    }
    finished(world.linker.instantiate_async(&mut world.store, &starts))?;
    assert_eq!(handles(&mut world.store)?, 1);
    world.call(&[0, 2, 4], 3)?;
    Ok(())
}

/// A call that is refused for one of its arguments, after another was lent: the guest can still be
/// called, and must not find what was lent.
#[test]
fn a_refused_call_leaves_nothing() -> Result<()> {
    const REFUSES: &str = r#"(component
        (import "r" (type $r (sub resource)))
        (core module $m
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const -1))
            (func (export "run") (param i32 i32 i32)))
        (core instance $i (instantiate $m))
        (alias core export $i "memory" (core memory $memory))
        (alias core export $i "realloc" (core func $realloc))
        (func (export "run") (param "x" (borrow $r)) (param "s" string)
            (canon lift (core func $i "run") (memory $memory) (realloc (core func $realloc)))))"#;
    let engine = Engine::default();
    let mut world = World::new(&engine)?;
    let refuses = Component::new(&engine, REFUSES)?;
    let run = world.run_of(&refuses)?;
    let lent = Resource::<File>::new_own(1).try_into_resource_any(&mut world.store)?;
    for text in ["text", "another"] {
        let params = [Val::Resource(lent), Val::String(text.into())];
        let error = finished(run.call_async(&mut world.store, &params, &mut [])).unwrap_err();
        assert!(error.to_string().contains("realloc"), "{error:?}");
        assert_eq!(handles(&mut world.store)?, 1);
    }
    lent.resource_drop(&mut world.store)?;
    assert_eq!(handles(&mut world.store)?, 0);
    Ok(())
}
