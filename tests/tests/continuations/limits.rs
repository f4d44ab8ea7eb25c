//! Bounds: stacks that are used up, too many of them, and code that is stopped.

use wasm_runtime::{Engine, Module, Store, Trap};

use super::{Kind, config, instantiate, trap};

#[test]
fn the_stack_of_a_continuation_ends_in_a_guard() {
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (type $g (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
      (func $endless (call $endless) (call $nothing))
      (func $nothing)
      (func $nested (resume $k (cont.new $k (ref.func $endless))))
      (func $large (local v128 v128 v128 v128)
        (call $large)
        (local.set 0 (v128.const i32x4 1 2 3 4)) (call $nothing))
      (elem declare func $endless $nested $large)
      (func (export "one") (resume $k (cont.new $k (ref.func $endless))))
      (func (export "two") (resume $k (cont.new $k (ref.func $nested))))
      (func (export "large") (resume $k (cont.new $k (ref.func $large)))))"#;
    for name in ["one", "two", "large"] {
        trap(text, name, Trap::StackOverflow);
    }
}

#[test]
fn a_suspension_or_a_resumption_may_meet_the_guard() {
    // Recursion with frames of all sizes, at the end of which is a suspension, a resumption or a
    // switch that finds no room.
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (rec (type $h (func (param (ref null $s)))) (type $s (cont $h)))
      (type $r (func (param i32 i32) (result i32))) (type $c (cont $r))
      (tag $yield) (tag $switch)
      (func $nothing) (func $back (type $h))
      (func $resumes (param $kind i32) (param $depth i32) (result i32)
        (if (local.get $depth) (then
          (return (i32.add (i32.const 1)
            (call $resumes (local.get $kind) (i32.sub (local.get $depth) (i32.const 1)))))))
        (if (i32.eqz (local.get $kind)) (then (suspend $yield)))
        (if (i32.eq (local.get $kind) (i32.const 1)) (then
          (resume $k (cont.new $k (ref.func $nothing)))))
        (if (i32.eq (local.get $kind) (i32.const 2)) (then
          (switch $s $switch (cont.new $s (ref.func $back)))))
        (i32.const 0))
      (elem declare func $nothing $back $resumes)
      (type $e (func (result i32))) (type $d (cont $e))
      (func (export "run") (param $kind i32) (param $depth i32) (result i32)
        (block $on (result (ref $d))
          (return (resume $c (on $yield $on) (local.get $kind) (local.get $depth)
            (cont.new $c (ref.func $resumes)))))
        (drop) (i32.const -1)))"#;
    // A switch to what has another result is not valid, so kind 2 goes without a handler.
    let text =
        text.replace("(switch $s $switch (cont.new $s (ref.func $back)))", "(suspend $switch)");
    let mut config = config();
    config.max_wasm_stack(64 << 10);
    let kind = Kind { engine: Engine::new(&config).unwrap(), timed: false };
    let (mut store, instance) = instantiate(&kind, &text).unwrap();
    let run = instance.get_typed_func::<(i32, i32), i32>(&mut store, "run").unwrap();
    for what in 0..3 {
        let mut overflows = 0;
        // Far enough that the last depths have no room at all.
        let (mut low, mut high) = (0, 20_000);
        while low + 1 < high {
            let middle = (low + high) / 2;
            match run.call(&mut store, (what, middle)) {
                Err(e) if e.downcast_ref() == Some(&Trap::StackOverflow) => high = middle,
                _ => low = middle,
            }
        }
        for depth in low - 20..low + 20 {
            let expected = if what == 0 { -1 } else { depth };
            match run.call(&mut store, (what, depth)) {
                Ok(found) => assert_eq!(found, expected),
                Err(error) => match error.downcast_ref::<Trap>() {
                    Some(Trap::StackOverflow) => overflows += 1,
                    Some(Trap::UnhandledTag) if what == 2 => {}
                    _ => panic!("{error:?}"),
                },
            }
        }
        assert!(overflows > 0);
    }
}

#[test]
fn there_are_as_many_stacks_as_a_store_may_have() {
    // Each resumes another, without end.
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (func $f (resume $k (cont.new $k (ref.func $f))))
      (elem declare func $f)
      (func $g (resume $k (cont.new $k (ref.func $nothing))))
      (func $nothing)
      (elem declare func $nothing)
      (export "endless" (func $f)) (export "one" (func $g)))"#;
    let kind = Kind { engine: Engine::new(&config()).unwrap(), timed: false };
    let (mut store, instance) = instantiate(&kind, text).unwrap();
    let endless = instance.get_typed_func::<(), ()>(&mut store, "endless").unwrap();
    let one = instance.get_typed_func::<(), ()>(&mut store, "one").unwrap();
    for _ in 0..2 {
        let error = endless.call(&mut store, ()).unwrap_err();
        assert!(format!("{error:?}").contains("continuations with a stack"), "{error:?}");
        one.call(&mut store, ()).unwrap();
    }
}

const ENDLESS: &str = r#"(module
  (type $f (func)) (type $k (cont $f))
  (rec (type $h (func (param (ref null $s)))) (type $s (cont $h)))
  (tag $yield) (tag $switch)
  (func $forever (loop $l (br $l)))
  (func $yields (loop $l (suspend $yield) (br $l)))
  (func $other (type $h) (switch $s $switch (cont.new $s (ref.func $other))) (drop))
  (elem declare func $forever $yields $other)
  (func (export "loop") (resume $k (cont.new $k (ref.func $forever))))
  (func (export "yield") (local $c (ref null $k))
    (local.set $c (cont.new $k (ref.func $yields)))
    (loop $again
      (block $on (result (ref $k))
        (resume $k (on $yield $on) (local.get $c)) (return))
      (local.set $c)
      (br $again)))
  (func (export "switch")
    (resume $s (on $switch switch) (ref.null $s) (cont.new $s (ref.func $other)))))"#;

#[test]
fn code_on_a_continuation_is_stopped() {
    let mut config = config();
    config.epoch_interruption(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, ENDLESS).unwrap();
    for name in ["loop", "yield", "switch"] {
        let mut store = Store::new(&engine, 0);
        // A callback that lets it go on a few times.
        store.epoch_deadline_callback(|mut store| {
            *store.data_mut() += 1;
            Ok(match *store.data() {
                1..5 => wasm_runtime::UpdateDeadline::Continue(1),
                _ => wasm_runtime::UpdateDeadline::Interrupt,
            })
        });
        store.set_epoch_deadline(1);
        let instance = wasm_runtime::Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        let ticking = std::sync::atomic::AtomicBool::new(true);
        std::thread::scope(|scope| {
            let (engine, ticking) = (&engine, &ticking);
            scope.spawn(move || {
                while ticking.load(std::sync::atomic::Ordering::Relaxed) {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                    engine.increment_epoch();
                }
            });
            let error = func.call(&mut store, ()).unwrap_err();
            ticking.store(false, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt), "{name}: {error:?}");
            assert_eq!(*store.data(), 5);
        });
    }
}

#[test]
fn fuel_is_counted_across_stacks() {
    let mut config = config();
    config.consume_fuel(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, ENDLESS).unwrap();
    for name in ["loop", "yield"] {
        let mut store = Store::new(&engine, ());
        let instance = wasm_runtime::Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        store.set_fuel(100_000).unwrap();
        let error = func.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel), "{name}: {error:?}");
    }
    // As much is used as for calls that do the same, but for what the operators themselves cost.
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (func $work (local $i i32)
        (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 1000)))))
      (elem declare func $work)
      (func (export "called") (call_ref $f (ref.func $work)))
      (func (export "resumed") (resume $k (cont.new $k (ref.func $work)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let used = |name: &str| {
        let mut store = Store::new(&engine, ());
        let instance = wasm_runtime::Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        store.set_fuel(100_000).unwrap();
        func.call(&mut store, ()).unwrap();
        100_000 - store.get_fuel().unwrap()
    };
    assert_eq!(used("resumed"), used("called") + 1);
}
