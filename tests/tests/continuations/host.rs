//! The host within continuations: functions that are called there, calls from those, failures.

use wasm_runtime::{
    Caller, Engine, Error, Func, Linker, Module, Result, Store, Trap, WasmBacktrace,
};

use super::{config, engines, store};

const NESTED: &str = r#"(module
  (import "host" "call" (func $host (param i32) (result i32)))
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (type $g (func (result i32))) (type $l (cont $g))
  (tag $yield (param i32))
  (func $deep (param $n i32) (result i32)
    (i32.add (i32.const 1) (call $host (local.get $n))))
  (elem declare func $deep $yields $host)
  (func $yields (param $n i32) (result i32) (suspend $yield (local.get $n)) (local.get $n))
  (func $run (export "run") (param $n i32) (result i32)
    (resume $k (local.get $n) (cont.new $k (ref.func $deep))))
  (func (export "host itself") (param $n i32) (result i32)
    (resume $k (local.get $n) (cont.new $k (ref.func $host))))
  ;; Suspends below a handler, but with the host in between.
  (func (export "suspend") (param $n i32) (result i32)
    (suspend $yield (local.get $n)) (i32.const 0))
  (func (export "handled") (param $n i32) (result i32)
    (block $on (result i32 (ref $l))
      (return (resume $k (on $yield $on) (local.get $n) (cont.new $k (ref.func $deep)))))
    (drop) (drop) (i32.const -1))
  ;; Has a suspension of its own within the host's call.
  (func (export "own") (param $n i32) (result i32) (local $c (ref null $l))
    (block $on (result i32 (ref $l))
      (return (resume $k (on $yield $on) (local.get $n) (cont.new $k (ref.func $yields)))))
    (local.set $c) (drop)
    (resume $l (local.get $c)))
  (func (export "trap") (param $n i32) (result i32) (unreachable))
  (func (export "recurse") (param $n i32) (result i32) (call $run (local.get $n))))"#;

/// What the host function does.
#[derive(Clone, Copy)]
enum Host {
    Return,
    /// Calls an export.
    Call(&'static str),
    Fail,
    Panic,
    /// Collects, and looks at the stack.
    Look,
}

struct State {
    host: Host,
    seen: usize,
}

fn host(mut caller: Caller<'_, State>, n: i32) -> Result<i32> {
    match caller.data().host {
        Host::Return => Ok(n),
        Host::Call(name) => {
            if name == "recurse" && n == 0 {
                return Ok(0);
            }
            let func = caller.get_export(name).and_then(|export| export.into_func()).unwrap();
            let func = func.typed::<i32, i32>(&caller)?;
            func.call(&mut caller, n - 1)
        }
        Host::Fail => Err(Error::msg("the host has failed")),
        Host::Panic => panic!("the host panics"),
        Host::Look => {
            caller.gc(None)?;
            let backtrace = WasmBacktrace::capture(&caller);
            caller.data_mut().seen = backtrace.frames().len();
            Ok(n)
        }
    }
}

fn instance(engine: &Engine) -> (Store<State>, wasm_runtime::Instance) {
    let module = Module::new(engine, NESTED).unwrap();
    let mut store = Store::new(engine, State { host: Host::Return, seen: 0 });
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "call", host).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

#[test]
fn the_host_is_called_within_continuations_and_calls_back() {
    let engine = Engine::new(&config()).unwrap();
    let (mut store, instance) = instance(&engine);
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let handled = instance.get_typed_func::<i32, i32>(&mut store, "handled").unwrap();
    let itself = instance.get_typed_func::<i32, i32>(&mut store, "host itself").unwrap();
    for _ in 0..3 {
        store.data_mut().host = Host::Return;
        assert_eq!(run.call(&mut store, 5).unwrap(), 6);
        assert_eq!(itself.call(&mut store, 5).unwrap(), 5);
        store.data_mut().host = Host::Call("own");
        assert_eq!(run.call(&mut store, 5).unwrap(), 5);
        assert_eq!(handled.call(&mut store, 5).unwrap(), 5);
        store.data_mut().host = Host::Call("recurse");
        assert_eq!(run.call(&mut store, 20).unwrap(), 21);
        store.data_mut().host = Host::Look;
        assert_eq!(run.call(&mut store, 5).unwrap(), 6);
        // `deep`, `run`.
        assert_eq!(store.data().seen, 2);
    }
}

#[test]
fn no_suspension_crosses_the_host() {
    let engine = Engine::new(&config()).unwrap();
    let (mut store, instance) = instance(&engine);
    let handled = instance.get_typed_func::<i32, i32>(&mut store, "handled").unwrap();
    for _ in 0..3 {
        store.data_mut().host = Host::Call("suspend");
        let error = handled.call(&mut store, 5).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::UnhandledTag), "{error:?}");
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        let names: Vec<_> = frames.iter().map(|frame| frame.func_index()).collect();
        // `suspend`, and then `deep` on a stack that the one of `handled` has resumed.
        assert_eq!(names, [5, 1, 6]);
    }
}

#[test]
fn failures_end_all_stacks_of_an_entry() {
    let engine = Engine::new(&config()).unwrap();
    let (mut store, instance) = instance(&engine);
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for _ in 0..100 {
        store.data_mut().host = Host::Fail;
        let error = run.call(&mut store, 5).unwrap_err();
        assert!(format!("{error:?}").contains("the host has failed"), "{error:?}");
        store.data_mut().host = Host::Call("trap");
        let error = run.call(&mut store, 5).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
        store.data_mut().host = Host::Panic;
        let call = std::panic::AssertUnwindSafe(|| run.call(&mut store, 5));
        assert!(std::panic::catch_unwind(call).is_err());
        store.data_mut().host = Host::Return;
        assert_eq!(run.call(&mut store, 5).unwrap(), 6);
    }
}

#[test]
fn a_trap_that_the_host_has_caught_leaves_its_caller_as_it_was() {
    // The host calls what traps on further stacks, and goes on.
    let engine = Engine::new(&config()).unwrap();
    let text = r#"(module
      (import "host" "call" (func $host))
      (type $f (func)) (type $k (cont $f))
      (tag $yield)
      (global $log (mut i32) (i32.const 0))
      (func $traps (unreachable))
      (func $deeper (resume $k (cont.new $k (ref.func $traps))))
      (func $outer
        (suspend $yield)
        (call $host)
        (suspend $yield)
        (global.set $log (i32.add (global.get $log) (i32.const 1))))
      (elem declare func $traps $deeper $outer)
      (func (export "trap") (resume $k (cont.new $k (ref.func $deeper))))
      (func (export "run") (result i32) (local $c (ref null $k))
        (local.set $c (cont.new $k (ref.func $outer)))
        (loop $again
          (block $on (result (ref $k))
            (resume $k (on $yield $on) (local.get $c))
            (return (global.get $log)))
          (local.set $c)
          (br $again))
        (unreachable)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("host", "call", |mut caller: Caller<'_, ()>| {
            let func = caller.get_export("trap").and_then(|export| export.into_func()).unwrap();
            let error = func.call(&mut caller, &[], &mut []).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
            let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames().len();
            // `traps`, `deeper`, `trap`, and below the host `outer` and `run`.
            assert_eq!(frames, 5);
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    for n in 1..50 {
        assert_eq!(run.call(&mut store, ()).unwrap(), n);
    }
}

#[test]
fn tags_and_continuations_go_between_instances() {
    for kind in engines() {
        let mut store = store(&kind, ());
        let mut linker = Linker::new(&kind.engine);
        let generator = r#"(module
          (type $f (func (result i32))) (type $k (cont $f))
          (tag $yield (export "yield") (param i32))
          (func $f (result i32) (suspend $yield (i32.const 40)) (i32.const 2))
          (elem declare func $f)
          (func (export "make") (result (ref $k)) (cont.new $k (ref.func $f))))"#;
        let user = r#"(module
          (type $f (func (result i32))) (type $k (cont $f))
          (import "generator" "yield" (tag $yield (param i32)))
          (import "generator" "make" (func $make (result (ref $k))))
          (tag $own (param i32))
          (func (export "run") (result i32) (local $c (ref null $k)) (local $v i32)
            (block $no (result i32 (ref $k))
              (block $on (result i32 (ref $k))
                (return (resume $k (on $own $no) (on $yield $on) (call $make))))
              (local.set $c) (local.set $v)
              (return (i32.add (local.get $v) (resume $k (local.get $c)))))
            (drop) (drop) (i32.const -1)))"#;
        let module = Module::new(&kind.engine, generator).unwrap();
        linker.module(&mut store, "generator", &module).unwrap();
        let module = Module::new(&kind.engine, user).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), 42);
    }
}

#[test]
fn backtraces_go_from_stack_to_stack() {
    let engine = Engine::new(&config()).unwrap();
    let text = r#"(module $m
      (type $f (func)) (type $k (cont $f)) (tag $never) (tag $yield)
      (func $one (unreachable))
      (func $two (suspend $yield) (call $one))
      (func $three (resume $k (cont.new $k (ref.func $two))))
      (elem declare func $one $two $three)
      (func $go (param $c (ref $k)) (resume $k (local.get $c)))
      (func $run (export "run")
        (block $on (result (ref $k))
          (resume $k (on $yield $on) (cont.new $k (ref.func $three))) (unreachable))
        (call $go)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    let run: Func = instance.get_func(&mut store, "run").unwrap();
    let error = run.call(&mut store, &[], &mut []).unwrap_err();
    let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
    let names: Vec<_> = frames.iter().map(|frame| frame.func_name().unwrap()).collect();
    assert_eq!(names, ["one", "two", "three", "go", "run"]);
}
