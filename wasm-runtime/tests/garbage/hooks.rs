//! What runs while references are in places where nobody looks for them: call hooks, function hooks
//! and callbacks of deadlines. Nothing is collected meanwhile, whatever they do.

use wasm_runtime::{
    AsContextMut, Config, Engine, ExternRef, Result, RootScope, UpdateDeadline, Val,
};

use crate::support::{Alive, Counted, guest};

/// Makes many values, and tries to collect.
fn be_busy(mut store: impl AsContextMut<Data = Alive>) -> Result<()> {
    for number in 0..2000 {
        let alive = store.as_context().data().clone();
        let mut scope = RootScope::new(store.as_context_mut());
        ExternRef::new(&mut scope, Counted::new(&alive, 1000 + number))?;
    }
    store.as_context_mut().gc(None)
}

const GUEST: &str = r#"
    (func $through (param externref) (result externref) (local.get 0))
    (func (export "run") (param i32) (result i32) (local externref)
        (local.set 1 (call $make (local.get 0)))
        (i32.add (i32.mul (call $number (call $through (local.get 1))) (i32.const 10))
            (call $number (local.get 1))))
    (func (export "same") (param externref) (result externref) (local.get 0))
"#;

#[cfg(feature = "call-hook")]
#[test]
fn values_of_calls_stay_while_hooks_run() -> Result<()> {
    use wasm_runtime::{CallFilter, CallHook};
    let check = |values: Option<Vec<Val>>, store: &dyn Fn(ExternRef) -> Option<i32>| {
        for value in values.into_iter().flatten() {
            if let Val::ExternRef(Some(value)) = value {
                assert_eq!(store(*value), Some(7));
            }
        }
    };
    for several in [false, true] {
        let (mut store, instance) = guest(&Engine::default(), GUEST);
        for _ in 0..=usize::from(several) {
            store.add_call_hook(CallFilter::all(), move |mut call| {
                let read = |call: &wasm_runtime::CallHookContext<'_, Alive>| {
                    let number = |value: ExternRef| {
                        let value = value.data(call).ok()??;
                        Some(value.downcast_ref::<Counted>()?.number)
                    };
                    check(call.args(), &number);
                    check(call.results(), &number);
                };
                read(&call);
                be_busy(&mut call)?;
                read(&call);
                Ok(())
            });
        }
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        assert_eq!(run.call(&mut store, 7)?, 77);
        let value = Counted::new(&store.data().clone(), 7);
        let value = ExternRef::new(&mut store, value)?;
        let same = instance.get_func(&mut store, "same").unwrap();
        let mut results = [Val::I32(0)];
        same.call(&mut store, &[value.into()], &mut results)?;
        let back = *results[0].unwrap_externref().unwrap();
        assert!(wasm_runtime::Rooted::ref_eq(&store, &value, &back)?);
        store.call_hook(|mut store, event| {
            assert!(matches!(
                event,
                CallHook::CallingHost
                    | CallHook::CallingWasm
                    | CallHook::ReturningFromHost
                    | CallHook::ReturningFromWasm
            ));
            be_busy(&mut store)
        });
        assert_eq!(run.call(&mut store, 7)?, 77);
    }
    Ok(())
}

#[cfg(feature = "function-hook")]
#[test]
fn values_of_functions_stay_while_hooks_run() -> Result<()> {
    use wasm_runtime::NamePattern;
    let mut config = Config::new();
    config.function_hooks([NamePattern::new("*")?]);
    let (mut store, instance) = guest(&Engine::new(&config)?, GUEST);
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = kept.clone();
    store.function_hook(move |mut call| {
        be_busy(&mut call)?;
        let values = call.args().or_else(|| call.results()).into_iter().flatten();
        for value in values {
            if let Val::ExternRef(Some(value)) = value {
                let data = value.data(&call)?.unwrap();
                assert_eq!(data.downcast_ref::<Counted>().unwrap().number, 7);
                keep.lock().unwrap().push(value);
            }
        }
        Ok(())
    });
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, 7)?, 77);
    // A handle that a hook has read ends with the hook.
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    assert!(!kept.is_empty());
    assert!(kept.iter().all(|value| value.data(&store).is_err()));
    Ok(())
}

#[test]
fn code_that_is_interrupted_keeps_its_references() -> Result<()> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let (mut store, instance) = guest(
        &engine,
        r#"(func (export "run") (param i32) (result i32) (local externref)
            (local.set 1 (call $make (i32.const 5)))
            (loop $again
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (call $number (local.get 1)))"#,
    );
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(|mut store| {
        be_busy(&mut store)?;
        Ok(UpdateDeadline::Continue(0))
    });
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, 20)?, 5);
    Ok(())
}
