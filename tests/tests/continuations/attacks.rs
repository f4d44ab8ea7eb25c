//! Programs that try to use up what continuations take.

use wasm_runtime::{Engine, Instance, Module, Store, StoreLimits, StoreLimitsBuilder, Trap};

use super::{config, engines, store};

#[test]
fn what_was_to_be_switched_to_is_given_up_if_nothing_handles_the_switch() {
    let text = r#"(module
      (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
      (type $g (func)) (type $l (cont $g))
      (tag $switch)
      (func $never (type $f)) (func $nothing)
      (elem declare func $never $nothing)
      (func (export "switch") (switch $k $switch (cont.new $k (ref.func $never))) (drop))
      (func (export "use") (resume $l (cont.new $l (ref.func $nothing)))))"#;
    for kind in engines() {
        let module = Module::new(&kind.engine, text).unwrap();
        let mut store = store(&kind, ());
        store.set_max_continuation_stacks(3);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let switch = instance.get_typed_func::<(), ()>(&mut store, "switch").unwrap();
        for _ in 0..20 {
            let error = switch.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::UnhandledTag), "{error:?}");
        }
        instance.get_typed_func::<(), ()>(&mut store, "use").unwrap().call(&mut store, ()).unwrap();
    }
}

#[test]
fn what_was_resumed_last_may_be_suspended_below_another_when_something_fails() {
    // The new one resumes an old one, which is suspended through it; then there is a trap.
    let text = r#"(module
      (type $f (func (result i32))) (type $k (cont $f))
      (type $box (struct (field i32)))
      (tag $inner) (tag $outer)
      (global $old (mut (ref null $k)) (ref.null $k))
      (global $both (mut (ref null $k)) (ref.null $k))
      (func $twice (type $f) (suspend $inner) (suspend $outer) (i32.const 40))
      (func $new (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 2)))
        (i32.add (resume $k (global.get $old)) (struct.get $box 0 (local.get $box))))
      (elem declare func $twice $new)
      (func (export "begin")
        (block $on (result (ref $k))
          (drop (resume $k (on $inner $on) (cont.new $k (ref.func $twice)))) (unreachable))
        (global.set $old)
        (block $on (result (ref $k))
          (drop (resume $k (on $outer $on) (cont.new $k (ref.func $new)))) (unreachable))
        (global.set $both)
        (unreachable))
      (func (export "more") (param $n i32)
        (loop $again
          (block $on (result (ref $k))
            (drop (resume $k (on $inner $on) (cont.new $k (ref.func $twice)))) (unreachable))
          (drop)
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "end") (result i32) (resume $k (global.get $both))))"#;
    for kind in engines() {
        let module = Module::new(&kind.engine, text).unwrap();
        let mut store = store(&kind, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let begin = instance.get_typed_func::<(), ()>(&mut store, "begin").unwrap();
        let more = instance.get_typed_func::<i32, ()>(&mut store, "more").unwrap();
        let end = instance.get_typed_func::<(), i32>(&mut store, "end").unwrap();
        for _ in 0..5 {
            let error = begin.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached), "{error:?}");
            more.call(&mut store, 20).unwrap();
            assert_eq!(end.call(&mut store, ()).unwrap(), 42);
        }
    }
}

#[test]
fn a_stack_that_is_used_up_right_before_a_continuation_begins_keeps_none() {
    // At some depth there is room for making a continuation ready, and none for resuming it.
    let text = r#"(module
      (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
      (type $g (func)) (type $l (cont $g))
      (tag $switch)
      (func $nothing) (func $other (type $f))
      (elem declare func $nothing $other $inner)
      (func $down (param $depth i32) (param $switches i32) (result i32)
        (if (result i32) (local.get $depth)
          (then (i32.add (i32.const 1)
            (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $switches))))
          (else
            (if (local.get $switches)
              (then (switch $k $switch (cont.new $k (ref.func $other))) (drop))
              (else (resume $l (cont.new $l (ref.func $nothing)))))
            (i32.const 0))))
      (type $h (func (param i32 i32) (result i32))) (type $m (cont $h))
      (func $inner (type $h) (call $down (local.get 0) (local.get 1)))
      (func (export "down") (param i32 i32) (result i32)
        (call $down (local.get 0) (local.get 1)))
      (func (export "inner") (param i32 i32) (result i32)
        (resume $m (local.get 0) (local.get 1) (cont.new $m (ref.func $inner)))))"#;
    let mut config = config();
    config.max_wasm_stack(32 << 10);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, text).unwrap();
    for (name, switches) in [("down", 0), ("down", 1), ("inner", 0), ("inner", 1)] {
        let mut store = Store::new(&engine, ());
        store.set_max_continuation_stacks(4);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let down = instance.get_typed_func::<(i32, i32), i32>(&mut store, name).unwrap();
        let overflows =
            |error: &wasm_runtime::Error| error.downcast_ref() == Some(&Trap::StackOverflow);
        let (mut low, mut high) = (0, 32 << 10);
        while low + 1 < high {
            let middle = (low + high) / 2;
            match down.call(&mut store, (middle, switches)) {
                Err(error) if overflows(&error) => high = middle,
                _ => low = middle,
            }
        }
        for depth in low.saturating_sub(8)..low + 8 {
            for _ in 0..20 {
                match down.call(&mut store, (depth, switches)) {
                    Ok(found) => assert!(found == depth && switches == 0),
                    Err(error) => assert!(
                        overflows(&error)
                            || switches == 1 && error.downcast_ref() == Some(&Trap::UnhandledTag),
                        "{error:?}"
                    ),
                }
            }
        }
        assert_eq!(down.call(&mut store, (3, 0)).unwrap(), 3);
    }
}

#[test]
fn stacks_of_a_pool_are_not_kept_from_others() {
    let mut pool = wasm_runtime::PoolingAllocationConfig::new();
    pool.total_stacks(10).total_memories(2).total_core_instances(10);
    let mut config = config();
    config.allocation_strategy(pool);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (tag $t)
      (global $kept (mut (ref null $k)) (ref.null $k))
      (func $f (suspend $t)) (elem declare func $f)
      (func (export "begin") (param $n i32)
        (loop $again
          (block $h (result (ref $k))
            (resume $k (on $t $h) (cont.new $k (ref.func $f))) (unreachable))
          (global.set $kept)
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut stores: Vec<_> = (0..3)
        .map(|_| {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            (store, instance)
        })
        .collect();
    for _ in 0..5 {
        for (store, instance) in &mut stores {
            // Of those that are suspended one is needed.
            let begin = instance.get_typed_func::<i32, ()>(&mut *store, "begin").unwrap();
            begin.call(&mut *store, 30).unwrap();
            store.gc(None).unwrap();
        }
    }
}

#[test]
fn arguments_that_are_bound_count() {
    let params = "i64 ".repeat(500);
    let values = "(i64.const 1)".repeat(500);
    let text = format!(
        r#"(module
          (type $f (func (param {params}))) (type $k (cont $f))
          (type $g (func)) (type $l (cont $g))
          (type $list (struct (field (ref $l)) (field (ref null $list))))
          (func $f (type $f)) (elem declare func $f)
          (func $make (result (ref $l)) {values} (cont.new $k (ref.func $f)) (cont.bind $k $l))
          (func (export "garbage") (param $n i32)
            (loop $again
              (drop (call $make))
              (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
          (func (export "kept") (param $n i32) (local $list (ref null $list))
            (loop $again
              (local.set $list (struct.new $list (call $make) (local.get $list)))
              (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#
    );
    let engine = Engine::new(&config()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let new = |limit: Option<usize>| {
        let mut limits = StoreLimitsBuilder::new();
        if let Some(limit) = limit {
            limits = limits.total_memory_size(limit);
        }
        let mut store = Store::<StoreLimits>::new(&engine, limits.build());
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        (store, instance)
    };
    let call = |(store, instance): &mut (Store<StoreLimits>, Instance), name: &str, n: i32| {
        instance.get_typed_func::<i32, ()>(&mut *store, name)?.call(store, n)
    };
    // Each takes 16 KiB, and of those that are gone not too many wait for a collection.
    let before = resident();
    call(&mut new(None), "garbage", 100_000).unwrap();
    assert!(resident().saturating_sub(before) < 400 << 20, "{}", resident() - before);
    let mut limited = new(Some(32 << 20));
    call(&mut limited, "garbage", 10_000).unwrap();
    call(&mut limited, "kept", 500).unwrap();
    let error = call(&mut limited, "kept", 10_000).unwrap_err();
    assert!(format!("{error:?}").contains("memory"), "{error:?}");
    call(&mut limited, "garbage", 10_000).unwrap();
}

/// How many bytes of the process are in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
