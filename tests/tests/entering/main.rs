//! Entering and leaving Wasm at each distance from the end of its stack, by each thunk, with each
//! size of arguments. A call returns with the right result or fails with a stack overflow, and the
//! store works afterwards.
//!
//! Real pages make only a few instructions fault; [`stepper`] makes each of them fault.

mod stepper;
mod ways;

use wasm_runtime::{Engine, Error, Func, Instance, Module, Result, Store, Trap, Val};
use ways::{LEVEL, World};

const PAGE: usize = 4096;

fn is_overflow(error: &Error) -> bool {
    error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow)
}

/// Over the last two pages of a stack of three and more.
#[test]
fn every_way_at_every_distance() -> Result<()> {
    // Arguments may take two pages.
    let pages = 5;
    let mut world = World::new(pages * PAGE, None)?;
    let names: Vec<_> = world.names().map(str::to_owned).collect();
    let (first, most) = ((pages - 4) * PAGE / LEVEL, pages * PAGE / LEVEL);
    for (way, name) in names.iter().enumerate() {
        let mut fitting = None;
        for levels in (0..3).chain(first..most + 2) {
            match world.go(way, levels) {
                Ok(()) => {
                    assert!(
                        fitting.is_none_or(|at| at + 1 == levels || at < 3),
                        "{name} at {levels}"
                    );
                    fitting = Some(levels);
                }
                Err(error) if is_overflow(&error) => {}
                Err(error) => panic!("{name} at {levels}: {error:?}"),
            }
        }
        let fitting = fitting.expect("it fits into the whole stack");
        assert!((first..most).contains(&fitting), "{name}: {fitting} levels");
        world.go(way, fitting)?;
    }
    Ok(())
}

/// With nothing below on the stack: arguments alone use it up.
#[test]
fn arguments_that_use_up_the_whole_stack() -> Result<()> {
    let engine = Engine::default();
    for n in [100, 500, 508, 509, 510, 511, 512, 513, 514, 520, 900, 1000] {
        let params = "i64 ".repeat(n);
        let text = format!(
            r#"(module (func (export "f") (param {params}) (result i64) (local.get {})))"#,
            n - 1
        );
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let func: Func = instance.get_func(&mut store, "f").expect("an export");
        let args: Vec<_> = (0..n as i64).map(Val::I64).collect();
        for size in [PAGE, 2 * PAGE, 3 * PAGE, PAGE] {
            store.set_max_wasm_stack(size)?;
            let mut out = [Val::I64(0)];
            match func.call(&mut store, &args, &mut out) {
                Ok(()) => {
                    assert!(8 * n < size + 8 * 6, "{n} arguments on {size} bytes");
                    assert_eq!(out[0].i64(), Some(n as i64 - 1));
                }
                Err(error) => {
                    assert!(is_overflow(&error), "{error:?}");
                    assert!(8 * n + 64 > size, "{n} arguments on {size} bytes");
                }
            }
        }
    }
    Ok(())
}
