//! Host → Wasm → host → Wasm …: results, traps, errors and panics at every depth.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use wasm_runtime::{
    Caller, Engine, Error, Extern, Instance, Linker, Module, Result, Store, Trap, TypedFunc, Val,
    WasmBacktrace,
};

/// What happens at the greatest depth.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bottom {
    Returns,
    Traps,
    /// The host returns an error.
    Fails,
    Panics,
    /// Wasm recurses without end.
    Overflows,
}

const BOTTOMS: [Bottom; 5] =
    [Bottom::Returns, Bottom::Traps, Bottom::Fails, Bottom::Panics, Bottom::Overflows];

/// The data of the host functions.
struct World {
    bottom: Bottom,
    /// Errors are passed on down to this depth; the host function at this depth catches them.
    catches: i32,
    /// Depths at which Wasm was entered, and left by returning.
    entered: Vec<i32>,
    left: Vec<i32>,
    /// The number of live values of host functions: all must be dropped.
    alive: i32,
    caught: Option<String>,
}

#[derive(Debug)]
struct AtDepth(i32);

impl std::fmt::Display for AtDepth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the host gave up at depth {}", self.0)
    }
}

impl std::error::Error for AtDepth {}

/// `down(n)` calls the host with `n`, which calls `down(n - 1)`. Some depths go through a table,
/// some have many values in registers and on the stack across the call.
const WAT: &str = r#"
    (module
      (import "host" "down" (func $host (param i32) (result i32)))
      (type $down (func (param i32) (result i32)))
      (table funcref (elem $host))
      (func $forever (result i32) (i32.add (i32.const 1) (call $forever)))
      (func (export "trap") (result i32) (unreachable))
      (func (export "forever") (result i32) (call $forever))
      (func $down (export "down") (param $n i32) (result i32)
        (local $a i64) (local $b f64) (local $c f32)
        (local.set $a (i64.mul (i64.extend_i32_u (local.get $n)) (i64.const 1000003)))
        (local.set $b (f64.convert_i32_u (local.get $n)))
        (local.set $c (f32.convert_i32_u (local.get $n)))
        (if (result i32) (i32.and (local.get $n) (i32.const 1))
          (then (call $host (local.get $n)))
          (else (call_indirect (type $down) (local.get $n) (i32.const 0))))
        (if (i64.ne (local.get $a) (i64.mul (i64.extend_i32_u (local.get $n)) (i64.const 1000003)))
          (then (unreachable)))
        (if (f64.ne (local.get $b) (f64.convert_i32_u (local.get $n))) (then (unreachable)))
        (if (f32.ne (local.get $c) (f32.convert_i32_u (local.get $n))) (then (unreachable)))
        (i32.add (local.get $n))))
"#;

struct Guard<'a>(&'a mut i32);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0 -= 1;
    }
}

fn host(mut caller: Caller<'_, World>, n: i32) -> Result<i32> {
    caller.data_mut().alive += 1;
    let result = below(&mut caller, n);
    let mut world = AssertUnwindSafe(caller.data_mut());
    drop(Guard(&mut world.alive));
    result
}

fn below(caller: &mut Caller<'_, World>, n: i32) -> Result<i32> {
    let export = |caller: &mut Caller<'_, World>, name: &str| match caller.get_export(name) {
        Some(Extern::Func(func)) => func,
        _ => panic!("no export `{name}`"),
    };
    if n == 0 {
        let name = match caller.data().bottom {
            Bottom::Returns => return Ok(1000),
            Bottom::Fails => return Err(Error::new(AtDepth(0))),
            Bottom::Panics => {
                caller.data_mut().alive -= 1;
                std::panic::panic_any(AtDepth(0))
            }
            Bottom::Traps => "trap",
            Bottom::Overflows => "forever",
        };
        let func = export(caller, name);
        return func.typed::<(), i32>(&*caller)?.call(&mut *caller, ());
    }
    let func = export(caller, "down");
    caller.data_mut().entered.push(n);
    let result = if n % 3 == 0 {
        let mut results = [Val::I32(0)];
        func.call(&mut *caller, &[Val::I32(n - 1)], &mut results).map(|()| results[0].unwrap_i32())
    } else {
        let func: TypedFunc<i32, i32> = func.typed(&*caller)?;
        func.call(&mut *caller, n - 1)
    };
    match result {
        Ok(value) => {
            caller.data_mut().left.push(n);
            Ok(value + 1)
        }
        Err(error) if caller.data().catches == n => {
            caller.data_mut().caught = Some(error.root_cause().to_string());
            Ok(-1)
        }
        Err(error) => Err(error),
    }
}

struct Setup {
    store: Store<World>,
    down: TypedFunc<i32, i32>,
}

fn setup(engine: &Engine, module: &Module) -> Result<Setup> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "down", host)?;
    let mut store = Store::new(
        engine,
        World {
            bottom: Bottom::Returns,
            catches: -1,
            entered: Vec::new(),
            left: Vec::new(),
            alive: 0,
            caught: None,
        },
    );
    let instance: Instance = linker.instantiate(&mut store, module)?;
    let down = instance.get_typed_func(&mut store, "down")?;
    Ok(Setup { store, down })
}

fn sum_to(n: i32) -> i32 {
    n * (n + 1) / 2
}

fn check(setup: &mut Setup, depth: i32, bottom: Bottom, catches: i32) {
    let world = setup.store.data_mut();
    (world.bottom, world.catches) = (bottom, catches);
    (world.entered, world.left, world.caught) = (Vec::new(), Vec::new(), None);
    world.alive = 0;
    let Setup { store, down } = setup;
    let result = catch_unwind(AssertUnwindSafe(|| down.call(&mut *store, depth)));
    let world = store.data();
    let entered: Vec<_> = (1..=depth).rev().collect();
    assert_eq!(world.entered, entered, "{bottom:?} at depth {depth}");

    // A panic passes through everything.
    if bottom == Bottom::Panics {
        let payload = result.expect_err("the panic comes out");
        assert!(payload.downcast_ref::<AtDepth>().is_some(), "with what was thrown");
        assert!(world.left.is_empty());
        return;
    }
    let result = result.expect("no panic");
    assert_eq!(world.alive, 0, "every host function came to its end");
    if bottom == Bottom::Returns {
        assert_eq!(result.expect("a result"), 1000 + sum_to(depth) + depth);
        assert_eq!(world.left, (1..=depth).collect::<Vec<_>>());
    } else if (1..=depth).contains(&catches) {
        // Below that depth, everything was undone; above it, everything runs as usual.
        let expected = -1 + (catches..=depth).sum::<i32>() + (depth - catches);
        assert_eq!(result.expect("a result"), expected);
        assert_eq!(world.left, (catches + 1..=depth).collect::<Vec<_>>());
        assert!(world.caught.is_some());
    } else {
        let error = result.expect_err("an error");
        let trap = error.downcast_ref::<Trap>();
        match bottom {
            Bottom::Fails => assert!(error.downcast_ref::<AtDepth>().is_some(), "{error:?}"),
            Bottom::Traps => assert_eq!(trap, Some(&Trap::UnreachableCodeReached)),
            Bottom::Overflows => assert_eq!(trap, Some(&Trap::StackOverflow)),
            Bottom::Returns | Bottom::Panics => unreachable!("handled above"),
        }
        assert!(error.downcast_ref::<WasmBacktrace>().is_some(), "{error:?}");
        assert!(world.left.is_empty());
    }
}

#[test]
fn every_end_at_every_depth() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, WAT)?;
    let mut setup = setup(&engine, &module)?;
    for bottom in BOTTOMS {
        for depth in 0..12 {
            for catches in -1..=depth {
                check(&mut setup, depth, bottom, catches);
            }
        }
    }
    Ok(())
}

#[test]
fn very_deep() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, WAT)?;
    let mut setup = setup(&engine, &module)?;
    for bottom in BOTTOMS {
        check(&mut setup, 300, bottom, -1);
        check(&mut setup, 300, bottom, 150);
    }
    Ok(())
}

proptest! {
    /// Whatever happened before, the next call is as if nothing had happened.
    #[test]
    fn any_sequence(runs in prop::collection::vec((0..40_i32, 0..5_usize, -1..40_i32), 1..20)) {
        let engine = Engine::default();
        let module = Module::new(&engine, WAT).expect("a valid module");
        let mut setup = setup(&engine, &module).expect("an instance");
        for (depth, bottom, catches) in runs {
            check(&mut setup, depth, BOTTOMS[bottom], catches);
        }
    }
}

#[test]
fn two_stores_nested_in_each_other() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "host" "other" (func $other (param i32) (result i32)))
             (func (export "run") (param i32) (result i32)
               (i32.add (local.get 0) (call $other (local.get 0))))
             (func (export "trap") (param i32) (result i32) (unreachable)))"#,
    )?;
    // The function of the outer store runs a store of its own.
    let mut linker: Linker<u32> = Linker::new(&engine);
    let inner_module = module.clone();
    linker.func_wrap("host", "other", move |caller: Caller<'_, u32>, n: i32| -> Result<i32> {
        if *caller.data() == 3 {
            return Ok(n);
        }
        let mut inner: Linker<u32> = Linker::new(caller.engine());
        inner.func_wrap("host", "other", |n: i32| n * 100)?;
        let mut store = Store::new(caller.engine(), caller.data() + 1);
        let instance = inner.instantiate(&mut store, &inner_module)?;
        let name = if n == 13 { "trap" } else { "run" };
        instance.get_typed_func::<i32, i32>(&mut store, name)?.call(&mut store, n)
    })?;
    let mut store = Store::new(&engine, 1);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, 7)?, 7 + 7 + 700);
    let error = run.call(&mut store, 13).expect_err("the inner trap");
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert_eq!(run.call(&mut store, 1)?, 1 + 1 + 100);
    Ok(())
}
