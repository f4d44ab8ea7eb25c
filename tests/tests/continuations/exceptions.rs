//! Exceptions that are thrown within continuations, into them, and out of them.

use wasm_runtime::{ThrownException, Trap};

use super::{engines, instantiate, run, trap};

#[test]
fn an_exception_leaves_a_continuation_for_who_has_resumed_it() {
    run(
        r#"(module
          (type $f (func (param i32) (result i32))) (type $k (cont $f))
          (tag $e (param i32)) (tag $other) (tag $yield)
          (func $thrower (param $n i32) (result i32)
            (if (i32.eqz (local.get $n)) (then (throw $e (i32.const 7))))
            (suspend $yield)
            (throw $e (local.get $n)))
          ;; One between that catches something else.
          (func $between (param $n i32) (result i32)
            (block $h
              (try_table (result i32) (catch $other $h)
                (resume $k (local.get $n) (cont.new $k (ref.func $thrower))))
              (return))
            (i32.const -1))
          (elem declare func $thrower $between)
          (func (export "run") (param $n i32) (result i32)
            (local $c (ref null $l)) (local $kept i32)
            (local.set $kept (i32.const 1000))
            (block $h (result i32)
              (try_table (catch $e $h)
                (block $on (result (ref $l))
                  (resume $k (on $yield $on) (local.get $n) (cont.new $k (ref.func $between)))
                  (return))
                (local.set $c)
                (resume $l (local.get $c))
                (return))
              (unreachable))
            (i32.add (local.get $kept)))
          (type $g (func (result i32))) (type $l (cont $g)))"#
            .replace("(i32.add (local.get $kept))", "local.get $kept i32.add")
            .as_str(),
        &[(0, 1007), (5, 1005)],
    );
}

#[test]
fn exceptions_are_thrown_into_continuations() {
    run(
        r#"(module
          (type $f (func (result i32))) (type $k (cont $f))
          (tag $e (param i32 f64)) (tag $yield) (tag $other)
          (global $log (mut i32) (i32.const 0))
          (func $catcher (result i32)
            (block $h (result i32 f64)
              (try_table (catch $e $h) (suspend $yield) (suspend $yield))
              (return (i32.const -1)))
            (drop)
            (global.set $log (i32.add (global.get $log) (i32.const 1)))
            (suspend $yield)
            (i32.add (i32.const 100)))
          (func $deeper (result i32)
            (resume $k (cont.new $k (ref.func $catcher))))
          (elem declare func $catcher $deeper)
          (func $first (param $c (ref $k)) (result (ref $k))
            (block $on (result (ref $k))
              (drop (resume $k (on $yield $on) (local.get $c)))
              (unreachable)))
          (func (export "run") (param $n i32) (result i32) (local $c (ref null $k))
            (local.set $c (call $first
              (if (result (ref $k)) (i32.and (local.get $n) (i32.const 1))
                (then (cont.new $k (ref.func $deeper)))
                (else (cont.new $k (ref.func $catcher))))))
            (block $on (result (ref $k))
              (resume_throw $k $e (on $yield $on) (local.get $n) (f64.const 1)
                (local.get $c))
              (unreachable))
            (local.set $c)
            (resume $k (local.get $c))))"#
            .replace("(i32.add (i32.const 100))", "(i32.const 100) i32.add")
            .as_str(),
        &[(8, 108), (9, 109)],
    );
}

#[test]
fn exceptions_are_thrown_in_by_reference() {
    run(
        r#"(module
          (type $f (func (result i32))) (type $k (cont $f))
          (tag $e (param i32)) (tag $yield)
          (func $catcher (result i32)
            (block $h (result i32)
              (try_table (catch $e $h) (suspend $yield))
              (return (i32.const -1)))
            (i32.const 100) i32.add)
          (elem declare func $catcher)
          (func (export "run") (param $n i32) (result i32)
            (local $c (ref null $k)) (local $x exnref)
            (block $on (result (ref $k))
              (drop (resume $k (on $yield $on) (cont.new $k (ref.func $catcher))))
              (unreachable))
            (local.set $c)
            (block $h (result exnref)
              (try_table (catch_all_ref $h) (throw $e (local.get $n)))
              (unreachable))
            (local.set $x)
            (resume_throw_ref $k (local.get $x) (local.get $c))))"#,
        &[(8, 108)],
    );
}

const UNCAUGHT: &str = r#"(module
  (type $f (func)) (type $k (cont $f))
  (tag $e) (tag $yield)
  (func $never (unreachable))
  (func $yields (suspend $yield))
  (func $throws (throw $e))
  (elem declare func $never $yields $throws)
  (func (export "into what has not begun") (resume_throw $k $e (cont.new $k (ref.func $never))))
  (func (export "caught there")
    (block $h (try_table (catch $e $h)
      (resume_throw $k $e (cont.new $k (ref.func $never))))))
  (func (export "into what waits")
    (block $on (result (ref $k))
      (resume $k (on $yield $on) (cont.new $k (ref.func $yields))) (unreachable))
    (resume_throw $k $e))
  (func (export "out of it") (resume $k (cont.new $k (ref.func $throws))))
  (func $nested (resume $k (cont.new $k (ref.func $throws))))
  (elem declare func $nested)
  (func (export "out of several") (resume $k (cont.new $k (ref.func $nested))))
  (func (export "null") (local $c (ref null $k))
    (resume_throw_ref $k (ref.null exn) (cont.new $k (ref.func $never)))))"#;

#[test]
fn what_nobody_catches_comes_to_the_host() {
    for kind in engines() {
        let (mut store, instance) = instantiate(&kind, UNCAUGHT).unwrap();
        for _ in 0..3 {
            for name in
                ["into what has not begun", "into what waits", "out of it", "out of several"]
            {
                let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
                let error = func.call(&mut store, ()).unwrap_err();
                assert!(error.is::<ThrownException>(), "{name}: {error:?}");
                assert!(store.take_pending_exception().is_some());
            }
            let func = instance.get_typed_func::<(), ()>(&mut store, "caught there").unwrap();
            func.call(&mut store, ()).unwrap();
        }
    }
    trap(UNCAUGHT, "null", Trap::NullReference);
}

#[test]
fn handlers_of_the_older_kind_keep_what_they_have_caught_on_each_stack() {
    let mut config = super::config();
    config.wasm_legacy_exceptions(true);
    let kind = super::Kind { engine: wasm_runtime::Engine::new(&config).unwrap(), timed: false };
    let text = r#"(module
      (type $f (func (param i32))) (type $k (cont $f))
      (type $g (func)) (type $l (cont $g))
      (tag $e (param i32)) (tag $yield)
      ;; Catches, is suspended in the handler, and throws again.
      (func $again (param $n i32)
        try
          (throw $e (local.get $n))
        catch_all
          (suspend $yield)
          rethrow 0
        end)
      (elem declare func $again)
      (func $begin (param $n i32) (result (ref $l))
        (block $on (result (ref $l))
          (resume $k (on $yield $on) (local.get $n) (cont.new $k (ref.func $again)))
          (unreachable)))
      (func $end (param $c (ref null $l)) (result i32)
        try (result i32)
          (resume $l (local.get $c))
          (i32.const -1)
        catch $e
        end)
      (func (export "run") (param $n i32) (result i32)
        (local $a (ref null $l)) (local $b (ref null $l)) (local $c (ref null $l))
        (local.set $a (call $begin (local.get $n)))
        (local.set $b (call $begin (i32.const 20)))
        (local.set $c (call $begin (i32.const 300)))
        try (result i32)
          (throw $e (i32.const 4000))
        catch_all
          (i32.add (call $end (local.get $b))
            (i32.add (call $end (local.get $a)) (call $end (local.get $c))))
        end))"#;
    let (mut store, instance) = instantiate(&kind, text).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for n in 0..100 {
        assert_eq!(run.call(&mut store, n).unwrap(), 320 + n);
    }
}
