//! Many values, made and forgotten: nothing grows.

use wasm_runtime::{Collector, Config, Engine, ExternRef, RootScope, Store};

use crate::support::{Alive, Counted, guest};

/// How many values may wait for a collection: those that fit into the largest nursery.
const WAITING: usize = (2 << 20) / 8;

/// How many bytes a heap takes in which little lives.
const SMALL: usize = 8 << 20;

#[test]
fn a_million_values_of_the_host_leave_nothing() {
    let mut store = Store::new(&Engine::default(), Alive::default());
    for number in 0..1_000_000 {
        let mut scope = RootScope::new(&mut store);
        let value = Counted::new(wasm_runtime::AsContext::as_context(&scope).data(), number);
        ExternRef::new(&mut scope, value).unwrap();
        if number % 100_000 == 0 {
            assert!(store_count(&scope) <= WAITING + 1);
        }
    }
    assert!(store.data().count() <= WAITING);
    assert!(store.gc_heap_capacity() <= SMALL);
    store.gc(None).unwrap();
    assert_eq!(store.data().count(), 0);

    fn store_count(scope: &RootScope<&mut Store<Alive>>) -> usize {
        wasm_runtime::AsContext::as_context(scope).data().count()
    }
}

/// A guest that makes values in a loop, and passes them around before it forgets them.
const GUEST: &str = r#"
    (table $t 8 externref)
    (global $g (mut externref) (ref.null extern))
    (func $through (param externref) (result externref) (local.get 0))
    (func (export "run") (param $count i32) (result i32)
        (local $value externref) (local $wrong i32)
        (loop $again
            (local.set $value (call $through (call $make (local.get $count))))
            (global.set $g (local.get $value))
            (table.set $t (i32.and (local.get $count) (i32.const 7)) (global.get $g))
            (local.set $wrong (i32.or (local.get $wrong) (i32.ne
                (call $number (table.get $t (i32.and (local.get $count) (i32.const 7))))
                (local.get $count))))
            (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.get $wrong))
"#;

#[test]
fn a_million_values_of_a_guest_leave_only_what_it_keeps() {
    let (mut store, instance) = guest(&Engine::default(), GUEST);
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, 1_000_000).unwrap(), 0);
    assert!(store.data().count() <= WAITING);
    assert!(store.gc_heap_capacity() <= SMALL);
    store.gc(None).unwrap();
    // Those in the table, one of which is in the global too.
    assert_eq!(store.data().count(), 8);
}

#[test]
fn each_value_is_dropped_with_its_store() {
    let alive = Alive::default();
    let mut store = Store::new(&Engine::default(), ());
    for number in 0..1000 {
        ExternRef::new(&mut store, Counted::new(&alive, number)).unwrap();
    }
    store.gc(None).unwrap();
    assert_eq!(alive.count(), 1000);
    drop(store);
    assert_eq!(alive.count(), 0);
}

#[test]
fn an_engine_may_have_no_collector() {
    let engine = Engine::new(Config::new().collector(Collector::Null)).unwrap();
    let (mut store, instance) = guest(&engine, GUEST);
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, 50_000).unwrap(), 0);
    store.gc(None).unwrap();
    assert_eq!(store.data().count(), 50_000);
}

/// The collector that copies stands for the one that counts references.
#[test]
fn what_would_be_counted_is_collected() {
    let counting = Config::new().collector(Collector::DeferredReferenceCounting).clone();
    let engine = Engine::new(&counting).unwrap();
    let (mut store, instance) = guest(&engine, GUEST);
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, 50_000).unwrap(), 0);
    store.gc(None).unwrap();
    assert!(store.data().count() < 50_000);
}
