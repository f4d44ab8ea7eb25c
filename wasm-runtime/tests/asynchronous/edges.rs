//! Calls that wait at each distance from the end of the Wasm stack: they come to their end with the
//! right result, or with a stack overflow, and the store works afterwards.

use wasm_runtime::{
    Caller, Config, Engine, Extern, Inlining, Linker, Module, Result, Store, Trap, TypedFunc,
    UpdateDeadline,
};

use crate::support::{After, block_on};

/// How many bytes of the stack a level of the recursion takes, at least.
const LEVEL: usize = 16;
const STACK: usize = 4 << 12;

/// `go` calls itself so often, and then one of the ways to wait.
const PROGRAM: &str = r#"(module
    (import "" "none" (func $none (result i64)))
    (import "" "many" (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
    (import "" "enter" (func $enter (result i64)))
    (import "" "interrupt" (func $interrupt))
    (type $way (func (result i64)))
    (global $never (mut i32) (i32.const 0))
    (func $0 (result i64) (call $none))
    (func $1 (result i64)
        (call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
            (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11)))
    (func $2 (result i64)
        (return_call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
            (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11)))
    (func $3 (result i64) (call $enter))
    (func $4 (result i64)
        (call $interrupt) (loop $l (result i64) (br_if $l (global.get $never)) (i64.const 13)))
    (table $ways funcref (elem $0 $1 $2 $3 $4))
    (func (export "sum") (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
        (i64.add (call $none) (i64.add (local.get 0) (local.get 9))))
    (func $go (export "go") (param i32 i32) (result i64)
        (if (result i64) (local.get 0)
            (then (i64.add (i64.const 1)
                (call $go (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
            (else (call_indirect $ways (type $way) (local.get 1))))))
"#;

const EXPECTED: [i64; 5] = [5, 66, 66, 16, 13];

type Go = TypedFunc<(i32, i32), i64>;

fn world(polls: u32) -> Result<(Store<u32>, Go)> {
    let mut config = Config::new();
    // Each level has a frame of its own.
    config.compiler_inlining(Inlining::No);
    let engine = Engine::new(config.max_wasm_stack(STACK).epoch_interruption(true))?;
    let module = Module::new(&engine, PROGRAM)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "none", |caller: Caller<'_, u32>, (): ()| {
        Box::new(async move {
            After(*caller.data()).await;
            5_i64
        })
    })?;
    type Many = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
    linker.func_wrap_async("", "many", |caller: Caller<'_, u32>, all: Many| {
        Box::new(async move {
            After(*caller.data()).await;
            let (a, b, c, d, e, f, g, h, i, j, k) = all;
            a + b + c + d + e + f + g + h + i + j + k
        })
    })?;
    linker.func_wrap_async("", "enter", |mut caller: Caller<'_, u32>, (): ()| {
        Box::new(async move {
            After(*caller.data()).await;
            let sum = caller.get_export("sum").and_then(Extern::into_func).expect("an export");
            type Ten = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
            let sum = sum.typed::<Ten, i64>(&caller)?;
            sum.call_async(&mut caller, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)).await
        })
    })?;
    linker
        .func_wrap("", "interrupt", |caller: Caller<'_, u32>| caller.engine().increment_epoch())?;
    let mut store = Store::new(&engine, polls);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        let polls = *store.data();
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(After(polls))))
    });
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let go = instance.get_typed_func(&mut store, "go")?;
    Ok((store, go))
}

#[test]
fn every_way_at_every_distance() -> Result<()> {
    for polls in 0..2 {
        let (mut store, go) = world(polls)?;
        for (way, expected) in EXPECTED.into_iter().enumerate() {
            let mut fitting = None;
            for levels in 0..STACK / LEVEL + 2 {
                match block_on(go.call_async(&mut store, (levels as i32, way as i32))) {
                    Ok(result) => {
                        assert_eq!(result, expected + levels as i64, "{way} at {levels}");
                        assert!(fitting.is_none_or(|at| at + 1 == levels), "{way} at {levels}");
                        fitting = Some(levels);
                    }
                    Err(error) => {
                        let trap = error.downcast_ref::<Trap>();
                        assert_eq!(trap, Some(&Trap::StackOverflow), "{way}: {error:?}");
                    }
                }
            }
            let fitting = fitting.expect("it fits into the whole stack");
            assert!(fitting < STACK / LEVEL, "{way}: {fitting}");
            assert_eq!(
                block_on(go.call_async(&mut store, (fitting as i32, way as i32)))?,
                expected + fitting as i64
            );
        }
    }
    Ok(())
}
